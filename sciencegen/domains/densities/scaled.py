"""Points as numbers of one scale."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Reals
from sciencegen.domains.densities.properties import Point
from sciencegen.errors import DataError

__all__ = ["Scaled", "stacked"]


class Scaled(Representation[Point], ABC):
    """Each column less a middle, over a scale."""

    names: tuple[str, ...]
    gaps = False
    """Whether entries that are NaN are gaps, and stay."""

    @property
    @abstractmethod
    def middles(self) -> tuple[float, ...]:
        """What is taken off columns."""

    @property
    @abstractmethod
    def scales(self) -> tuple[float, ...]:
        """What columns are divided by."""

    def check(self, middle: str, scale: str) -> None:
        """Refuse plain values that describe no such thing; those of this class are called `middle` and `scale`."""
        lists = (self.names, self.middles, self.scales)
        if not all(isinstance(one, tuple) and len(one) == len(self.names) > 0 for one in lists):
            raise ValueError(f"names, {middle} and {scale}: expected lists of one length")
        named = len(set(self.names)) == len(self.names) and all(isinstance(name, str) for name in self.names)
        numbers = (*self.middles, *self.scales)
        if not named or not all(type(n) in (int, float) and math.isfinite(n) for n in numbers) or min(self.scales) <= 0:
            said = "expected different names, finite numbers, and the last above 0"
            raise ValueError(f"names, {middle} and {scale}: {said}")

    @property
    def space(self) -> Reals:
        return Reals((len(self.names),))

    @property
    def log_volume(self) -> float:
        return -sum(math.log(scale) for scale in self.scales)

    def encode(self, items: Sequence[Point]) -> Tensor:
        standard = (stacked(items, self.names, self.gaps) - np.array(self.middles)) / np.array(self.scales)
        return torch.from_numpy(standard).to(torch.get_default_dtype())

    def decode(self, x: Tensor) -> list[Point | None]:
        values = x.double().cpu().numpy() * np.array(self.scales) + np.array(self.middles)
        finite = np.isfinite(values).all(1)
        return [Point(self.names, row) if ok else None for row, ok in zip(values, finite, strict=True)]


def stacked(items: Sequence[Point], names: tuple[str, ...] | None = None, gaps: bool = False) -> NDArray[np.float64]:
    """The values of points of the same columns, or an error that names the first that differs."""
    for row, item in enumerate(items, 1):
        if not isinstance(item, Point):
            raise DataError(f"item {row} is a {type(item).__name__}: expected a Point, or a file of a table")
        names = item.names if names is None else names
        if item.names != names or np.shape(item.values) != (len(names),):
            given, wanted = ", ".join(item.names), ", ".join(names)
            raise DataError(f"row {row} has the columns {given}: expected {wanted}")
    x = np.stack([item.values for item in items]).astype(np.float64)
    bad = np.argwhere(np.isinf(x) if gaps else ~np.isfinite(x))
    if len(bad):
        what = "infinite" if gaps else "not a finite number"
        raise DataError(f"row {bad[0][0] + 1}, column {items[0].names[bad[0][1]]} is {what}")
    return x
