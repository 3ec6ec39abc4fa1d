"""Points with gaps as numbers of one scale, whatever lies far out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Representation
from sciencegen.domains.densities.properties import Point
from sciencegen.domains.densities.scaled import Scaled, stacked
from sciencegen.errors import DataError

__all__ = ["Robust"]

_ENDS = (0.05, 0.95)
_WIDTH = 3.29
"""How many standard deviations lie between these shares of a normal."""
_FARTHEST = 1e9
"""Scales from the middle: what lies farther is a mistake, and would be one in single precision."""
_LARGEST = 1e30
"""What is larger is a mistake, or in a unit that single precision has no room for."""
_FAR = 1e3
"""What a person should know of."""
_OFTEN = 0.1
"""The share of rows that one value may have before a person should know."""


@dataclass(frozen=True)
class Robust(Scaled):
    """Each column less its median, over the width of its middle nine tenths: a few wild values do not set the scale.

    Entries that are NaN are gaps, and stay.
    """

    gaps = True

    names: tuple[str, ...]
    middle: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        self.check("middle", "scale")

    @classmethod
    def fit(cls, items: Sequence[Point]) -> Self:
        x, names = stacked(items, gaps=True), items[0].names
        middle, scale = [], []
        for name, column in zip(names, x.T, strict=True):
            there = column[~np.isnan(column)]
            if not len(there):
                raise DataError(f"column {name} is empty in every row: remove it")
            if there.min() == there.max():
                raise DataError(f"column {name} has one value only, {there[0]:g}: remove it, it has no density")
            middle.append(float(np.median(there)))
            scale.append(_scale(name, column, middle[-1]))
        return cls(names, tuple(middle), tuple(scale))

    @classmethod
    def outside(cls, items: Sequence[Point]) -> Mapping[int, str]:
        return {i: "every cell is empty" for i, item in enumerate(items) if np.isnan(item.values).all()}

    @classmethod
    def remarks(cls, representation: Representation[Point], items: Sequence[Point]) -> Sequence[str]:
        assert isinstance(representation, Robust)
        said, x = [], stacked(items, representation.names, gaps=True)
        if len(x) <= x.shape[1]:
            said.append(f"note: {len(x)} rows for {x.shape[1]} columns: a density of so many has little to learn from")
        for at, (name, column) in enumerate(zip(representation.names, x.T, strict=True)):
            values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
            most = counts.argmax()
            if counts[most] > max(_OFTEN * counts.sum(), 2):
                share = f"{values[most]:g} in {counts[most] / len(x):.0%} of all rows"
                mend = "if that stands for a gap, leave those cells empty"
                said.append(f"note: column {name} says {share}: a density grows there without end; {mend}")
            far = np.abs(column - representation.middle[at]) / representation.scale[at]
            if np.nanmax(far) > _FAR:
                row = int(np.nanargmax(far))
                said.append(f"note: row {row + 1}, column {name}: {column[row]:g} lies {far[row]:.0f} spreads away")
        return said

    @property
    def middles(self) -> tuple[float, ...]:
        return self.middle

    @property
    def scales(self) -> tuple[float, ...]:
        return self.scale

    def state(self) -> dict[str, Any]:
        return {"names": list(self.names), "middle": list(self.middle), "scale": list(self.scale)}


def _scale(name: str, column: NDArray[np.float64], middle: float) -> float:
    """The scale of a column, or a refusal of what has none."""
    there = column[~np.isnan(column)]
    with np.errstate(over="ignore", invalid="ignore"):
        low, first, third, high = np.quantile(there, (_ENDS[0], 0.25, 0.75, _ENDS[1]))
        scale, core = float(high - low) / _WIDTH, float(third - first)
        if core > 0 and not scale < _FARTHEST * core:  # of few rows a wild one is in the middle nine tenths
            scale = core
        if not scale > 1e-12 * abs(middle):  # nearly all are one value
            scale = float(np.std(there))
        far = np.abs(column - middle) / scale if scale > 0 else np.full(len(column), np.inf)
        row = int(np.nanargmax(np.abs(column - middle)))
    if not math.isfinite(scale) or far[row] > _FARTHEST:
        others = "far from all others" if math.isfinite(scale) else "too large"
        raise DataError(f"row {row + 1}, column {name}: {column[row]:g} is {others}: mend it, or leave it empty")
    if abs(column[row] - middle) > _LARGEST:
        said = "too large: mend it, leave it empty, or give the column in another unit"
        raise DataError(f"row {row + 1}, column {name}: {column[row]:g} is {said}")
    return scale
