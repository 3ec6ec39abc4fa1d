"""Likelihood of rows with gaps."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Completing, Density, Generator
from sciencegen.core.objective import Loss, Objective

__all__ = ["ObservedLikelihood"]


class ObservedLikelihood(Objective):
    """Raise log p(what is there | condition) of rows in which entries may be NaN.

    The gradient of log p(x_o) is the mean of that of log p(x_o, x_m) over x_m as the model itself would draw it given
    x_o (Fisher's identity), so missing entries are drawn anew from the model in every step, with `particles` (Monte
    Carlo EM; Wei, Tanner; 1990, one gradient step at a time). That is right where a cell being empty says nothing of
    what it would have held that the rest of the row does not. Held-out rows are judged by the likelihood of what is
    there.
    """

    needs = (Density, Completing)

    def __init__(self, particles: int = 8, hide: float = 0.0) -> None:
        super().__init__()
        self.particles, self.hide = particles, hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Density)
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        x = self._whole(generator, Batch(batch.x, condition))
        yield Loss("nll", -generator.log_prob(x, condition).mean(), generator)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Density)
        return -generator.log_prob(batch.x, batch.condition)

    def _whole(self, generator: Generator, batch: Batch) -> Tensor:
        """The rows with their gaps filled as the model would."""
        assert isinstance(generator, Completing)
        gaps = batch.x.isnan()
        rows = gaps.any(-1)
        if not rows.any():
            return batch.x
        asked = None if batch.condition is None else batch.condition[rows]
        filled = generator.complete(batch.x[rows], ~gaps[rows], asked, self.particles).x
        x = batch.x.clone()
        x[rows] = filled
        return x
