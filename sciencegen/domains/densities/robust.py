"""Points with gaps as numbers of one scale, whatever lies far out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Reals
from sciencegen.domains.densities.properties import Point
from sciencegen.errors import DataError

__all__ = ["Robust"]

_ENDS = (0.05, 0.95)
_WIDTH = 3.29
"""How many standard deviations lie between these shares of a normal."""
_FARTHEST = 1e9
"""Scales from the middle: what lies farther is a mistake, and would be one in single precision."""
_FAR = 1e3
"""What a person should know of."""
_OFTEN = 0.1
"""The share of rows that one value may have before a person should know."""


@dataclass(frozen=True)
class Robust(Representation[Point]):
    """Each column less its median, over the width of its middle nine tenths: a few wild values do not set the scale.

    Entries that are NaN are gaps, and stay.
    """

    names: tuple[str, ...]
    middle: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        lists = (self.names, self.middle, self.scale)
        if not all(isinstance(one, tuple) and len(one) == len(self.names) > 0 for one in lists):
            raise ValueError("names, middle and scale: expected lists of one length")
        named = len(set(self.names)) == len(self.names) and all(isinstance(name, str) for name in self.names)
        numbers = (*self.middle, *self.scale)
        if not named or not all(type(n) in (int, float) and math.isfinite(n) for n in numbers) or min(self.scale) <= 0:
            raise ValueError("names, middle and scale: expected different names, finite numbers and scales above 0")

    @classmethod
    def fit(cls, items: Sequence[Point]) -> Self:
        x, names = _stacked(items, None), items[0].names
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
        said, x = [], _stacked(items, representation.names)
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
    def space(self) -> Reals:
        return Reals((len(self.names),))

    @property
    def log_volume(self) -> float:
        return -sum(math.log(scale) for scale in self.scale)

    def state(self) -> dict[str, Any]:
        return {"names": list(self.names), "middle": list(self.middle), "scale": list(self.scale)}

    def encode(self, items: Sequence[Point]) -> Tensor:
        standard = (_stacked(items, self.names) - np.array(self.middle)) / np.array(self.scale)
        return torch.from_numpy(standard).to(torch.get_default_dtype())

    def decode(self, x: Tensor) -> list[Point | None]:
        values = x.double().cpu().numpy() * np.array(self.scale) + np.array(self.middle)
        finite = np.isfinite(values).all(1)
        return [Point(self.names, row) if ok else None for row, ok in zip(values, finite, strict=True)]


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
    return scale


def _stacked(items: Sequence[Point], names: tuple[str, ...] | None) -> NDArray[np.float64]:
    """The values of points of the same columns, or an error that names the first that differs."""
    for row, item in enumerate(items, 1):
        if not isinstance(item, Point):
            raise DataError(f"item {row} is a {type(item).__name__}: expected a Point, or a file of a table")
        names = item.names if names is None else names
        if item.names != names or np.shape(item.values) != (len(names),):
            given, wanted = ", ".join(item.names), ", ".join(names)
            raise DataError(f"row {row} has the columns {given}: expected {wanted}")
    x = np.stack([item.values for item in items]).astype(np.float64)
    bad = np.argwhere(np.isinf(x))
    if len(bad):
        raise DataError(f"row {bad[0][0] + 1}, column {items[0].names[bad[0][1]]} is infinite")
    return x
