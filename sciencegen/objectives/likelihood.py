"""Likelihood of data."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Density, Generator
from sciencegen.core.objective import Loss, Objective

__all__ = ["MaximumLikelihood"]


class MaximumLikelihood(Objective):
    """Raise log p(x | condition), with fields hidden at random so that any subset can be asked for later."""

    needs = (Density,)

    def __init__(self, hide: float = 0.0) -> None:
        super().__init__()
        self.hide = hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Density)
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        yield Loss("nll", -generator.log_prob(batch.x, condition).mean(), generator)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Density)
        return -generator.log_prob(batch.x, batch.condition)
