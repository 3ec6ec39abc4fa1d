"""Streams of candidates: count, drop, keep."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sciencegen.core.domain import Candidate

__all__ = ["Tally", "counted", "distinct", "keep", "limited", "valid"]

T = TypeVar("T")


@dataclass
class Tally:
    """What became of every draw."""

    drawn: int = 0
    invalid: int = 0
    repeated: int = 0
    rejected: int = 0
    kept: int = 0


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


def keep(stream: Iterable[Candidate[T]], test: Callable[[Candidate[T]], bool], tally: Tally) -> Iterator[Candidate[T]]:
    """Leave out what does not pass a test."""
    for candidate in stream:
        if test(candidate):
            yield candidate
        else:
            tally.rejected += 1
