"""Adversarial training: a critic learns to tell fake from real, and the generator to leave it nothing to tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Density, Generator, Pathwise
from sciencegen.core.objective import Loss, Objective
from sciencegen.errors import RequestError
from sciencegen.objectives.divergences import Divergence

__all__ = ["L1", "R1", "R2", "Adversarial", "Extra", "GradientPenalty", "Likelihood", "Penalty"]


class Penalty(nn.Module, ABC):
    """Something added to the critic's loss to keep it smooth."""

    @abstractmethod
    def forward(self, critic: nn.Module, real: Tensor, fake: Tensor, condition: Condition | None) -> Tensor:
        """A number to add; `real` and `fake` are samples of one shape, without gradients."""


class GradientPenalty(Penalty):
    """weight E[(|D'(x)| - target)^2] at x on the way from a fake to a real sample.

    Improved Training of Wasserstein GANs; Gulrajani et al.; 2017. In a pack every sample goes its own way.
    """

    def __init__(self, weight: float = 10.0, target: float = 1.0) -> None:
        super().__init__()
        self.weight, self.target = weight, target

    def forward(self, critic: nn.Module, real: Tensor, fake: Tensor, condition: Condition | None) -> Tensor:
        way = torch.rand(len(real), *(1,) * (real.dim() - 1), device=real.device, dtype=real.dtype)
        slopes = _slopes(critic, torch.lerp(fake, real, way), condition)
        lengths: Tensor = torch.linalg.vector_norm(slopes, dim=-1)
        return self.weight * (lengths - self.target).square().mean()


class R1(Penalty):
    """weight / 2 E_p[|D'(x)|^2], on real samples.

    Which Training Methods for GANs do actually Converge?; Mescheder, Geiger, Nowozin; 2018.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, critic: nn.Module, real: Tensor, fake: Tensor, condition: Condition | None) -> Tensor:
        return self.weight / 2 * _slopes(critic, real, condition).square().sum(-1).mean()


class R2(Penalty):
    """weight / 2 E_q[|D'(x)|^2], on fake samples.

    Which Training Methods for GANs do actually Converge?; Mescheder, Geiger, Nowozin; 2018.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, critic: nn.Module, real: Tensor, fake: Tensor, condition: Condition | None) -> Tensor:
        return self.weight / 2 * _slopes(critic, fake, condition).square().sum(-1).mean()


def _slopes(critic: nn.Module, x: Tensor, condition: Condition | None) -> Tensor:
    """The slope of each score in everything it scores [scores, entries]; of the mean of its scores, where a sample has
    one for each of its patches. Differentiable."""
    x = x.detach().requires_grad_()
    scores = critic(x, condition)
    if len(scores) > len(x):
        scores = scores.view(len(x), -1).mean(1)
    (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    packed = len(x) // len(scores) * len(scores)  # samples that filled no pack have no score
    return slope[:packed].reshape(len(scores), -1)


class Extra(nn.Module, ABC):
    """Something added to the generator's loss: a likelihood, a distance to the target, a law of physics."""

    needs: tuple[type[Generator], ...] = ()
    """The capabilities a generator must have for it."""

    @abstractmethod
    def forward(self, generator: Generator, batch: Batch, fake: Tensor) -> Tensor:
        """A number to add; `fake` was drawn under the batch's condition, and carries gradients."""

    @abstractmethod
    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        """How badly each held-out sample is modelled [n], or None where this term cannot say."""


class Likelihood(Extra):
    """-weight E[log p(x)] (Flow-GAN: Combining Maximum Likelihood and Adversarial Learning in Generative Models;
    Grover, Dhar, Ermon; 2017).
    """

    needs = (Density,)

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, generator: Generator, batch: Batch, fake: Tensor) -> Tensor:
        assert isinstance(generator, Density)
        return -self.weight * generator.log_prob(batch.x, batch.condition).mean()

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        assert isinstance(generator, Density)
        return -generator.log_prob(batch.x, batch.condition)


class L1(Extra):
    """weight E|fake - x|, where a condition names one right answer.

    Image-to-Image Translation with Conditional Adversarial Networks; Isola et al.; 2017.
    """

    def __init__(self, weight: float = 100.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, generator: Generator, batch: Batch, fake: Tensor) -> Tensor:
        return self.weight * (fake - _as_floats(generator, batch.x, fake)).abs().mean()

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        return None


class Adversarial(Objective):
    """A game between a generator and a critic, called as `critic(x, condition)`, whose scores a divergence weighs.

    For each batch the critic takes `steps` steps, with fresh fakes each, and then the generator takes one. Both see
    the same condition, each field of it forgotten with probability `hide`. Scores of different critics cannot be
    compared, so there is no validation but what an extra offers.
    """

    needs: tuple[type[Generator], ...] = (Pathwise,)

    def __init__(
        self,
        critic: nn.Module,
        divergence: Divergence,
        steps: int = 1,
        penalties: Sequence[Penalty] = (),
        extras: Sequence[Extra] = (),
        hide: float = 0.0,
    ) -> None:
        super().__init__()
        if steps < 1:
            raise RequestError(f"steps={steps}: the critic needs 1 step or more for each of the generator")
        self.critic, self.divergence, self.steps, self.hide = critic, divergence, steps, hide
        self.penalties, self.extras = nn.ModuleList(penalties), nn.ModuleList(extras)
        self.needs = sum((extra.needs for extra in extras), Adversarial.needs)

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Pathwise)
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        seen = Batch(batch.x, condition)
        for _ in range(self.steps):
            yield self._critic_loss(generator, seen)
        yield self._generator_loss(generator, seen)

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        said = [extra.validation(generator, batch) for extra in self.extras if isinstance(extra, Extra)]
        return next((scores for scores in said if scores is not None), None)

    def _critic_loss(self, generator: Pathwise, batch: Batch) -> Loss:
        with torch.no_grad():
            fake = generator.rview(len(batch), batch.condition)
        real = _as_floats(generator, batch.x, fake)
        on_real, on_fake = self.critic(real, batch.condition), self.critic(fake, batch.condition)
        value = self.divergence.critic(on_real, on_fake)
        report = {"real": on_real.mean(), "fake": on_fake.mean()}
        for penalty in self.penalties:
            added = penalty(self.critic, real, fake, batch.condition)
            value, report[type(penalty).__name__] = value + added, added
        return Loss("critic", value, self.critic, report)

    def _generator_loss(self, generator: Pathwise, batch: Batch) -> Loss:
        fake = generator.rview(len(batch), batch.condition)
        with torch.no_grad():
            on_real = self.critic(_as_floats(generator, batch.x, fake), batch.condition)
        value = self.divergence.generator(on_real, self.critic(fake, batch.condition))
        report = {}
        for extra in self.extras:
            added = extra(generator, batch, fake)
            value, report[type(extra).__name__] = value + added, added
        return Loss("generator", value, generator, report)


def _as_floats(generator: Generator, x: Tensor, like: Tensor) -> Tensor:
    """Data beside fakes: integers become the numbers a relaxed sample is made of."""
    return x if x.is_floating_point() else generator.space.floats(x).to(like.dtype).reshape(like.shape)
