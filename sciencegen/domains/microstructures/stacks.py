"""Archives of many images of one size: what `sciencegen data make` and `generate` write, and NumPy reads.

Beside the images, under `x`, others may stand of which each belongs to one of them: `source`, with `source_phases`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.files import atomic
from sciencegen.data.archive import read_archive
from sciencegen.domains.microstructures.item import GREY, MOST_PHASES, Microstructure
from sciencegen.errors import DataError

__all__ = ["Stack", "save", "stacked", "write_stack"]

_X = "x"


@dataclass(frozen=True)
class Stack:
    """Images of one size, what is known of all of them, and the columns beside them."""

    x: NDArray[Any]  # [n, h, w] or [n, d, h, w]
    bits: int
    phases: int | None = None
    pixel_size: float = 1.0
    unit: str = "px"
    periodic: bool = False
    columns: Mapping[str, Sequence[float | str | None]] = field(default_factory=dict)
    beside: Mapping[str, Stack] = field(default_factory=dict)
    """Other images, of which each belongs to one of these, by name."""


def stacked(path: Path, beside: Sequence[str] = ()) -> Stack:
    """The stack of an archive: images under `x`, columns of as many values, single values that hold for all, and images
    under names that are in `beside`."""
    found = read_archive(path)
    if _X not in found:
        raise DataError(f"{path}: expected the images under the name {_X}; it has {', '.join(found) or 'nothing'}")
    x = found.pop(_X)
    single = {name: one.item() for name, one in found.items() if not one.ndim}
    kind = Stack(
        _images(path, _X, x),
        8 * x.dtype.itemsize,
        _phases(path, _X, x, "phases", single),
        float(single.get("pixel_size", 1.0)),
        str(single.get("unit", "px")),
        bool(single.get("periodic", False)),
    )
    others: dict[str, Stack] = {}
    for name in beside:
        if name in found and found[name].ndim > 1:
            other = _images(path, name, found[name])
            if len(other) != len(x):
                raise DataError(f"{path}: {name} has {len(other):,} images, {_X} has {len(x):,}: expected as many")
            phases = _phases(path, name, other, f"{name}_phases", single)
            others[name] = replace(kind, x=other, bits=8 * other.dtype.itemsize, phases=phases)
    columns = {name: one.tolist() for name, one in found.items() if one.shape == x.shape[:1]}
    return replace(kind, columns=columns, beside=others)


def _images(path: Path, name: str, x: NDArray[Any]) -> NDArray[Any]:
    """The same images, where they are some."""
    if x.ndim not in (3, 4) or not x.size or x.dtype.kind not in "bui" or (x.dtype.kind == "i" and x.min() < 0):
        shape = "x".join(map(str, x.shape)) or "none"
        raise DataError(
            f"{path}: {name} is {x.dtype} of shape {shape}: expected whole numbers, images one after another"
        )
    return x


def _phases(path: Path, name: str, x: NDArray[Any], key: str, single: Mapping[str, Any]) -> int | None:
    """How many phases the images have, where the archive says so."""
    phases = single.get(key)
    if phases is None:
        return None
    if not (phases == GREY or 2 <= phases <= MOST_PHASES):
        raise DataError(f"{path}: {key}={phases}: expected a number from 2 to {MOST_PHASES}, or {GREY} for grey levels")
    if phases and int(x.max()) >= phases:
        raise DataError(f"{path}: {name} goes up to {x.max()}, where {key}={phases} allow {phases - 1}")
    return int(phases)


def write_stack(
    items: Sequence[Microstructure], path: Path, columns: Mapping[str, Sequence[Any]] | None = None
) -> None:
    """Write images of one kind and size so that `stacked` finds them again."""
    first = items[0]
    kind = (first.shape, first.phases, first.pixel_size, first.unit, first.periodic)
    for one in items:
        if (one.shape, one.phases, one.pixel_size, one.unit, one.periodic) != kind:
            raise DataError(f"{path}: one archive holds images of one size and kind; write the others apart")
    x = np.stack([one.pixels for one in items])
    save(Stack(x, 8, first.phases, first.pixel_size, first.unit, first.periodic, columns or {}), path)


def save(stack: Stack, path: Path, made_by: str = "") -> None:
    """Write a stack; `made_by` says how it came to be."""
    facts: dict[str, Any] = {name: getattr(stack, name) for name in ("phases", "pixel_size", "unit", "periodic")}
    facts |= {"made_by": made_by} if made_by else {}
    facts |= {name: np.array(column) for name, column in stack.columns.items()}
    for name, other in stack.beside.items():
        facts |= {name: other.x, f"{name}_phases": other.phases}
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, x=stack.x, **facts)
