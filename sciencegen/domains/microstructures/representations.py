"""Microstructures as fields of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, prod
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Reals, Space
from sciencegen.domains.microstructures.item import GREY, LEAST, MOST_PHASES, Microstructure
from sciencegen.errors import DataError

__all__ = ["FieldsOf"]

_FEW = 30
"""Fewer images than that are worth a warning."""
_HALF = 127.5
"""Grey levels from 0 to 255 are numbers from -1 to 1."""


@dataclass(frozen=True)
class FieldsOf(Representation[Microstructure]):
    """Numbers from -1 to 1 for every pixel: one field whose sign is the phase where there are two, one for each phase
    where there are more, of which the highest wins, and one of grey levels.

    An image of one phase alone is no valid item.
    """

    shape: tuple[int, ...]
    phases: int
    pixel_size: float = 1.0
    unit: str = "px"
    periodic: bool = False

    def __post_init__(self) -> None:
        whole = isinstance(self.shape, tuple) and all(type(side) is int for side in self.shape)
        if not whole or len(self.shape) not in (2, 3) or min(self.shape) < LEAST:
            raise ValueError(f"shape={self.shape}: expected two or three sides of {LEAST} pixels or more")
        if type(self.phases) is not int or not (self.phases == GREY or 2 <= self.phases <= MOST_PHASES):
            raise ValueError(f"phases={self.phases}: expected {GREY} for grey levels, or 2 to {MOST_PHASES}")

    @classmethod
    def fit(cls, items: Sequence[Microstructure]) -> Self:
        first = items[0]
        return cls(first.shape, first.phases, first.pixel_size, first.unit, first.periodic)

    @classmethod
    def outside(cls, items: Sequence[Microstructure]) -> Mapping[int, str]:
        first = items[0]
        return {
            i: f"not of the size and kind of the first: {'x'.join(map(str, item.shape))} pixels, {item.phases} phases"
            for i, item in enumerate(items)
            if (item.shape, item.phases) != (first.shape, first.phases)
        }

    @classmethod
    def remarks(cls, representation: Representation[Microstructure], items: Sequence[Microstructure]) -> Sequence[str]:
        pixels = len(items) * items[0].pixels.size
        cut = max(min(items[0].shape) // 2, LEAST)
        if len(items) >= _FEW:
            return ()
        said = f"only {len(items)} images: a net learns so few by heart; give {_FEW} or more"
        more = f", or cut these into more with --read crop={cut} --read stride={max(cut // 4, 1)}"
        return [said + (more if pixels >= _FEW * cut**2 and cut < min(items[0].shape) else "")]

    @property
    def channels(self) -> int:
        """How many fields there are."""
        return self.phases if self.phases > 2 else 1

    @property
    def space(self) -> Space:
        return Reals((self.channels, *self.shape), self.periodic, self.pixel_size)

    @property
    def log_volume(self) -> float:
        return -prod(self.shape) * log(_HALF) if self.phases == GREY else 0.0

    def state(self) -> dict[str, Any]:
        kind = {"pixel_size": self.pixel_size, "unit": self.unit, "periodic": self.periodic}
        return {"shape": list(self.shape), "phases": self.phases, **kind}

    def encode(self, items: Sequence[Microstructure]) -> Tensor:
        for row, item in enumerate(items, 1):
            if (item.shape, item.phases) != (self.shape, self.phases):
                size, wanted = ("x".join(map(str, shape)) for shape in (item.shape, self.shape))
                raise DataError(
                    f"image {row} has {size} pixels and {item.phases} phases, expected {wanted} and {self.phases}"
                )
        x = torch.from_numpy(np.stack([item.pixels for item in items]))
        if self.phases == GREY:
            return (x.float() / _HALF - 1)[:, None]
        if self.phases == 2:
            return (2.0 * x - 1)[:, None]
        return torch.stack([2.0 * (x == phase) - 1 for phase in range(self.phases)], 1)

    def decode(self, x: Tensor) -> list[Microstructure | None]:
        x = x.detach().float().cpu()
        if self.phases == GREY:
            pixels = ((x[:, 0].clamp(-1, 1) + 1) * _HALF).round().to(torch.uint8)
        else:
            pixels = ((x[:, 0] > 0) if self.phases == 2 else x.argmax(1)).to(torch.uint8)
        return [self._item(one) for one in pixels.numpy()]

    def _item(self, pixels: Any) -> Microstructure | None:
        if self.phases != GREY and pixels.min() == pixels.max():
            return None
        return Microstructure(pixels, self.phases, self.pixel_size, self.unit, self.periodic)
