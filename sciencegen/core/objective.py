"""Objectives: what a generator is trained with, and may throw away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Generator

__all__ = ["Loss", "Objective", "Ramp", "Scheduled"]


@dataclass(frozen=True)
class Loss:
    """A number to lower, the module whose parameters may move to lower it, and what to write down about it."""

    name: str
    value: Tensor
    updates: nn.Module
    report: Mapping[str, Tensor] = field(default_factory=dict)


class Objective(nn.Module, ABC):
    """A training principle. It yields losses; it never steps an optimiser."""

    needs: tuple[type[Generator], ...] = (Generator,)
    """The capabilities a generator must have."""

    @abstractmethod
    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        """Yield losses in order; each is lowered by one step before the next is asked for."""

    @abstractmethod
    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        """How badly each held-out sample is modelled [n], or None where the principle cannot say."""


class Scheduled(nn.Module, ABC):
    """A module that changes with training time; its state lives in buffers, so it is saved."""

    @abstractmethod
    def advance(self, step: int) -> None:
        """Be what this module is at `step`."""


class Ramp(Scheduled):
    """A number that goes straight from `start` to `stop` in `steps` steps, and stays."""

    value: Tensor

    def __init__(self, start: float, stop: float, steps: int) -> None:
        super().__init__()
        self.start, self.stop, self.steps = start, stop, steps
        self.register_buffer("value", torch.tensor(float(start)))

    def advance(self, step: int) -> None:
        done = min(step / max(self.steps, 1), 1.0)
        self.value.fill_(self.start + done * (self.stop - self.start))
