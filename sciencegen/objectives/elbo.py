"""Evidence bounds: the ELBO with a weight on its rate, and the importance-weighted bound."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Generator, Variational
from sciencegen.core.objective import Loss, Objective, Ramp
from sciencegen.errors import RequestError

__all__ = ["ELBO", "ImportanceWeighted"]


class ELBO(Objective):
    """Lower distortion + beta * rate (beta-VAE; Higgins et al.; 2017).

    `beta` is a number or a `Ramp`; `free_bits` nats of rate cost nothing, so that the latents are not given up early.
    """

    needs = (Variational,)

    def __init__(self, beta: float | Ramp = 1.0, hide: float = 0.0, free_bits: float = 0.0) -> None:
        super().__init__()
        self.beta = beta if isinstance(beta, Ramp) else Ramp(beta, beta, 1)
        self.hide, self.free_bits = hide, free_bits

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Variational)
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        bound = generator.bound(batch.x, condition)
        rate = bound.rate.mean()
        value = bound.distortion.mean() + self.beta.value * rate.clamp_min(self.free_bits)
        yield Loss("elbo", value, generator, {"distortion": bound.distortion.mean(), "rate": rate})

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Variational)
        bound = generator.bound(batch.x, batch.condition)
        return bound.distortion + bound.rate


class ImportanceWeighted(Objective):
    """Lower -log (1/k) sum_i p(x, z_i) / q(z_i | x) (Importance Weighted Autoencoders; Burda et al.; 2015)."""

    needs = (Variational,)

    def __init__(self, draws: int = 50, hide: float = 0.0) -> None:
        super().__init__()
        if draws < 1:
            raise RequestError(f"draws={draws}: expected 1 or more")
        self.draws, self.hide = draws, hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        yield Loss("iwae", self._bound(generator, Batch(batch.x, condition)).mean(), generator)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        return self._bound(generator, batch)

    def _bound(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Variational)
        weights = generator.log_weights(batch.x, batch.condition, self.draws)
        return math.log(self.draws) - weights.logsumexp(0)
