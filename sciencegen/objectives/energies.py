"""Energies: a density is fitted to exp(-energy), with no data or beside some."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Generator, Scored, Tractable
from sciencegen.core.objective import Loss, Objective, Ramp
from sciencegen.objectives.annealed import annealed

__all__ = ["Bootstrap", "Reduced", "ReverseKL"]

Reduced = Callable[[Tensor, Condition | None], Tensor]
"""The energy over kT of points [n, *shape] under their conditions: [n]."""


class ReverseKL(Objective):
    """Fit a density to exp(-energy) by its own samples; of a batch only its length and condition are used.

    KL(q || exp(-energy) / Z) = E_q[log q(x) + energy(x)] + log Z

    What it falls into it stays in: modes that no sample reaches are never found. `softness` multiplies the energy while
    training begins, so that barriers are low. With `path`, gradients go through the samples alone: those of the score
    have no mean, and where the fit is good they are all the noise there is (Sticking the landing; Roeder, Wu, Duvenaud;
    2017). With `likelihood`, the batch holds data of the same density, and -log q(data) is added with that weight.
    """

    needs = (Tractable,)

    def __init__(
        self, energy: Reduced, softness: Ramp | None = None, path: bool = False, likelihood: float = 0.0
    ) -> None:
        super().__init__()
        self.energy, self.path, self.likelihood = energy, path, likelihood
        self.softness = Ramp(1.0, 1.0, 0) if softness is None else softness

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Tractable)
        drawn = generator.rscored(len(batch), batch.condition)
        gap = drawn.log_prob + self.softness.value * self.energy(drawn.x, batch.condition)
        value = self._along(generator, drawn, batch.condition) if self.path else gap.mean()
        report = {"free energy": gap.mean().detach()}
        if self.likelihood:
            nll = -generator.log_prob(batch.x, batch.condition).mean()
            value, report = value + self.likelihood * nll, report | {"nll": nll.detach()}
        yield Loss("free energy" if not self.path else "path", value, generator, report)

    def _along(self, generator: Tractable, drawn: Scored, condition: Condition | None) -> Tensor:
        """A number whose gradient is that of the loss through the samples alone."""
        x = drawn.x.detach().requires_grad_()
        gap = generator.log_prob(x, condition) + self.softness.value * self.energy(x, condition)
        (slope,) = torch.autograd.grad(gap.sum(), x)
        return (slope * drawn.x).flatten(1).sum(1).mean()

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        assert isinstance(generator, Tractable)
        if not self.likelihood:
            return None
        return -generator.log_prob(batch.x, batch.condition)


class Bootstrap(Objective):
    """Raise the likelihood of samples that were carried on towards the energy, and weighed (Flow annealed importance
    sampling bootstrap; Midgley, Stimper, Simm, Schoelkopf, Hernandez-Lobato; 2023).

    A batch of samples goes in `temperings` moves of Langevin from the density to exp(-energy); each then counts by its
    importance weight, cut off at the `cut` largest share, in E_p[-log q(x)]. Modes that few samples reach weigh the
    more for it, so that none is forgotten.
    """

    needs = (Tractable,)
    step: Tensor

    def __init__(self, energy: Reduced, temperings: int = 4, moves: int = 1, cut: float = 0.1) -> None:
        super().__init__()
        self.energy, self.temperings, self.moves, self.cut = energy, temperings, moves, cut
        self.register_buffer("step", torch.tensor(0.1))  # learned: about two of three moves should be taken

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Tractable)
        condition = batch.condition
        start = _drawn(generator, len(batch), condition)

        def log_q(x: Tensor) -> Tensor:
            return generator.log_prob(x, condition)

        found = annealed(start, log_q, lambda x: -self.energy(x, condition), self.temperings, self.moves, self.step)
        if self.training:
            self.step *= 1.03 if found.taken > 0.65 else 0.97
        share = found.log_weight.softmax(0)
        cut = share.clamp_max(max(self.cut, 1 / len(share)))
        nll = -generator.log_prob(found.x, condition)
        ess = 1 / share.square().sum() / len(share)
        yield Loss("nll", (cut / cut.sum() * nll).sum(), generator, {"effective share": ess, "step": self.step.clone()})

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        return None


@torch.no_grad()
def _drawn(generator: Tractable, n: int, condition: Condition | None) -> Scored:
    return generator.rscored(n, condition)
