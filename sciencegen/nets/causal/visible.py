"""FVSBN and NADE: every entry is a regression on the entries before it, without and with shared hidden units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sciencegen.core.space import Discrete
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.conditioner import Inject
from sciencegen.nets.masked import MaskedMLP, MaskedState

__all__ = ["FVSBN", "NADE"]


class FVSBN(CausalNet):
    """Fully visible sigmoid belief network: entry t is a logistic regression on entries before t.

    Connectionist learning of belief networks; Neal; 1992. Does the wake-sleep algorithm produce good density
    estimators?; Frey, Hinton, Dayan; 1996.
    """

    def __init__(self, space: Discrete, context: int) -> None:
        super().__init__()
        self.space = space
        self.masked = MaskedMLP(space.size, space.inputs, space.logits, [], context)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        out: Tensor = self.masked(_floats(self.space, x, self.masked.out.weight), context)
        return out

    def start(self, context: Tensor) -> MaskedState:
        return self.masked.start(context)

    def step(self, state: MaskedState, t: int, previous: Tensor | None) -> Tensor:
        seen = None if previous is None else _floats(self.space, previous, self.masked.out.weight)
        return self.masked.step(state, t, seen)

    def take(self, state: MaskedState, rows: Tensor) -> MaskedState:
        return state.take(rows)


@dataclass
class NadeState:
    """The hidden pre-activation of what was seen so far."""

    sums: Tensor  # [n, width]


class NADE(CausalNet):
    """Neural autoregressive distribution estimator (Larochelle, Murray; 2011).

    h_t = sigmoid(b + sum_{s<t} W_s x_s),  logits_t = V_t h_t + c_t
    """

    def __init__(self, space: Discrete, context: int, width: int = 500, dropout: float = 0.0) -> None:
        super().__init__()
        self.space = space
        entries, inputs, outputs = space.size, space.inputs, space.logits
        self.enter = nn.Parameter(torch.randn(entries, inputs, width) / (entries * inputs) ** 0.5)
        self.leave = nn.Parameter(torch.randn(entries, outputs, width) / width**0.5)
        self.hidden_bias = nn.Parameter(torch.zeros(width))
        self.out_bias = nn.Parameter(torch.zeros(entries, outputs))
        self.inject, self.dropout = Inject(context, width), nn.Dropout(dropout)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        start = self._start(context).to(self.enter.dtype)
        kept = self.dropout(torch.ones_like(start)) if self.training and self.dropout.p else None
        floats = _floats(self.space, x, self.enter)
        logits: Tensor = _Scan.apply(floats, self.enter, self.leave, start, kept)  # type: ignore[no-untyped-call]
        return logits + self.out_bias

    def _start(self, context: Tensor) -> Tensor:
        out: Tensor = self.inject(self.hidden_bias.expand(len(context), -1), context)
        return out

    def start(self, context: Tensor) -> NadeState:
        return NadeState(self._start(context).clone())

    def step(self, state: NadeState, t: int, previous: Tensor | None) -> Tensor:
        if previous is not None:
            state.sums.addmm_(_floats(self.space, previous, self.enter), self.enter[t - 1])
        return torch.addmm(self.out_bias[t], torch.sigmoid(state.sums), self.leave[t].t())

    def take(self, state: NadeState, rows: Tensor) -> NadeState:
        return NadeState(state.sums[rows])


class _Scan(torch.autograd.Function):
    """All of NADE's logits in one sweep over the entries, with the backward sweep written out.

    Recording the sweep would keep a dozen tensors for every entry. The backward sweep needs none of them: it takes
    each entry off the sums again and so meets every hidden unit a second time, in the cache and not in memory.
    `kept` [n, width] multiplies the hidden units (dropout, the same units for all entries of a sample) or is None.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, enter: Tensor, leave: Tensor, start: Tensor, kept: Tensor | None) -> Tensor:
        by_entry, sums, h = x.transpose(0, 1).contiguous(), start.clone(), torch.empty_like(start)
        logits = x.new_empty(len(by_entry), len(x), leave.shape[1])
        with torch.autocast(x.device.type, enabled=False):
            for t in range(len(by_entry)):
                torch.sigmoid(sums, out=h)
                torch.mm(h if kept is None else h.mul_(kept), leave[t].t(), out=logits[t])
                sums.addmm_(by_entry[t], enter[t])
        ctx.save_for_backward(by_entry, enter, leave, sums, kept)
        return logits.transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        by_entry, enter, leave, sums, kept = ctx.saved_tensors
        sums, h, slope = sums.clone(), torch.empty_like(sums), torch.empty_like(sums)
        grad = grads[0].transpose(0, 1).contiguous()
        grad_enter, grad_leave = torch.empty_like(enter), torch.empty_like(leave)
        later = torch.zeros_like(sums)  # what entries after t ask of the sums at t
        for t in range(len(by_entry) - 1, -1, -1):
            sums.addmm_(by_entry[t], enter[t], alpha=-1)
            torch.sigmoid(sums, out=h)
            torch.mm(by_entry[t].t(), later, out=grad_enter[t])
            torch.mm(grad[t].t(), h if kept is None else h * kept, out=grad_leave[t])
            torch.mm(grad[t], leave[t], out=slope)
            if kept is not None:
                slope.mul_(kept)
            later.addcmul_(slope, torch.addcmul(h, h, h, value=-1, out=h))
        return None, grad_enter, grad_leave, later, None


def _floats(space: Discrete, x: Tensor, like: Tensor) -> Tensor:
    return space.floats(x).to(like.dtype)
