"""Evidence bounds: the ELBO with a weight on its rate, and the importance-weighted bound."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Generator, Placing, Predicting, Variational
from sciencegen.core.objective import Loss, Objective, Ramp
from sciencegen.errors import RequestError

__all__ = ["ELBO", "ImportanceWeighted", "PriorAlone"]


class ELBO(Objective):
    """Lower distortion + beta * rate (beta-VAE; Higgins et al.; 2017).

    `beta` is a number or a `Ramp`; `free_bits` nats of rate cost nothing, so that the latents are not given up early.
    `regress` weighs the squared error of the properties that latents are taught to know.
    """

    needs = (Variational,)

    def __init__(
        self, beta: float | Ramp = 1.0, hide: float = 0.0, free_bits: float = 0.0, regress: float = 0.0
    ) -> None:
        super().__init__()
        self.regress = regress
        self.beta = beta if isinstance(beta, Ramp) else Ramp(beta, beta, 1)
        self.hide, self.free_bits = hide, free_bits

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Variational)
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        bound = generator.bound(batch.x, condition)
        rate = bound.rate.mean()
        value = bound.distortion.mean() + self.beta.value * rate.clamp_min(self.free_bits)
        report = {"distortion": bound.distortion.mean(), "kl": rate}
        if self.regress:
            report["error"] = _error(generator, bound.z, batch.condition)
            value = value + self.regress * report["error"]
        yield Loss("elbo", value, generator, report)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Variational)
        bound = generator.bound(batch.x, batch.condition)
        return bound.distortion + self.beta.stop * bound.rate  # as it is weighed in the end


def _error(generator: Generator, z: Tensor | None, condition: Condition | None) -> Tensor:
    """The mean squared error of the properties that latents tell, where these are known."""
    assert isinstance(generator, Predicting)
    if z is None or condition is None:
        raise RequestError("regress: there are no properties to learn: name some with --ask")
    predicted = generator.predict(z)
    error = (predicted - condition.values.to(predicted.dtype)).square().where(condition.known, 0.0)
    return error.sum(1).mean()


class PriorAlone(Objective):
    """Lower the rate of a trained model by its prior alone: latents stay where they are, and the prior learns where
    that is, given the properties. Nothing is decoded, so it is quick."""

    needs = (Placing,)

    def __init__(self, hide: float = 0.0) -> None:
        super().__init__()
        self.hide = hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Placing)
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        yield Loss("kl", generator.rate(batch.x, condition).mean(), generator.places)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Placing)
        return generator.rate(batch.x, batch.condition)


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
