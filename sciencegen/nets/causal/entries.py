"""Entries drawn one after the other by a causal net, and how probable whole rows are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.constraint import Constraint
from sciencegen.core.generator import Drawn, Knobs, positive
from sciencegen.core.space import Discrete, Tokens
from sciencegen.errors import RequestError
from sciencegen.nets.causal.net import CausalNet

__all__ = ["Entries", "Sharpness", "draw_entries", "forbids", "least_removed", "sequence_log_prob"]

_COMPACT_BELOW = 0.85
"""Finished rows are dropped from the working set when fewer than this share of them is left."""
_TOGETHER = 32
"""The working set is a multiple of so many rows: the processor's library keeps a program for every size it has met."""


_MANY, _BLOCK = 96, 32
"""From so many categories on, one is looked for in blocks of so many."""
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


def forbids(space: Discrete, masked: bool) -> bool:
    """Whether a space's constraint keeps draws from what a net has learned: it has more than syntax, and the net was
    not trained under all of it."""
    constraint = space.constraint if isinstance(space, Tokens) else None
    return constraint is not None and not constraint.is_syntax and not masked


def sequence_log_prob(
    space: Discrete, logits: Tensor, x: Tensor, masked: bool = True, counted: Tensor | None = None
) -> Tensor:
    """The log-probability of whole rows, given the logits of all their entries; under the whole constraint where it
    is `masked`, else under its syntax. Entries that are not `counted` cost nothing."""
    constraint = space.constraint if isinstance(space, Tokens) else None
    if constraint is not None:
        allowed = constraint.masks(x) if masked else constraint.syntaxes(x)
        logits = logits if allowed is None else space.full(logits).masked_fill(~allowed, -torch.inf)
    entries = space.log_prob(_exact(logits), x)
    return (entries if counted is None else entries.where(counted, torch.zeros_like(entries))).sum(-1)


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
    removed: Tensor
    previous: Tensor | None = None
    ended: Tensor | None = None
    """Which of the previous entries are the end."""
    drawn: list[Tensor] = field(default_factory=list)
    """Entries not yet written down."""
    written: int = 0

    def take(self, kept: Tensor, net: CausalNet, constraint: Constraint | None) -> None:
        self.rows, self.removed = self.rows.index_select(0, kept), self.removed.index_select(0, kept)
        self.states = [net.take(state, kept) for state in self.states]
        self.previous = None if self.previous is None else self.previous.index_select(0, kept)
        self.ended = None if self.ended is None else self.ended.index_select(0, kept)
        if constraint is not None:
            self.constraint = constraint.take(self.constraint, kept)

    def write(self, out: Tensor, removed: Tensor) -> None:
        """Write down what was drawn of these rows."""
        if self.drawn:
            upto = self.written + len(self.drawn)
            out[self.rows, self.written : upto] = torch.stack(self.drawn, 1)
            removed[self.rows] = self.removed
            self.written, self.drawn = upto, []


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
        torch.zeros_like(removed),
    )
    for t in range(length):
        logits = _guided([space.full(net.step(state, t, live.previous)) for state in live.states], knobs.guidance)
        learned, allowed = _masks(constraint, live.constraint, masked, bool(knobs.guarded))
        log_kept = torch.zeros_like(live.removed)
        if learned is None and allowed is None:
            token = _pick(_sharpened(logits, knobs))
        else:
            probability, log_kept = _kept(logits, learned, allowed, knobs)
            token = _pick(probability)
        if x is not None and known is not None:
            given, is_given = x[live.rows, t], known[live.rows, t]
            if live.ended is not None:
                is_given = is_given & ~live.ended  # after the end nothing costs probability
            weight[live.rows] += _log_given(logits, learned, given).where(is_given, torch.zeros_like(live.removed))
            token = torch.where(is_given, given, token)
            log_kept = log_kept.masked_fill(is_given, 0.0)  # nothing was drawn
        if allowed is not None:
            live.removed = live.removed - log_kept
        if end is not None:
            token = token if live.ended is None else token.masked_fill(live.ended, end)
            live.ended = token == end
        live.previous = token
        live.drawn.append(token)
        if constraint is not None:
            live.constraint = constraint.advance(live.constraint, token)
        if live.ended is None:
            continue
        going = len(token) - int(live.ended.sum())
        if not going:
            break
        size = -(-going // _TOGETHER) * _TOGETHER
        if size < _COMPACT_BELOW * len(token):
            live.write(out, removed)
            kept, ended = (~live.ended).nonzero()[:, 0], live.ended.nonzero()[:, 0]
            live.take(torch.cat((kept, ended[: size - going])), net, constraint)  # some stay, to keep the sizes few
    live.write(out, removed)
    return Entries(out, weight, removed if forbids(space, masked) and knobs.guarded else None)


def _masks(
    constraint: Constraint | None, state: Any, masked: bool, guarded: bool
) -> tuple[Tensor | None, Tensor | None]:
    """What the net was trained under, and what may be drawn of it where that is less."""
    if constraint is None:
        return None, None
    if masked:
        return constraint.mask(state), None
    return constraint.syntax(state), constraint.mask(state) if guarded and not constraint.is_syntax else None


def _kept(logits: Tensor, learned: Tensor | None, allowed: Tensor | None, knobs: Sharpness) -> tuple[Tensor, Tensor]:
    """The probabilities of what is allowed, up to a factor; and what part of the learned that is, as a logarithm."""
    tempered = logits / knobs.temperature if knobs.temperature != 1 else logits
    probability = tempered.softmax(-1)
    whole = kept = probability.new_ones(len(logits))
    if learned is not None:
        probability = probability.mul_(_numbers(learned, probability.dtype))
        whole = kept = probability.sum(-1)
    if allowed is not None:
        probability = probability.mul_(_numbers(allowed, probability.dtype))
        kept = probability.sum(-1)
    if bool((kept < _TRACE).any()):  # far outside of what the net thinks possible
        return _kept_exactly(tempered, learned, allowed, knobs)
    return _nucleus(probability / kept[:, None] if knobs.top_p < 1 else probability, knobs), (kept / whole).log()


def _kept_exactly(
    logits: Tensor, learned: Tensor | None, allowed: Tensor | None, knobs: Sharpness
) -> tuple[Tensor, Tensor]:
    """The same in logarithms."""
    if learned is not None:
        logits = logits.masked_fill(~learned, -torch.inf)
    if allowed is None:
        return _nucleus(logits.softmax(-1), knobs), logits.new_zeros(len(logits))
    logits = logits.masked_fill(torch.isinf(logits), torch.finfo(logits.dtype).min / 4)
    allowed_only = logits.masked_fill(~allowed, -torch.inf)
    return _nucleus(allowed_only.softmax(-1), knobs), allowed_only.logsumexp(-1) - logits.logsumexp(-1)


def _numbers(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask as ones and zeros; read as bytes it is made several times faster."""
    return mask.view(torch.uint8).to(dtype)


def _log_given(logits: Tensor, learned: Tensor | None, given: Tensor) -> Tensor:
    """How probable given entries are: [n]."""
    within = logits if learned is None else logits.masked_fill(~learned, -torch.inf)
    return within.log_softmax(-1).gather(-1, given[:, None])[:, 0]


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
    """One draw of each row of probabilities, whatever their sum; they are overwritten."""
    if probability.shape[-1] == 2:
        odds = probability[:, 1] / probability.sum(-1)
        return (torch.rand_like(odds) < odds).long()
    if probability.device.type != "cpu":
        return torch.multinomial(probability, 1)[:, 0]
    # one random number a row, not one for each category; above 0 and at most the sum, so that no category of
    # probability 0 is ever drawn
    share = 1 - torch.rand_like(probability[:, :1])
    if probability.shape[-1] < _MANY:
        reached = torch.cumsum(probability, -1, out=probability)
        return torch.searchsorted(reached, share * reached[:, -1:])[:, 0].clamp(max=probability.shape[-1] - 1)
    return _pick_of_many(probability, share)


def _pick_of_many(probability: Tensor, share: Tensor) -> Tensor:
    """The same where there are many categories: first a block of them, then one of the block; sums are quicker than
    sums that are kept at every step."""
    padded = torch.nn.functional.pad(probability, (0, -probability.shape[-1] % _BLOCK))
    blocks = padded.view(-1, _BLOCK)
    sums = blocks.sum(-1).view(len(probability), -1)
    reached = sums.cumsum(-1)
    threshold = share * reached[:, -1:]
    block = torch.searchsorted(reached, threshold).clamp(max=sums.shape[1] - 1)
    left = threshold - (reached.gather(1, block) - sums.gather(1, block)).clamp(min=0)
    rows = torch.arange(len(block), device=block.device)
    inside = blocks.index_select(0, rows * sums.shape[1] + block[:, 0]).cumsum(-1)
    # rounding must not lead out of the block, nor to a category before it
    left = torch.minimum(left, inside[:, -1:]).clamp(min=torch.finfo(left.dtype).tiny)
    return (block * _BLOCK + torch.searchsorted(inside, left))[:, 0].clamp(max=probability.shape[-1] - 1)
