"""Protocols: published ways to judge draws of a domain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

__all__ = ["Protocol", "Verdict"]

T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """What a protocol found of some draws."""

    metrics: Mapping[str, float]
    """Numbers under the names of the protocol's paper, in its order."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Metrics that could not be found, and why."""
    sets: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    """What the draws were held against: the file, its SHA-256, how many items."""
    spread: Mapping[str, tuple[Sequence[float], Sequence[float]]] = field(default_factory=dict)
    """Measured properties of the draws and of the reference, to be drawn beside each other."""


class Protocol(ABC, Generic[T]):
    """A published way to judge draws beside reference sets, so that numbers of different models can be compared."""

    draws: int
    """How many draws are judged where a user names no number."""

    @abstractmethod
    def read(self, path: Path) -> list[T | None]:
        """The draws of a file, row by row; None for a row that holds no valid item."""

    @abstractmethod
    def judge(self, draws: Sequence[T | None], folder: Path | None = None) -> Verdict:
        """Judge draws, None for those that were no valid item, beside the sets of a folder or of the data store."""
