"""Densities of rows with gaps: what is missing is drawn given what is there, and summed over for a likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Completing, Completion, Knobs, Scored, Tractable
from sciencegen.families.gapped.copula import Copula, Given

__all__ = ["Gapped"]

_DRAWS = 512
"""Of the density, to make proposals of."""
_AT_ONCE = 16_384
_NEVER = -1e30
_LENGTHS = (0.7, 0.35, 0.15, 1.0)
"""Of steps of the chain: 1 forgets where it was."""


class Gapped(Tractable, Completing):
    """A density that also takes rows with gaps: entries that are NaN.

    Missing entries are proposed by a Gaussian copula of the density's own draws given the entries that are there, and
    weighed by the density itself: importance sampling, one of `particles` is kept, and as many steps of a Markov chain
    that leaves the density alone follow (MCMC methods for functions; Cotter, Roberts, Stuart, White; 2013). Both
    become exact as particles grow. The same weights estimate the likelihood of what is there, which is a little low.
    """

    def __init__(self, density: Tractable, particles: int = 64) -> None:
        super().__init__()
        self.density, self.space, self.particles = density, density.space, particles

    @property
    def knobs(self) -> Knobs:
        """Those of the density."""
        return self.density.knobs

    @knobs.setter
    def knobs(self, knobs: Knobs) -> None:
        self.density.knobs = knobs

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.density.sample(n, condition)

    def rscored(self, n: int, condition: Condition | None = None) -> Scored:
        return self.density.rscored(n, condition)

    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        """The log-density of each row; of one with gaps, an estimate for the entries that are there."""
        gaps = x.isnan()
        rows = gaps.any(-1)
        if not rows.any():
            return self.density.log_prob(x, condition)
        found = x.new_zeros(len(x))
        asked = None if condition is None or len(condition) == 1 else condition
        if not rows.all():
            found[~rows] = self.density.log_prob(x[~rows], condition if asked is None else asked[~rows])
        some = self._completed(x[rows], ~gaps[rows], condition if asked is None else asked[rows], self.particles, 0)
        found[rows] = some.log_weight.to(found.dtype)
        return found

    def complete(self, x: Tensor, known: Tensor, condition: Condition | None = None, particles: int = 1) -> Completion:
        return self._completed(x.to(self.density.dtype), known.expand_as(x), condition, particles, particles)

    @torch.no_grad()
    def _completed(
        self, x: Tensor, known: Tensor, condition: Condition | None, particles: int, steps: int
    ) -> Completion:
        asked = None if condition is None or len(condition) == 1 else condition
        one = condition if asked is None else asked[torch.arange(_DRAWS, device=x.device) % len(asked)]
        proposals = Copula.of(self.density.sample(_DRAWS, one))
        parts, size = [], max(_AT_ONCE // particles, 1)
        for i in range(0, len(x), size):
            rows = slice(i, i + size)
            walk = _Walk.of(self.density, proposals, x[rows], known[rows], condition if asked is None else asked[rows])
            parts.append(walk.completed(particles, steps))
        return Completion(torch.cat([one.x for one in parts]), torch.cat([one.log_weight for one in parts]))


@dataclass(frozen=True)
class _Walk:
    """Rows being completed: noise stands for what is missing of them."""

    density: Tractable
    proposals: Copula
    given: Given
    x: Tensor
    condition: Condition | None

    @classmethod
    def of(cls, density: Tractable, proposals: Copula, x: Tensor, known: Tensor, condition: Condition | None) -> _Walk:
        return cls(density, proposals, proposals.given(x, known), x, condition)

    def completed(self, particles: int, steps: int) -> Completion:
        """One of `particles`, moved by some steps."""
        noise = torch.randn(particles, *self.x.shape, dtype=self.x.dtype, device=self.x.device)
        weights = self.log_weight(noise)
        chosen = torch.distributions.Categorical(logits=weights.t(), validate_args=False).sample()
        rows = torch.arange(len(self.x), device=self.x.device)
        now, weight = noise[chosen, rows], weights[chosen, rows]
        for i in range(steps):
            length = _LENGTHS[i % len(_LENGTHS)]
            to = math.sqrt(1 - length**2) * now + length * torch.randn_like(now)
            to_weight = self.log_weight(to[None])[0]
            taken = torch.rand_like(weight).log() < to_weight - weight
            now, weight = torch.where(taken[:, None], to, now), torch.where(taken, to_weight, weight)
        return Completion(self.filled(now)[0], weights.logsumexp(0) - math.log(particles))

    def filled(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The rows with what noise stands for, and how much volume it takes, as a logarithm."""
        values, slopes = self.proposals.values(self.given.scores(noise))
        missing = self.given.missing
        return torch.where(missing, values, self.x), slopes.where(missing, 0.0).sum(-1)

    def log_weight(self, noise: Tensor) -> Tensor:
        """By how much more probable rows are than they were proposed: [particles, n]."""
        many, n = noise.shape[:2]
        found = [self.filled(one) for one in noise]
        rows = torch.cat([x for x, _ in found])
        asked = self.condition
        if asked is not None and len(asked) > 1:
            asked = asked[torch.arange(n, device=rows.device).repeat(many)]
        log_prob = self.density.log_prob(rows, asked).view(many, n)
        weight = log_prob + torch.stack([slope for _, slope in found]) - self.given.log_prob(noise)
        return weight.nan_to_num(_NEVER, _NEVER, _NEVER)
