"""Published problems of optimisation: a number from 0 to 1 for every item, to be made as large as can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Task"]

T = TypeVar("T")


@dataclass(frozen=True)
class Task(Generic[T]):
    """What an item is worth, from 0 to 1, and what the problem is, in a line."""

    score: Callable[[T], float]
    help: str
