"""The function an expression is to be near, and where they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sciencegen.domains.expressions.tree import Numbers, evaluated, parsed
from sciencegen.errors import DataError, RequestError

__all__ = ["Target"]

_FEWEST = 2
_MOST = 1000.0


@dataclass(frozen=True)
class Target:
    """A function at `points` places from `low` to `high`."""

    text: str = "1/3+x+sin(x*x)"
    low: float = -10.0
    high: float = 10.0
    points: int = 1000

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise RequestError(f"low={self.low}, high={self.high}: expected two numbers, the first below the second")
        if self.points < _FEWEST:
            raise RequestError(f"points={self.points}: expected {_FEWEST} or more")
        try:
            values = self.y
        except DataError as error:
            raise RequestError(f"target={self.text}: {error}") from error
        odd = np.flatnonzero(~np.isfinite(values))
        if len(odd):
            raise RequestError(f"target={self.text}: it has no value at x={self.x[odd[0]]:.6g}; choose another range")

    @cached_property
    def x(self) -> Numbers:
        """Where the functions are compared."""
        return np.linspace(self.low, self.high, self.points)

    @cached_property
    def y(self) -> Numbers:
        """What the target is there."""
        return evaluated(parsed(self.text), self.x)

    def values(self, item: str) -> Numbers:
        """What an expression is there."""
        return evaluated(parsed(item), self.x)

    def error(self, values: Numbers) -> float:
        """log(1 + mean of min(difference^2, 1000)): 0 is the target, and log 1001 as far off as can be.

        The score of Grammar Variational Autoencoder (Kusner, Paige, Hernández-Lobato; 2017); where there is no value
        the difference counts as the largest.
        """
        with np.errstate(all="ignore"):
            squared = np.square(values - self.y)
        return float(np.log1p(np.fmin(squared, _MOST).mean()))  # fmin takes the number beside NaN
