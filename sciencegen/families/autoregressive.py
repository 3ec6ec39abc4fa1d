"""Autoregressive models: p(x) = prod_t p(x_t | x_<t)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from sciencegen.core.condition import Condition, Given
from sciencegen.core.generator import Completing, Completion, Constrained, Density, Drawn
from sciencegen.core.growth import GROW
from sciencegen.core.space import Discrete
from sciencegen.nets.causal.compiled import Compiled
from sciencegen.nets.causal.entries import Sharpness, draw_entries, forbids, least_removed, sequence_log_prob
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.conditioner import Conditioner

__all__ = ["Autoregressive"]


class Autoregressive(Density, Completing, Constrained):
    """Any causal net as a probability of a discrete space, free or under a constraint.

    `masked`: whether the likelihood is that of constrained draws. Without, only the syntax of the constraint is part
    of it; the net learns the rest by itself, which takes a fraction of the time, and draws are constrained all the
    same. `begins` is what samples may be given the beginning of: rows say with `GROW` where it ends, and it costs no
    probability, p(x | beginning) = prod_t p(x_t | x_<t) over what follows.
    """

    def __init__(
        self,
        space: Discrete,
        net: CausalNet,
        conditioner: Conditioner,
        masked: bool = True,
        begins: Given | None = None,
    ) -> None:
        super().__init__()
        self.space: Discrete = space
        self.masked, self.begins = masked, begins
        self.net, self.conditioner = net, conditioner
        self.knobs: Sharpness = Sharpness()

    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        flat = x.reshape(len(x), -1).long()
        logits = self.net(flat, self.conditioner(condition, len(x)))
        return sequence_log_prob(self.space, logits, flat, self.masked, None if self.begins is None else ~_begun(flat))

    def lean(self) -> Autoregressive:
        if not self.net.halves:
            return self
        copied = Autoregressive(self.space, copy.deepcopy(self.net), self.conditioner, self.masked, self.begins).eval()
        copied.net.to(torch.bfloat16)
        return copied

    def compiled(self) -> Autoregressive:
        if not self.net.compiles:
            return self
        copied = Autoregressive(self.space, Compiled(self.net), self.conditioner, self.masked, self.begins)
        copied.knobs = self.knobs
        return copied

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.drawn(n, condition).x

    @torch.no_grad()
    def drawn(self, n: int, condition: Condition | None = None) -> Drawn:
        shared = condition is None or len(condition) == 1

        def draw(rows: int) -> Drawn:
            asked = condition if condition is None or shared else condition.repeat(rows // n)
            begun = self._beginnings(asked, rows)
            found = draw_entries(self.space, self.net, self._contexts(rows, asked), self.knobs, self.masked, *begun)
            return Drawn(found.x.view(rows, *self.space.shape), found.removed_logmass)

        return least_removed(draw, n, self.knobs.keep if self.constrained else 1.0, shared)

    @property
    def constrained(self) -> bool:
        return forbids(self.space, self.masked)

    @torch.no_grad()
    def complete(self, x: Tensor, known: Tensor, condition: Condition | None = None, particles: int = 1) -> Completion:
        """Fill in the entries that are not `known` (booleans shaped like `x`, or like one sample).

        One particle draws every unknown entry from its past, which is exact when the known entries come first.
        Otherwise entries known *later* should weigh too: `particles` completions of each row are drawn, weighted by
        the probability of the known entries, and one is kept (sequential imputation; Kong, Liu, Wong; 1994). It
        becomes exact as particles grow.
        """
        n = len(x)
        flat = x.reshape(n, -1).long().repeat_interleave(particles, 0)
        mask = known.expand_as(x).reshape(n, -1).repeat_interleave(particles, 0)
        asked = condition if condition is None or len(condition) == 1 else condition.repeat(particles)
        drawn = draw_entries(
            self.space, self.net, self._contexts(n * particles, asked), self.knobs, self.masked, flat, mask
        )
        weights = drawn.log_weight.view(n, particles)
        chosen = torch.multinomial(weights.softmax(-1), 1)[:, 0] + torch.arange(n, device=x.device) * particles
        evidence = weights.logsumexp(-1) - torch.tensor(float(particles)).log()
        return Completion(drawn.x[chosen].view(x.shape).to(x.dtype), evidence)

    def _beginnings(self, condition: Condition | None, n: int) -> tuple[Tensor, Tensor] | tuple[()]:
        """The beginnings of samples [n, length], and which entries belong to them."""
        if self.begins is None:
            return ()
        given = None if condition is None else condition.given.get(self.begins.name)
        if given is None:
            given = torch.zeros(1, self.space.size, dtype=torch.long, device=self.device)
            given[:, 0] = GROW
        begun = given.long().expand(n, -1)
        return begun, _begun(begun)

    def _contexts(self, n: int, condition: Condition | None) -> tuple[Tensor, ...]:
        """The context, and for guidance the context of no condition."""
        context = self._context(n, condition)
        if self.knobs.guidance == 1 or condition is None:
            return (context,)
        return context, self._context(n, None)

    def _context(self, n: int, condition: Condition | None) -> Tensor:
        """The context, one row where it serves all samples: nets see by its stride that it does."""
        rows = 1 if condition is None or len(condition) == 1 else n
        context: Tensor = self.conditioner(condition, rows).to(next(self.net.parameters()).dtype)
        return context.expand(n, -1)


def _begun(x: Tensor) -> Tensor:
    """Which entries of rows belong to the beginning, the mark at its end included."""
    mark = (x == GROW).long()
    return mark.cumsum(1) - mark == 0
