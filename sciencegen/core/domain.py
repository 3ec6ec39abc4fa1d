"""Domains, their properties and representations: the scientific side of the house."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from torch import Tensor

from sciencegen.core.space import Space

__all__ = ["Candidate", "Domain", "Items", "Property", "Representation"]

T = TypeVar("T")


@dataclass(frozen=True)
class Property(Generic[T]):
    """Something that can be measured of an item: at once askable, filterable and in every output."""

    measure: Callable[[T], float | str]
    unit: str = ""
    levels: tuple[str, ...] = ()  # empty: a number


@dataclass(frozen=True)
class Items(Generic[T]):
    """What a file held: the items, and the columns beside them."""

    items: Sequence[T]
    columns: Mapping[str, Sequence[float | str | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)


class Representation(ABC, Generic[T]):
    """Items to tensors of one space, and back. Its state is plain values, so it can be written as JSON."""

    @classmethod
    @abstractmethod
    def fit(cls, items: Sequence[T]) -> Self:
        """Learn from the data what the representation needs to know."""

    @property
    @abstractmethod
    def space(self) -> Space:
        """The space the tensors lie in."""

    @property
    @abstractmethod
    def log_volume(self) -> float:
        """What to add to a log-density of tensors to have the log-density of items; 0 where items are discrete."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Plain values from which the constructor makes the same representation."""

    @abstractmethod
    def encode(self, items: Sequence[T]) -> Tensor:
        """Tensors of the items."""

    @abstractmethod
    def decode(self, x: Tensor) -> list[T | None]:
        """Items of the tensors; None for "no valid item"."""


class Domain(ABC, Generic[T]):
    """What is known of a kind of items: how to read, name, measure, compare, draw and write them."""

    name: str
    distinct: bool
    """Whether a user wants each item once, rather than as often as the model draws it."""
    properties: Mapping[str, Property[T]]

    @abstractmethod
    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[T]:
        """The items of a file or a folder, and the columns beside them; columns named in `beside` are no part of the
        items."""

    @abstractmethod
    def write(self, items: Iterable[T], path: Path) -> None:
        """Write items so that `read` finds them again."""

    @abstractmethod
    def parse(self, text: str) -> T | None:
        """The item a line of text stands for, or None."""

    @abstractmethod
    def text(self, item: T) -> str:
        """A line of text that stands for the item, the same for equal items."""

    @abstractmethod
    def row(self, item: T) -> Mapping[str, float | str]:
        """The item as cells of a table."""

    @abstractmethod
    def draw(self, items: Sequence[T], path: Path) -> None:
        """A picture of some items."""

    @abstractmethod
    def compare(self, ours: Sequence[T], theirs: Sequence[T]) -> dict[str, float]:
        """How far two sets of items are apart, under names a user of the domain knows."""


@dataclass(frozen=True)
class Candidate(Generic[T]):
    """An item that was generated, or read from a supplier's file, with what is known of it."""

    item: T
    text: str
    properties: Mapping[str, float | str] = field(default_factory=dict)
    log_prob: float | None = None
    removed_logmass: float | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
