"""Batches of tensors that were encoded once; small sets live on the training device."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from sciencegen.core.batch import Batch, Batches, seed_at, seeded
from sciencegen.core.condition import Condition, ConditionFields, Continuous, Interval

__all__ = ["Bucketed", "InOrder", "Shuffled", "Unfed"]

_WINDOW = 100  # batches among which samples are put together by length


class _Epochs(Batches, ABC):
    """Every sample once an epoch, in an order that depends on the seed and the epoch alone; the rest is left for the
    next epoch's order."""

    def __init__(self, x: Tensor, condition: Condition | None, size: int, seed: int) -> None:
        self.x, self.condition, self.size, self.seed = x, condition, min(size, len(x)), seed
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.long)

    @property
    def per_epoch(self) -> int:
        return max(len(self.x) // self.size, 1)

    def at(self, step: int) -> Batch:
        epoch, index = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            source = torch.Generator().manual_seed(seed_at(self.seed, epoch))
            order = torch.randperm(len(self.x), generator=source)[: self.per_epoch * self.size]
            self._epoch, self._order = epoch, self._put_together(order, source).to(self.x.device)
        rows = self._order[index]
        return Batch(self._cut(rows), None if self.condition is None else self.condition[rows])

    @abstractmethod
    def _put_together(self, order: Tensor, source: torch.Generator) -> Tensor:
        """The rows of every batch [per_epoch, size], out of the order of an epoch."""

    def _cut(self, rows: Tensor) -> Tensor:
        """The samples of a batch."""
        return self.x[rows]


class Shuffled(_Epochs):
    """Samples in random order."""

    def __init__(self, x: Tensor, condition: Condition | None, size: int, seed: int = 0) -> None:
        super().__init__(x, condition, size, seed)

    def _put_together(self, order: Tensor, source: torch.Generator) -> Tensor:
        return order.view(self.per_epoch, self.size)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Shuffled:
        placed = Batch(self.x, self.condition).to(device, dtype)
        return Shuffled(placed.x, placed.condition, self.size, self.seed)


class Bucketed(_Epochs):
    """Sequences of like length together, cut where the longest of them ends.

    Every sample must weigh the same whatever its batch: a mean over entries would make long sequences rare.
    """

    def __init__(self, x: Tensor, condition: Condition | None, size: int, seed: int, end: int) -> None:
        super().__init__(x, condition, size, seed)
        self.end, self.lengths = end, _lengths(x, end)

    def _put_together(self, order: Tensor, source: torch.Generator) -> Tensor:
        lengths = self.lengths.cpu()
        windows = [rows[lengths[rows].argsort(stable=True)] for rows in order.split(self.size * _WINDOW)]
        shuffled = torch.randperm(self.per_epoch, generator=source)
        return torch.cat(windows).view(self.per_epoch, self.size)[shuffled]

    def _cut(self, rows: Tensor) -> Tensor:
        return self.x[rows, : int(self.lengths[rows].max())]

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Bucketed:
        placed = Batch(self.x, self.condition).to(device, dtype)
        return Bucketed(placed.x, placed.condition, self.size, self.seed, self.end)


def _lengths(x: Tensor, end: int) -> Tensor:
    """How many entries of each row count, the first end among them."""
    return ((x != end).sum(1) + 1).clamp(max=x.shape[1])


class InOrder(Batches):
    """Every sample once, in order, the last batch as small as it is: for measuring. With an `end`, batches are cut
    where their longest sequence ends."""

    def __init__(self, x: Tensor, condition: Condition | None, size: int, end: int | None = None) -> None:
        self.x, self.condition, self.size, self.end = x, condition, size, end

    @property
    def per_epoch(self) -> int:
        return -(-len(self.x) // self.size)

    def at(self, step: int) -> Batch:
        first = step % self.per_epoch * self.size
        rows = slice(first, first + self.size)
        x = self.x[rows]
        if self.end is not None:
            x = x[:, : int(_lengths(x, self.end).max())]
        return Batch(x, None if self.condition is None else self.condition[rows])

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> InOrder:
        placed = Batch(self.x, self.condition).to(device, dtype)
        return InOrder(placed.x, placed.condition, self.size, self.end)


class Unfed(Batches):
    """Batches without data, for objectives that need none; what may be asked for is drawn evenly from its range."""

    def __init__(
        self,
        size: int,
        fields: ConditionFields | None = None,
        seed: int = 0,
        per_epoch: int = 100,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        self.size, self.fields, self.seed = size, fields or ConditionFields(), seed
        self._per_epoch, self.device, self.dtype = per_epoch, device, dtype

    @property
    def per_epoch(self) -> int:
        return self._per_epoch

    def at(self, step: int) -> Batch:
        x = torch.empty(self.size, 0, device=self.device, dtype=self.dtype)
        if not self.fields.fields:
            return Batch(x)
        ranges = {one.name: Interval(one.low, one.high) for one in self.fields.fields if isinstance(one, Continuous)}
        with seeded(seed_at(self.seed, step), torch.device("cpu")):
            condition = self.fields.ask(ranges, self.size)
        return Batch(x, condition.to(self.device, self.dtype))

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Unfed:
        return Unfed(self.size, self.fields, self.seed, self._per_epoch, device, dtype)
