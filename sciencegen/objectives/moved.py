"""Batches of maps that are moved before an objective sees them, with all that is given for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Generator
from sciencegen.core.moves import Move
from sciencegen.core.objective import Loss, Objective

__all__ = ["Moved"]


class Moved(Objective):
    """Another objective, of batches whose maps are rolled, mirrored or turned at random, those that are given with
    them: a pair stays a pair, and is another one every time."""

    def __init__(self, objective: Objective, kinds: Sequence[str]) -> None:
        super().__init__()
        self.objective, self.kinds = objective, tuple(kinds)
        self.needs = objective.needs

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        move = Move.drawn(batch.x.dim() - 2, self.kinds)
        condition = batch.condition
        if condition is not None:
            condition = replace(condition, given={name: move(one) for name, one in condition.given.items()})
        yield from self.objective.losses(generator, Batch(move(batch.x), condition))

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        return self.objective.validation(generator, batch)
