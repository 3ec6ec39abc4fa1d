"""What happens to a stream of candidates: count, drop, keep, choose."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from sciencegen.core.domain import Candidate
from sciencegen.errors import RequestError

__all__ = ["Screen", "Tally", "best_of", "counted", "distinct", "keep", "limited", "screened", "valid"]

T = TypeVar("T")


@dataclass
class Tally:
    """What became of every draw."""

    drawn: int = 0
    invalid: int = 0
    repeated: int = 0
    rejected: int = 0
    kept: int = 0
    outdone: int = 0
    """Draws that passed everything, and of which a better one was kept."""
    rejected_by: dict[str, int] = field(default_factory=dict)
    """How many of the rejected each named test left out."""

    def reject(self, name: str) -> None:
        """Count a draw that did not pass a test."""
        self.rejected += 1
        if name:
            self.rejected_by[name] = self.rejected_by.get(name, 0) + 1

    def __str__(self) -> str:
        by = ", ".join(f"{name}: {count:,}" for name, count in self.rejected_by.items())
        said = [
            f"{self.drawn:,} drawn",
            f"{self.invalid:,} invalid",
            f"{self.repeated:,} repeated",
            f"{self.rejected:,} rejected" + (f" ({by})" if by else ""),
            *([f"{self.outdone:,} outdone"] if self.outdone else []),
            f"{self.kept:,} kept",
        ]
        return ", ".join(said)


@dataclass(frozen=True)
class Screen(Generic[T]):
    """What candidates must pass, under the names the tally knows, and of how many the closest is kept."""

    tests: Mapping[str, Callable[[Candidate[T]], bool]] = field(default_factory=dict)
    distinct: bool = False
    best_of: int = 1
    distance: Callable[[Candidate[T]], float] | None = None

    @property
    def sieves(self) -> bool:
        """Whether it leaves out more than what was there before."""
        return bool(self.tests) or self.best_of > 1

    def __post_init__(self) -> None:
        if self.best_of < 1:
            raise RequestError(f"best_of={self.best_of}: expected 1 or more")
        if self.best_of > 1 and self.distance is None:
            raise RequestError(f"best_of={self.best_of}: ask for something that can be measured; all draws are equal")


def screened(
    drawn: Iterable[Candidate[T] | None], n: int, budget: int, tally: Tally, screen: Screen[T]
) -> Iterator[Candidate[T]]:
    """At most `n` candidates that pass a screen, out of at most `budget` draws."""
    kept = valid(counted(limited(drawn, budget), tally), tally)
    if screen.distinct:
        kept = distinct(kept, tally)
    for name, test in screen.tests.items():
        kept = keep(kept, test, tally, name)
    if screen.best_of > 1 and screen.distance is not None:
        kept = best_of(kept, screen.best_of, screen.distance, tally)
    for candidate in limited(kept, n):
        tally.kept += 1
        yield candidate


def counted(stream: Iterable[T], tally: Tally) -> Iterator[T]:
    """Count the draws."""
    for candidate in stream:
        tally.drawn += 1
        yield candidate


def limited(stream: Iterable[T], draws: int) -> Iterator[T]:
    """At most so many draws."""
    return islice(iter(stream), min(draws, sys.maxsize))


def valid(stream: Iterable[Candidate[T] | None], tally: Tally) -> Iterator[Candidate[T]]:
    """Leave out draws that are no item."""
    for candidate in stream:
        if candidate is None:
            tally.invalid += 1
        else:
            yield candidate


def distinct(stream: Iterable[Candidate[T]], tally: Tally, known: Iterable[str] = ()) -> Iterator[Candidate[T]]:
    """Leave out what was there before, and what is `known`."""
    seen = set(known)
    for candidate in stream:
        if candidate.text in seen:
            tally.repeated += 1
        else:
            seen.add(candidate.text)
            yield candidate


def keep(
    stream: Iterable[Candidate[T]], test: Callable[[Candidate[T]], bool], tally: Tally, name: str = ""
) -> Iterator[Candidate[T]]:
    """Leave out what does not pass a test."""
    for candidate in stream:
        if test(candidate):
            yield candidate
        else:
            tally.reject(name)


def best_of(
    stream: Iterable[Candidate[T]], k: int, distance: Callable[[Candidate[T]], float], tally: Tally
) -> Iterator[Candidate[T]]:
    """The closest of every `k`; fewer, left over at the end, are no choice of `k` and none of them is kept."""
    source = iter(stream)
    while group := list(islice(source, k)):
        whole = len(group) == k
        tally.outdone += len(group) - whole
        if whole:
            yield min(group, key=distance)
