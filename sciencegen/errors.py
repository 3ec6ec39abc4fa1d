"""The exceptions a caller may want to catch.

SciencegenError
├── RequestError            what was asked for cannot be done (also a ValueError); exit code 2
│   ├── UnknownName         a recipe, option, field or level nobody has heard of
│   ├── DataError           a file or a table that does not hold what it should
│   └── CheckpointError     a model folder that is damaged, foreign or of another format
├── BudgetExhausted         the draws allowed ended before the candidates wanted were found; exit code 3
├── ScorerFailed            a scorer that does not start, or fails on everything; exit code 5
├── OutputError             a file that cannot be written: a full disk, no permission; exit code 1
└── Diverged                training produced nothing finite for too long; exit code 1
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BudgetExhausted",
    "CheckpointError",
    "DataError",
    "Diverged",
    "OutputError",
    "RequestError",
    "SciencegenError",
    "ScorerFailed",
    "UnknownName",
]


class SciencegenError(Exception):
    """Anything sciencegen raises on purpose."""

    exit_code = 1


class RequestError(SciencegenError, ValueError):
    """A request that cannot be carried out as it stands."""

    exit_code = 2


class UnknownName(RequestError):
    """A name that is not among those that exist; the message offers the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        near = get_close_matches(name, names, 1, cutoff=0.5)
        if near:
            hint = f"did you mean {near[0]!r}?"
        else:
            hint = f"there is {', '.join(names)}" if names else "there are none"
        super().__init__(f"unknown {kind} {name!r}: {hint}")


class DataError(RequestError):
    """Data that are missing, malformed or of the wrong shape."""


class CheckpointError(RequestError):
    """A model folder that cannot be read."""


class BudgetExhausted(SciencegenError):
    """Fewer candidates than wanted were found within the draws allowed."""

    exit_code = 3


class ScorerFailed(SciencegenError):
    """A scorer of the user's that gives no numbers at all."""

    exit_code = 5


class OutputError(SciencegenError):
    """A file that cannot be written."""


class Diverged(SciencegenError):
    """Training that no longer produces finite numbers."""
