"""Constraints: which token may come next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor

__all__ = ["Constraint", "rows_of"]

S = TypeVar("S")


class Constraint(ABC):
    """A machine that reads a sequence and says at every step which tokens may follow.

    Its state is opaque to families: they hand back what they were given, and ask for some rows of it.
    """

    @property
    def is_syntax(self) -> bool:
        """Whether all of the mask is mere syntax."""
        return False

    @abstractmethod
    def start(self, n: int, device: torch.device | None = None) -> Any:
        """The state before the first token of `n` sequences, on the device where tokens will be."""

    @abstractmethod
    def mask(self, state: Any) -> Tensor:
        """The tokens allowed next, as booleans [n, vocabulary]; at least one in every row."""

    @abstractmethod
    def advance(self, state: Any, token: Tensor) -> Any:
        """The state after `token` [n]."""

    @abstractmethod
    def take(self, state: Any, rows: Tensor) -> Any:
        """The state of some of the sequences."""

    def masks(self, x: Tensor) -> Tensor:
        """All masks of whole sequences at once, for training: [n, length, vocabulary]."""
        state, steps = self.start(len(x), x.device), []
        for token in x.long().unbind(1):
            steps.append(self.mask(state))
            state = self.advance(state, token)
        return torch.stack(steps, 1)

    def syntax(self, state: Any) -> Tensor | None:
        """What of the mask is mere syntax, which a net need not learn; None where nothing is.

        The probability that the rest of the mask takes away distorts what a net has learned without it.
        """
        return None

    def syntaxes(self, x: Tensor) -> Tensor | None:
        """The same for whole sequences at once: [n, length, vocabulary]."""
        return None


def rows_of(state: S, rows: Tensor) -> S:
    """Some rows of a state that is a dataclass, all of whose tensors have a row for each sequence."""
    kept: dict[str, Any] = {name: value[rows] for name, value in vars(state).items() if isinstance(value, Tensor)}
    return replace(state, **kept)  # type: ignore[type-var]
