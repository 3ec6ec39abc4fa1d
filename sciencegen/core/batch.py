"""Batches: what one training step sees, found by the step's number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.core.condition import Condition

__all__ = ["Batch", "Batches", "seed_at", "seeded"]

_WORD = 0xFFFFFFFFFFFFFFFF


def seed_at(seed: int, *counters: int) -> int:
    """A seed that depends on nothing but the counters, so that any step can be repeated alone.

    The mixing is splitmix64 (Fast splittable pseudorandom number generators; Steele, Lea, Flood; 2014). The seed is
    mixed before the first counter comes in: otherwise seed 1 would go through the steps of seed 0 in another order.
    """
    state = _mixed(seed & _WORD)
    for counter in counters:
        state = _mixed(state ^ (counter & _WORD))
    return state >> 1  # torch takes seeds below 2^63


def _mixed(state: int) -> int:
    state = state + 0x9E3779B97F4A7C15 & _WORD
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    state = (state ^ state >> 27) * 0x94D049BB133111EB & _WORD
    return state ^ state >> 31


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers from `seed`, on the processor and on a device; the caller's own are left as they were."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


@dataclass(frozen=True)
class Batch:
    """Some samples, and what is known of them."""

    x: Tensor
    condition: Condition | None = None

    def __len__(self) -> int:
        return len(self.x)

    def part(self, index: int, parts: int) -> Batch:
        """One of `parts` equal shares, for accumulation and for several processes."""
        rows = slice(index * len(self) // parts, (index + 1) * len(self) // parts)
        return Batch(self.x[rows], None if self.condition is None else self.condition[rows])

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Batch:
        x = self.x.to(device, dtype if self.x.is_floating_point() else None)
        return Batch(x, None if self.condition is None else self.condition.to(device, dtype))


class Batches(ABC):
    """An endless, ordered supply of batches; `at(step)` depends on the step alone, so training can resume anywhere."""

    @property
    @abstractmethod
    def per_epoch(self) -> int:
        """How many batches see every sample once."""

    @abstractmethod
    def at(self, step: int) -> Batch:
        """The batch of a step."""

    @abstractmethod
    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Batches:
        """The same supply, living on a device."""
