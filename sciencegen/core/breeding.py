"""Domains whose items can be crossed and changed a little, as genetic searches do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

__all__ = ["Breeding"]

T = TypeVar("T")


class Breeding(ABC, Generic[T]):
    """A domain that knows how to make new items of others."""

    @abstractmethod
    def offspring(self, parents: Sequence[T], n: int, seed: int) -> list[T]:
        """At most `n` different items, none of them a parent; parents that stand first come more often."""
