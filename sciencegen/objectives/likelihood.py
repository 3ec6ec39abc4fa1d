"""Likelihood: of data, or of an energy alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Density, Generator, Tractable
from sciencegen.core.objective import Loss, Objective

__all__ = ["MaximumLikelihood", "ReverseKL"]


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


class ReverseKL(Objective):
    """Fit a density to exp(-energy) with no data; of a batch only its length and condition are used.

    KL(q || exp(-energy) / Z) = E_q[log q(x) + energy(x)] + log Z
    """

    needs = (Tractable,)

    def __init__(self, energy: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.energy = energy

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        yield Loss("free energy", self._per_sample(generator, batch).mean(), generator)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        return self._per_sample(generator, batch)

    def _per_sample(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Tractable)
        drawn = generator.rscored(len(batch), batch.condition)
        return drawn.log_prob + self.energy(drawn.x)
