"""Points as standardised numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
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

__all__ = ["Standardised"]


@dataclass(frozen=True)
class Standardised(Representation[Point]):
    """Each column less its mean, over its spread."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        lists = (self.names, self.mean, self.std)
        if not all(isinstance(one, tuple) and len(one) == len(self.names) > 0 for one in lists):
            raise ValueError("names, mean and std: expected lists of one length")
        named = len(set(self.names)) == len(self.names) and all(isinstance(name, str) for name in self.names)
        numbers = (*self.mean, *self.std)
        if not named or not all(type(n) in (int, float) and math.isfinite(n) for n in numbers) or min(self.std) <= 0:
            raise ValueError("names, mean and std: expected different names, finite means and spreads above 0")

    @classmethod
    def fit(cls, items: Sequence[Point]) -> Self:
        x, names = _stacked(items, None), items[0].names
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std, width = x.mean(0), x.std(0), np.ptp(x, axis=0)
        for name, far, spread in zip(names, width, std, strict=True):
            if not far > 0:
                raise DataError(f"column {name} has one value only: remove it, it has no density")
            if not 0 < spread < np.inf:
                raise DataError(f"column {name} has numbers too large or too small to standardise: scale it")
        return cls(names, tuple(mean.tolist()), tuple(std.tolist()))

    @property
    def space(self) -> Reals:
        return Reals((len(self.names),))

    @property
    def log_volume(self) -> float:
        return -sum(math.log(std) for std in self.std)

    def state(self) -> dict[str, Any]:
        return {"names": list(self.names), "mean": list(self.mean), "std": list(self.std)}

    def encode(self, items: Sequence[Point]) -> Tensor:
        standard = (_stacked(items, self.names) - np.array(self.mean)) / np.array(self.std)
        return torch.from_numpy(standard).to(torch.get_default_dtype())

    def decode(self, x: Tensor) -> list[Point | None]:
        values = x.double().cpu().numpy() * np.array(self.std) + np.array(self.mean)
        finite = np.isfinite(values).all(1)
        return [Point(self.names, row) if ok else None for row, ok in zip(values, finite, strict=True)]


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
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        raise DataError(f"row {bad[0][0] + 1}, column {items[0].names[bad[0][1]]} is not a finite number")
    return x
