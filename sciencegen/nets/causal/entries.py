"""Entries drawn one after the other by a causal net, and how probable whole rows are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.constraint import Constraint
from sciencegen.core.generator import Drawn, Knobs, positive
from sciencegen.core.space import Discrete, Tokens
from sciencegen.errors import RequestError
from sciencegen.nets.causal.net import CausalNet

__all__ = ["Entries", "Sharpness", "draw_entries", "least_removed", "sequence_log_prob"]

_COMPACT_BELOW = 0.85
"""Finished rows are dropped from the working set when fewer than this share of them is left."""
_TOGETHER = 32
"""The working set is a multiple of so many rows: the processor's library keeps a program for every size it has met."""


_TRACE = 1e-30
"""Where masks leave less than this of a row's probability, it is counted in logarithms."""


@dataclass(frozen=True)
class Sharpness(Knobs):
    """How entries are drawn: temperature flattens or sharpens, top_p cuts the tail, guidance exaggerates the condition.

    Guidance is classifier-free (Classifier-Free Diffusion Guidance; Ho, Salimans; 2022): 1 is none. Where a constraint
    forbids more than syntax, `keep` is the share of draws kept, those from which it took the least probability, and
    `guarded=0` leaves all of it but the syntax away.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    guidance: float = 1.0
    keep: float = 1.0
    guarded: int = 1

    def __post_init__(self) -> None:
        positive("temperature", self.temperature)
        for name, value in (("top_p", self.top_p), ("keep", self.keep)):
            if not 0 < value <= 1:
                raise RequestError(f"{name}={value}: expected a number above 0 and at most 1")
        if self.guarded not in (0, 1):
            raise RequestError(f"guarded={self.guarded}: expected 0 or 1")


@dataclass(frozen=True)
class Entries:
    """Rows drawn, and what it took."""

    x: Tensor  # [n, length]
    log_weight: Tensor  # [n], the log-probability of the entries that were given
    removed_logmass: Tensor | None
    """[n], the log-probability a constraint took away beyond syntax; None where there is none."""


def sequence_log_prob(space: Discrete, logits: Tensor, x: Tensor, masked: bool = True) -> Tensor:
    """The log-probability of whole rows, given the logits of all their entries; under the whole constraint where it
    is `masked`, else under its syntax."""
    constraint = space.constraint if isinstance(space, Tokens) else None
    if constraint is not None:
        allowed = constraint.masks(x) if masked else constraint.syntaxes(x)
        logits = logits if allowed is None else space.full(logits).masked_fill(~allowed, -torch.inf)
    return space.log_prob(_exact(logits), x).sum(-1)


def least_removed(draw: Callable[[int], Drawn], n: int, keep: float, shared: bool) -> Drawn:
    """Draw more rows than wanted, and keep those from which the constraint took the least, in the order drawn.

    `draw` is asked for some rows more than `n`. Where they `shared` a condition all compete with one another;
    otherwise it draws as many of every condition, side by side, and each row competes with those of its own.
    """
    if keep == 1 or not n:
        return draw(n)
    each = math.ceil(1 / keep)
    drawn = draw(math.ceil(n / keep) if shared else n * each)
    removed = drawn.removed_logmass
    if removed is None:
        return Drawn(drawn.x[:n] if shared else drawn.x[::each])
    if shared:
        rows = removed.argsort(stable=True)[:n].sort().values
    else:
        rows = torch.arange(n, device=removed.device) * each + removed.view(n, each).argmin(1)
    return Drawn(drawn.x[rows], removed[rows])


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
    masked: bool = True,
    x: Tensor | None = None,
    known: Tensor | None = None,
) -> Entries:
    """Draw rows entry by entry, never reading a prefix twice; rows that have ended leave the working set.

    `masked`: whether the net was trained under the whole constraint, which then takes nothing away. Entries of `x`
    that are `known` are not drawn.
    """
    n, length = len(contexts[0]), space.size
    end = space.end if isinstance(space, Tokens) else None
    constraint = space.constraint if isinstance(space, Tokens) else None
    out = torch.full((n, length), end or 0, dtype=torch.long, device=contexts[0].device)
    weight = _exact(contexts[0].new_zeros(n))
    removed = torch.zeros_like(weight)
    live = _Rows(
        torch.arange(n, device=out.device),
        [net.start(context) for context in contexts],
        None if constraint is None else constraint.start(n, out.device),
    )
    for t in range(length):
        logits = _guided([space.full(net.step(state, t, live.previous)) for state in live.states], knobs.guidance)
        if constraint is None:
            token = _pick(_sharpened(logits, knobs))
        else:
            logits, allowed = _masked(constraint, live.constraint, logits, masked, bool(knobs.guarded))
            probability, log_kept = _kept(logits, allowed, knobs)
            token = _pick(probability)
            removed[live.rows] -= log_kept
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
    return Entries(out, weight, removed if constraint is not None and not masked and knobs.guarded else None)


def _masked(
    constraint: Constraint, state: Any, logits: Tensor, masked: bool, guarded: bool
) -> tuple[Tensor, Tensor | None]:
    """The logits under what the net was trained with, and what may be drawn of them where that is less."""
    if masked:
        return logits.masked_fill(~constraint.mask(state), -torch.inf), None
    syntax = constraint.syntax(state)
    logits = logits if syntax is None else logits.masked_fill(~syntax, -torch.inf)
    return logits, constraint.mask(state) if guarded else None


def _kept(logits: Tensor, allowed: Tensor | None, knobs: Sharpness) -> tuple[Tensor, Tensor]:
    """The probabilities of what is allowed, and how much of the whole that is, as a logarithm."""
    if allowed is None:
        return _sharpened(logits, knobs), logits.new_zeros(len(logits))
    probability = (logits / knobs.temperature if knobs.temperature != 1 else logits).softmax(-1) * allowed
    kept = probability.sum(-1)
    if bool((kept < _TRACE).any()):  # far outside of what the net thinks possible
        tempered = logits.masked_fill(torch.isinf(logits), torch.finfo(logits.dtype).min / 4) / knobs.temperature
        allowed_only = tempered.masked_fill(~allowed, -torch.inf)
        return _nucleus(allowed_only.softmax(-1), knobs), allowed_only.logsumexp(-1) - tempered.logsumexp(-1)
    return _nucleus(probability / kept[:, None] if knobs.top_p < 1 else probability, knobs), kept.log()


def _guided(logits: list[Tensor], guidance: float) -> Tensor:
    if len(logits) == 1:
        return _exact(logits[0])
    conditional, free = (_exact(each).log_softmax(-1) for each in logits)
    return free + guidance * (conditional - free)


def _exact(logits: Tensor) -> Tensor:
    """Logits in at least single precision: sums of many small probabilities need it."""
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


def _sharpened(logits: Tensor, knobs: Sharpness) -> Tensor:
    """The probabilities of what is drawn."""
    return _nucleus((logits / knobs.temperature if knobs.temperature != 1 else logits).softmax(-1), knobs)


def _nucleus(probability: Tensor, knobs: Sharpness) -> Tensor:
    """Probabilities without their tail."""
    if knobs.top_p == 1:
        return probability
    ordered, order = probability.sort(-1, descending=True)
    beyond = ordered.cumsum(-1) - ordered >= knobs.top_p
    return probability.masked_fill(beyond.gather(-1, order.argsort(-1)), 0.0)


def _pick(probability: Tensor) -> Tensor:
    """One draw of each row of probabilities, whatever their sum."""
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
