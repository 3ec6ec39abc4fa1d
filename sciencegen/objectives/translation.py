"""Two kinds of samples, each turned into the other without knowing which belongs to which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Generator, Translating
from sciencegen.core.objective import Loss, Objective
from sciencegen.errors import RequestError
from sciencegen.objectives.adversarial import Penalty
from sciencegen.objectives.divergences import Divergence

__all__ = ["CycleConsistency"]


class CycleConsistency(Objective):
    """A game over each kind of samples, while there and back again has to be where it began.

        cycle (E|across(back(x)) - x| + E|back(across(s)) - s|) + identity (E|across(x) - x| + E|back(s) - s|)

    Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks; Zhu, Park, Isola, Efros; 2017.
    Both kinds are shuffled in every batch, each on its own, so that which of them came together says nothing. What is
    made is passed on with normal noise of a spread `veil`, so that nothing can be handed through it unseen (CycleGAN, a
    Master of Steganography; Chu, Zhmoginov, Sandler; 2017). The critics are called as `critic(x, condition)`.
    """

    needs: tuple[type[Generator], ...] = (Translating,)

    def __init__(
        self,
        critic: nn.Module,
        source_critic: nn.Module,
        divergence: Divergence,
        cycle: float = 10.0,
        identity: float = 0.0,
        veil: float = 0.0,
        penalties: Sequence[Penalty] = (),
        hide: float = 0.0,
    ) -> None:
        super().__init__()
        for name, value in (("cycle", cycle), ("identity", identity), ("veil", veil)):
            if not value >= 0:
                raise RequestError(f"{name}={value}: expected 0 or more")
        self.critics = nn.ModuleList((critic, source_critic))
        self.divergence, self.cycle, self.identity, self.veil, self.hide = divergence, cycle, identity, veil, hide
        self.penalties = nn.ModuleList(penalties)

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Translating)
        assert batch.condition is not None
        pair = self._shuffled(generator, batch.x, batch.condition)
        yield self._critic_loss(generator, *pair)
        yield self._generator_loss(generator, *pair)

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        return None

    def _shuffled(self, generator: Translating, x: Tensor, condition: Condition) -> tuple[Tensor, Tensor, Condition]:
        """Samples, the others, and what is asked of the first; each kind in an order of its own."""
        order, other = (torch.randperm(len(x), device=x.device) for _ in range(2))
        source = condition.given[generator.source.name]
        return x[order], source[other], replace(condition[order].hide(self.hide), given={})

    def _critic_loss(self, generator: Translating, x: Tensor, source: Tensor, asked: Condition) -> Loss:
        with torch.no_grad():
            fakes = generator.across(source, asked), generator.back(x)
        value = x.new_zeros(())
        report: dict[str, Tensor] = {}
        for critic, real, fake, title in zip(self.critics, (x, source), fakes, ("", "source "), strict=True):
            on_real, on_fake = critic(real, asked), critic(fake, asked)
            value = value + self.divergence.critic(on_real, on_fake)
            report |= {f"{title}real": on_real.mean(), f"{title}fake": on_fake.mean()}
            for penalty in self.penalties:
                added = penalty(critic, real, fake, asked)
                value, report[f"{title}{type(penalty).__name__}"] = value + added, added
        return Loss("critics", value, self.critics, report)

    def _generator_loss(self, generator: Translating, x: Tensor, source: Tensor, asked: Condition) -> Loss:
        fake, fake_source = generator.across(source, asked), generator.back(x)
        value = x.new_zeros(())
        for critic, real, made in zip(self.critics, (x, source), (fake, fake_source), strict=True):
            with torch.no_grad():
                on_real = critic(real, asked)
            value = value + self.divergence.generator(on_real, critic(made, asked))
        there, again = generator.across(self._veiled(fake_source), asked), generator.back(self._veiled(fake))
        cycle = self.cycle * ((there - x).abs().mean() + (again - source).abs().mean())
        report = {"cycle": cycle}
        value = value + cycle
        if self.identity:
            kept, kept_source = generator.across(x, asked), generator.back(source)
            report["identity"] = self.identity * ((kept - x).abs().mean() + (kept_source - source).abs().mean())
            value = value + report["identity"]
        return Loss("generator", value, generator, report)

    def _veiled(self, made: Tensor) -> Tensor:
        return made + self.veil * torch.randn_like(made) if self.veil else made
