"""Autoregressive models: p(x) = prod_t p(x_t | x_<t)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.condition import Condition
from sciencegen.core.constraint import Constraint
from sciencegen.core.generator import Completing, Completion, Density, Knobs, positive
from sciencegen.core.space import Discrete, Tokens
from sciencegen.errors import RequestError
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.conditioner import Conditioner

__all__ = ["Autoregressive", "Sharpness", "draw_entries", "sequence_log_prob"]

_COMPACT_BELOW = 0.85
"""Finished rows are dropped from the working set when fewer than this share of them is left."""
_TOGETHER = 32
"""The working set is a multiple of so many rows: the processor's library keeps a program for every size it has met."""


@dataclass(frozen=True)
class Sharpness(Knobs):
    """How entries are drawn: temperature flattens or sharpens, top_p cuts the tail, guidance exaggerates the condition.

    Guidance is classifier-free (Classifier-Free Diffusion Guidance; Ho, Salimans; 2022): 1 is none.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    guidance: float = 1.0

    def __post_init__(self) -> None:
        positive("temperature", self.temperature)
        if not 0 < self.top_p <= 1:
            raise RequestError(f"top_p={self.top_p}: expected a number above 0 and at most 1")


class Autoregressive(Density, Completing):
    """Any causal net as a probability of a discrete space, free or under a constraint.

    `masked`: whether the likelihood is that of constrained draws. Without, the net learns the rules by itself, which
    takes a fraction of the time, the likelihood is that of free draws, and draws are constrained all the same.
    """

    def __init__(self, space: Discrete, net: CausalNet, conditioner: Conditioner, masked: bool = True) -> None:
        super().__init__()
        self.space: Discrete = space
        self.masked = masked
        self.net, self.conditioner = net, conditioner
        self.knobs: Sharpness = Sharpness()

    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        flat = x.reshape(len(x), -1).long()
        logits = self.net(flat, self.conditioner(condition, len(x)))
        return sequence_log_prob(self.space, logits, flat, self.masked)

    def lean(self) -> Autoregressive:
        if not self.net.halves:
            return self
        copied = Autoregressive(self.space, copy.deepcopy(self.net), self.conditioner, self.masked).eval()
        copied.net.to(torch.bfloat16)
        return copied

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        contexts = self._contexts(n, condition)
        return draw_entries(self.space, self.net, contexts, self.knobs).x.view(n, *self.space.shape)

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
        drawn = draw_entries(self.space, self.net, self._contexts(n * particles, asked), self.knobs, flat, mask)
        weights = drawn.log_weight.view(n, particles)
        chosen = torch.multinomial(weights.softmax(-1), 1)[:, 0] + torch.arange(n, device=x.device) * particles
        evidence = weights.logsumexp(-1) - torch.tensor(float(particles)).log()
        return Completion(drawn.x[chosen].view(x.shape).to(x.dtype), evidence)

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


def sequence_log_prob(space: Discrete, logits: Tensor, x: Tensor, masked: bool = True) -> Tensor:
    """The log-probability of whole rows, given the logits of all their entries."""
    constraint = space.constraint if isinstance(space, Tokens) and masked else None
    if constraint is not None:
        logits = space.full(logits).masked_fill(~constraint.masks(x), -torch.inf)
    return space.log_prob(_exact(logits), x).sum(-1)


@dataclass
class _Rows:
    """The rows still being drawn: which they are, and everything that belongs to them."""

    rows: Tensor
    states: list[Any]
    constraint: Any
    previous: Tensor | None = None

    def take(self, kept: Tensor, net: CausalNet, constraint: Constraint | None) -> None:
        self.rows = self.rows.index_select(0, kept)
        self.states = [net.take(state, kept) for state in self.states]
        self.previous = None if self.previous is None else self.previous[kept]
        if constraint is not None:
            self.constraint = constraint.take(self.constraint, kept)


def draw_entries(
    space: Discrete,
    net: CausalNet,
    contexts: tuple[Tensor, ...],
    knobs: Sharpness,
    x: Tensor | None = None,
    known: Tensor | None = None,
) -> Completion:
    """Draw rows entry by entry, never reading a prefix twice; rows that have ended leave the working set."""
    n, length = len(contexts[0]), space.size
    end = space.end if isinstance(space, Tokens) else None
    constraint = space.constraint if isinstance(space, Tokens) else None
    out = torch.full((n, length), end or 0, dtype=torch.long, device=contexts[0].device)
    weight = _exact(contexts[0].new_zeros(n))
    live = _Rows(
        torch.arange(n, device=out.device),
        [net.start(context) for context in contexts],
        None if constraint is None else constraint.start(n, out.device),
    )
    for t in range(length):
        logits = _guided([space.full(net.step(state, t, live.previous)) for state in live.states], knobs.guidance)
        if constraint is not None:
            logits = logits.masked_fill(~constraint.mask(live.constraint), -torch.inf)
        token = _pick(logits, knobs)
        if x is not None and known is not None:
            given, is_given = x[live.rows, t], known[live.rows, t]
            if end is not None and live.previous is not None:
                is_given = is_given & (live.previous != end)  # after the end nothing costs probability
            log_given = logits.log_softmax(-1).gather(-1, given[:, None])[:, 0]
            weight[live.rows] += log_given.where(is_given, torch.zeros_like(log_given))
            token = torch.where(is_given, given, token)
        if end is not None and live.previous is not None:
            token = token.masked_fill(live.previous == end, end)
        out[live.rows, t] = live.previous = token
        if constraint is not None:
            live.constraint = constraint.advance(live.constraint, token)
        if end is None:
            continue
        going = (token != end).nonzero()[:, 0]
        if not len(going):
            break
        size = -(-len(going) // _TOGETHER) * _TOGETHER
        if size < _COMPACT_BELOW * len(token):
            ended = (token == end).nonzero()[: size - len(going), 0]  # some stay, to keep the sizes few
            live.take(torch.cat((going, ended)), net, constraint)
    return Completion(out, weight)


def _guided(logits: list[Tensor], guidance: float) -> Tensor:
    if len(logits) == 1:
        return _exact(logits[0])
    conditional, free = (_exact(each).log_softmax(-1) for each in logits)
    return free + guidance * (conditional - free)


def _exact(logits: Tensor) -> Tensor:
    """Logits in at least single precision: sums of many small probabilities need it."""
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


def _pick(logits: Tensor, knobs: Sharpness) -> Tensor:
    """One draw of each row."""
    if knobs.temperature != 1:
        logits = logits / knobs.temperature
    probability = logits.softmax(-1)
    if knobs.top_p < 1:
        ordered, order = probability.sort(-1, descending=True)
        beyond = ordered.cumsum(-1) - ordered >= knobs.top_p
        probability = probability.masked_fill(beyond.gather(-1, order.argsort(-1)), 0.0)
    if probability.shape[-1] == 2:
        odds = probability[:, 1] / probability.sum(-1)
        return (torch.rand_like(odds) < odds).long()
    if probability.device.type != "cpu":
        return torch.multinomial(probability, 1)[:, 0]
    # one random number a row, not one for each category; above 0 and at most the sum, so that no category of
    # probability 0 is ever drawn
    reached = probability.cumsum(-1)
    threshold = (1 - torch.rand_like(reached[:, :1])) * reached[:, -1:]
    return (reached < threshold).sum(-1)
