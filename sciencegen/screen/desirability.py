"""Several numbers of an item as one rank: desirabilities, their weighted geometric mean, and Pareto fronts of them.

Simultaneous Optimization of Several Response Variables (Derringer, Suich; 1980). With weights w and desirabilities d
the score is (d_1^w_1 ... d_k^w_k)^(1 / (w_1 + ... + w_k)): what is worthless in one respect is worthless altogether.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, inf, isfinite, log
from typing import Protocol

import torch
from torch import Tensor

from sciencegen.errors import RequestError, UnknownName
from sciencegen.screen.ids import require_distinct

__all__ = ["METHODS", "Desire", "Ranking", "fronts", "ranked"]

METHODS = ("mean", "pareto")
_PARTS = ("low", "high", "target", "within")
_STAIRS = 3
"""So many numbers are compared by a staircase; more of them one by one."""


@dataclass(frozen=True)
class Desire:
    """How desirable a number is, from 0 to 1: along a ramp from `low` to `high`, or around a `target`.

    `low` is above `high` where small numbers are wanted; `within` is how far from the target nothing is left.
    """

    low: float | None = None
    high: float | None = None
    target: float | None = None
    within: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        given = {name for name in _PARTS if getattr(self, name) is not None}
        if given not in ({"low", "high"}, {"target", "within"}):
            raise RequestError(f"{self}: give either low and high, or target and within")
        if not (isfinite(self.weight) and self.weight > 0):
            raise RequestError(f"weight={self.weight:g}: expected a number above 0")
        if self.low is not None and self.high is not None:
            fine, expected = isfinite(self.high - self.low) and self.high != self.low, "two different, finite numbers"
        else:
            fine, expected = isfinite(self.target or 0) and 0 < (self.within or 0) < inf, "a number, and one above 0"
        if not fine:
            said = ", ".join(f"{name}={getattr(self, name):g}" for name in _PARTS if name in given)
            raise RequestError(f"{said}: expected {expected}")

    def of(self, value: float | None) -> float | None:
        """How desirable a number is; None where it is missing, which NaN and infinities are too."""
        if value is None or not isfinite(value):
            return None
        if self.low is not None and self.high is not None:
            return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        assert self.target is not None
        assert self.within is not None
        return max(1 - abs(value - self.target) / self.within, 0.0)


@dataclass(frozen=True)
class Ranking:
    """What became of each item, in the order they were given."""

    desirabilities: Mapping[str, Sequence[float | None]]
    """By column."""
    scores: Sequence[float | None]
    """The weighted geometric mean; None where a number is missing."""
    missing: Sequence[tuple[str, ...]]
    """The columns in which there was no number."""
    fronts: Sequence[int | None]
    """The Pareto front, 1 the best; None where a number is missing, and with the mean throughout."""
    ranks: Sequence[int]
    """1 to n, all different."""

    @property
    def order(self) -> list[int]:
        """The places of the items, the best first."""
        return sorted(range(len(self.ranks)), key=self.ranks.__getitem__)


def ranked(
    ids: Sequence[str],
    columns: Mapping[str, Sequence[float | None]],
    desires: Mapping[str, Desire],
    method: str = "mean",
) -> Ranking:
    """The items ranked by their mean, or by front and then mean; equals by id, and those without a score last.

    The ranks are the same whatever order the items come in.
    """
    if method not in METHODS:
        raise UnknownName("way to combine", method, METHODS)
    if not desires:
        raise RequestError("nothing is desired: say which numbers are wanted, such as qed with low = 0.3, high = 0.9")
    require_distinct(ids)
    worth: dict[str, list[float | None]] = {}
    for name, desire in desires.items():
        if name not in columns:
            raise UnknownName("column", name, list(columns))
        if len(columns[name]) != len(ids):
            raise ValueError(f"column {name} has {len(columns[name])} numbers for {len(ids)} ids")
        worth[name] = [desire.of(value) for value in columns[name]]
    rows = list(zip(*worth.values(), strict=True))
    weights = [desire.weight for desire in desires.values()]
    missing = [tuple(name for name, d in zip(worth, row, strict=True) if d is None) for row in rows]
    scores = [_mean(row, weights) for row in rows]
    found: list[int | None] = [None] * len(rows)
    if method == "pareto":
        whole = [i for i, score in enumerate(scores) if score is not None]
        for i, front in zip(whole, fronts([[d or 0.0 for d in rows[i]] for i in whole]), strict=True):
            found[i] = front
    return Ranking(worth, scores, missing, found, _ranks(ids, scores, found))


def _mean(row: Sequence[float | None], weights: Sequence[float]) -> float | None:
    known = [d for d in row if d is not None]
    if len(known) < len(row):
        return None
    if min(known) == 0:
        return 0.0
    scaled = [weight / max(weights) for weight in weights]  # their sum stays finite
    return exp(fsum(weight * log(d) for weight, d in zip(scaled, known, strict=True)) / fsum(scaled))


def _ranks(ids: Sequence[str], scores: Sequence[float | None], found: Sequence[int | None]) -> list[int]:
    def place(i: int) -> tuple[bool, int, float, str]:
        score = scores[i]
        return score is None, found[i] or 0, -(score or 0.0), ids[i]

    ranks = [0] * len(ids)
    for rank, i in enumerate(sorted(range(len(ids)), key=place), 1):
        ranks[i] = rank
    return ranks


class _Front(Protocol):
    """Points none of which is better than another in every respect, without their first numbers."""

    def covers(self, point: Sequence[float]) -> bool:
        """Whether one of them is at least as good in all."""

    def add(self, point: Sequence[float]) -> None: ...


def fronts(points: Sequence[Sequence[float]]) -> list[int]:
    """The Pareto front of each point, large numbers wanted: 1 for those to which none is preferred, 2 for those left
    when these are taken away, and so on; equal points share one.

    A point comes after all that are preferred to it when points are sorted by their first number, then the next ones.
    The front of a point is then the first of which no member covers it, and a search by halves finds it, because what
    a front covers the fronts before it do too (Zhang, Tian, Cheng, Jin; An Efficient Approach to Nondominated Sorting
    for Evolutionary Multiobjective Optimization; 2015).
    """
    found: list[_Front] = []
    front_of: dict[tuple[float, ...], int] = {}
    for point in sorted({tuple(point) for point in points}, reverse=True):
        rest = point[1:]
        low, high = 0, len(found)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if found[middle].covers(rest) else (low, middle)
        if low == len(found):
            found.append(_Stairs() if len(point) <= _STAIRS else _Cloud(len(rest)))
        found[low].add(rest)
        front_of[point] = low + 1
    return [front_of[tuple(point)] for point in points]


class _Stairs:
    """A front in at most two numbers: its corners, the first number growing and the second falling."""

    def __init__(self) -> None:
        self._x: list[float] = []
        self._y: list[float] = []

    def covers(self, point: Sequence[float]) -> bool:
        x, y = _two(point)
        i = bisect_left(self._x, x)
        return i < len(self._x) and self._y[i] >= y

    def add(self, point: Sequence[float]) -> None:
        x, y = _two(point)
        last = bisect_left(self._x, x)
        first = last
        while first and self._y[first - 1] <= y:
            first -= 1
        last += last < len(self._x) and self._x[last] == x
        self._x[first:last], self._y[first:last] = [x], [y]


def _two(point: Sequence[float]) -> tuple[float, float]:
    x, y, *_ = (*point, 0.0, 0.0)
    return x, y


class _Cloud:
    """A front in any number of numbers, in a tensor that doubles when it is full."""

    def __init__(self, width: int) -> None:
        self._count = 0
        self._points = torch.empty(16, width, dtype=torch.float64)

    def covers(self, point: Sequence[float]) -> bool:
        return bool((self._points[: self._count] >= self._row(point)).all(1).any())

    def add(self, point: Sequence[float]) -> None:
        if self._count == len(self._points):
            self._points = torch.cat([self._points, torch.empty_like(self._points)])
        self._points[self._count] = self._row(point)
        self._count += 1

    def _row(self, point: Sequence[float]) -> Tensor:
        return torch.tensor(point, dtype=torch.float64)
