"""What is measured of microstructures, from their pixels, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from sciencegen.core.domain import Property
from sciencegen.domains.microstructures.descriptors import (
    chords,
    conductivity,
    correlation_length,
    euler_number,
    fraction,
    largest_share,
    painted,
    specific_surface,
    tortuosity,
)
from sciencegen.domains.microstructures.item import GREY, Microstructure

__all__ = ["CONTRAST", "PROPERTIES", "measured"]

CONTRAST = 20.0
"""How much better the last phase conducts than the first; those between lie between, evenly in the logarithm."""
_TOGETHER = 1 << 20
"""So many pixels are measured at a time: they stay where the processor is quick."""


def _volume_fraction(x: Tensor, kind: Microstructure) -> Tensor:
    return fraction(x == 1)


def _surface(x: Tensor, kind: Microstructure) -> Tensor:
    return specific_surface(x == 1, periodic=kind.periodic) / kind.pixel_size


def _correlation_length(x: Tensor, kind: Microstructure) -> Tensor:
    return correlation_length(x == 1, periodic=kind.periodic) * kind.pixel_size


def _chord(x: Tensor, kind: Microstructure) -> Tensor:
    return chords(x == 1, periodic=kind.periodic).mean.nanmean(1) * kind.pixel_size


def _euler(x: Tensor, kind: Microstructure) -> Tensor:
    volume = x[0].numel() * kind.pixel_size ** (x.ndim - 1)
    return euler_number(x == 1, periodic=kind.periodic) / volume


def _largest_cluster(x: Tensor, kind: Microstructure) -> Tensor:
    return largest_share(x == 1, periodic=kind.periodic)


def _conductivity(x: Tensor, kind: Microstructure) -> Tensor:
    each = [CONTRAST ** (phase / (kind.phases - 1) - 1) for phase in range(kind.phases)]
    return conductivity(painted(x, each), periodic=kind.periodic).mean(1)


def _tortuosity(x: Tensor, kind: Microstructure) -> Tensor:
    return tortuosity(x == 1, periodic=kind.periodic).mean(1)


def _brightness(x: Tensor, kind: Microstructure) -> Tensor:
    return x.double().flatten(1).mean(1)


def _contrast(x: Tensor, kind: Microstructure) -> Tensor:
    return x.double().flatten(1).std(1, correction=0)


Measure = Callable[[Tensor, Microstructure], Tensor]
_OF_PHASES: Mapping[str, tuple[Measure, bool]] = {
    "volume_fraction": (_volume_fraction, False),
    "surface": (_surface, False),
    "correlation_length": (_correlation_length, False),
    "chord": (_chord, False),
    "euler": (_euler, False),
    "largest_cluster": (_largest_cluster, False),
    "conductivity": (_conductivity, True),
    "tortuosity": (_tortuosity, True),
}
"""Of phase 1 among the others: its share, its surface per volume, the length over which it is correlated, its mean
chord, its Euler number per volume, the share of it in one piece, and how well the whole conducts and lets through."""
_OF_GREY: Mapping[str, tuple[Measure, bool]] = {"brightness": (_brightness, False), "contrast": (_contrast, False)}
"""Of grey levels, from 0 to 255: their mean and their standard deviation."""


def measured(items: Sequence[Microstructure], names: Sequence[str]) -> dict[str, list[float]]:
    """Properties of many images at once; nan where an image has no such property."""
    found = {name: np.full(len(items), np.nan) for name in names}
    for rows in _alike(items):
        kind = items[rows[0]]
        of = _OF_GREY if kind.phases == GREY else _OF_PHASES
        wanted = [name for name in names if name in of]
        if wanted:
            x = torch.from_numpy(np.stack([items[row].pixels for row in rows]))
            for name in wanted:
                found[name][rows] = of[name][0](x, kind).double().numpy()
    return {name: values.tolist() for name, values in found.items()}


def _alike(items: Sequence[Microstructure]) -> Iterator[list[int]]:
    """The positions of images of one size and kind, a few at a time."""
    groups: dict[object, list[int]] = {}
    for row, item in enumerate(items):
        groups.setdefault((item.shape, item.phases, item.periodic, item.pixel_size), []).append(row)
    for rows in groups.values():
        size = max(1, _TOGETHER // items[rows[0]].pixels.size)
        yield from (rows[i : i + size] for i in range(0, len(rows), size))


def _one(name: str, item: Microstructure) -> float:
    return measured([item], [name])[name][0]


PROPERTIES: Mapping[str, Property[Microstructure]] = {
    name: Property(partial(_one, name), slow=slow) for name, (_, slow) in {**_OF_PHASES, **_OF_GREY}.items()
}
