"""Masked perceptrons whose output t sees inputs before t only, evaluated at once or one entry at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.nets.conditioner import Inject
from sciencegen.nets.mlp import activation_in_place

__all__ = ["MaskedMLP", "MaskedState"]


@dataclass
class MaskedState:
    """What one-at-a-time evaluation has computed so far, unit-major so that a range of units is one block."""

    x: Tensor  # [inputs, n], entries seen
    hidden: list[Tensor]  # each [width, n], units of a degree that was reached
    shifts: list[Tensor]  # each [width, n], bias and context
    out: Tensor  # [outputs, n], bias and context

    def take(self, rows: Tensor) -> MaskedState:
        """The same for some of the samples."""
        hidden, shifts = [h[:, rows] for h in self.hidden], [s[:, rows] for s in self.shifts]
        return MaskedState(self.x[:, rows], hidden, shifts, self.out[:, rows])


class MaskedMLP(nn.Module):
    """A perceptron with masked weights (MADE: Masked Autoencoder for Distribution Estimation; Germain et al.; 2015).

    `entries` groups of `inputs` numbers go in, `entries` groups of `outputs` numbers come out, and group t of the
    output depends on groups before t of the input. Hidden units are sorted by degree, so the units that become
    computable when entry t is known are one block of each layer: evaluating one entry at a time (`start`, `step`)
    computes every unit once, half a forward pass in all, instead of one whole pass for every entry.
    """

    def __init__(
        self,
        entries: int,
        inputs: int,
        outputs: int,
        widths: Sequence[int],
        context: int = 0,
        act: str = "relu",
        dropout: float = 0.0,
        direct: bool = True,
    ) -> None:
        super().__init__()
        self.entries, self.inputs, self.outputs, self.widths = entries, inputs, outputs, tuple(widths)
        first = 0 if context else 1  # a unit of degree 0 sees the context alone
        degrees = [torch.arange(1, entries + 1).repeat_interleave(inputs)]
        spread = max(entries - first, 1)
        degrees += [first + torch.arange(width) * spread // width for width in widths]
        self.out_degree = torch.arange(1, entries + 1).repeat_interleave(outputs)
        sizes = [len(d) for d in degrees]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False))
        self.inject = nn.ModuleList(Inject(context, width) for width in widths)
        self.out = nn.Linear(sizes[-1], entries * outputs)
        self.inject_out = Inject(context, entries * outputs)
        for i, (low, high) in enumerate(zip(degrees, degrees[1:], strict=False)):
            self.register_buffer(f"mask{i}", (high[:, None] >= low[None, :]).float(), persistent=False)
        self.register_buffer("mask_out", (self.out_degree[:, None] > degrees[-1][None, :]).float(), persistent=False)
        self.direct: nn.Linear | None = None
        if direct and widths:
            self.direct = nn.Linear(sizes[0], entries * outputs, bias=False)
            nn.init.zeros_(self.direct.weight)
            straight = (self.out_degree[:, None] > degrees[0][None, :]).float()
            self.register_buffer("mask_direct", straight, persistent=False)
        ends = torch.arange(1, entries + 1)
        self.reached = [torch.searchsorted(d, ends, right=True).tolist() for d in degrees[1:]]
        self.free = [int((d == 0).sum()) for d in degrees[1:]]
        self.act, self.dropout = activation_in_place(act), nn.Dropout(dropout)
        self._scale_by_sight()

    def _scale_by_sight(self) -> None:
        """Start with weights as large as the inputs a unit really sees call for."""
        for i, layer in enumerate(self.layers):
            assert isinstance(layer, nn.Linear)
            sight = self._mask(f"mask{i}").sum(1, keepdim=True).clamp_min(1)
            with torch.no_grad():
                layer.weight.copy_(torch.randn_like(layer.weight) / sight.sqrt())
                layer.bias.zero_()
        with torch.no_grad():
            sight = self._mask("mask_out").sum(1, keepdim=True).clamp_min(1)
            self.out.weight.copy_(0.1 * torch.randn_like(self.out.weight) / sight.sqrt())
            self.out.bias.zero_()

    def _mask(self, name: str) -> Tensor:
        mask = getattr(self, name)
        assert isinstance(mask, Tensor)
        return mask

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """All outputs [n, entries, outputs] of inputs [n, entries, inputs]."""
        flat = x.flatten(1)
        hidden = self._hidden(flat, context)
        out: Tensor = F.linear(hidden, self.out.weight * self._mask("mask_out"), self.out.bias)
        out = self.inject_out(out, context)
        if self.direct is not None:
            out = out + F.linear(flat, self.direct.weight * self._mask("mask_direct"))
        return out.view(-1, self.entries, self.outputs)

    def rows(self, x: Tensor, context: Tensor) -> Tensor:
        """The same outputs with samples innermost [entries, outputs, n], made in this layout at no cost."""
        flat = x.flatten(1)
        weight = self.out.weight * self._mask("mask_out")
        out = torch.addmm(self.out.bias[:, None], weight, self._hidden(flat, context).t())
        if self.inject_out.linear is not None:
            out = torch.addmm(out, self.inject_out.linear.weight, context.t())
        if self.direct is not None:
            out = torch.addmm(out, self.direct.weight * self._mask("mask_direct"), flat.t())
        return out.view(self.entries, self.outputs, -1)

    def _hidden(self, hidden: Tensor, context: Tensor) -> Tensor:
        for i, (layer, inject) in enumerate(zip(self.layers, self.inject, strict=True)):
            assert isinstance(layer, nn.Linear)
            hidden = F.linear(hidden, layer.weight * self._mask(f"mask{i}"), layer.bias)
            hidden = self.act(inject(hidden, context) if context.shape[1] else hidden)
            if self.dropout.p:
                hidden = self.dropout(hidden)
        return hidden

    def start(self, context: Tensor) -> MaskedState:
        """Get ready to evaluate one entry at a time; dropout is off."""
        n, like = len(context), self.out.weight
        shifts = []
        for layer, inject in zip(self.layers, self.inject, strict=True):
            assert isinstance(layer, nn.Linear)
            shifts.append(_unit_major(inject(layer.bias.expand(n, -1), context)))
        out = self.out.bias.expand(n, -1).t()  # read only, until a context is added
        if self.inject_out.linear is not None:
            out = _unit_major(self.inject_out(out.t(), context))
        hidden = [like.new_zeros(width, n) for width in self.widths]
        state = MaskedState(like.new_zeros(self.entries * self.inputs, n), hidden, shifts, out)
        self._compute(state, [0] * len(self.widths), self.free, 0)
        return state

    def step(self, state: MaskedState, t: int, previous: Tensor | None) -> Tensor:
        """The outputs of entry `t` [n, outputs], given entry t - 1 as numbers [n, inputs]."""
        if previous is not None:
            state.x = _write(state.x, (t - 1) * self.inputs, previous.t())
            low = [reached[t - 2] if t > 1 else free for reached, free in zip(self.reached, self.free, strict=True)]
            self._compute(state, low, [reached[t - 1] for reached in self.reached], t)
        rows, seen = slice(t * self.outputs, (t + 1) * self.outputs), t * self.inputs
        last, upto = (state.hidden[-1], self._sight(t)) if self.widths else (state.x, seen)
        add = _add_product if self.inject_out.linear is not None else torch.addmm
        out = add(state.out[rows], self.out.weight[rows, :upto], last[:upto])
        if self.direct is not None:
            out = _add_product(out, self.direct.weight[rows, :seen], state.x[:seen])
        return out.t()

    def _sight(self, t: int) -> int:
        return self.reached[-1][t - 1] if t else self.free[-1]

    def _compute(self, state: MaskedState, low: list[int], high: list[int], t: int) -> None:
        below, upto = state.x, t * self.inputs
        for i, layer in enumerate(self.layers):
            a, b = low[i], high[i]
            if b > a:
                assert isinstance(layer, nn.Linear)
                weight = layer.weight[a:b, :upto]
                units = self.act(_add_product(state.shifts[i][a:b], weight, below[:upto]))
                state.hidden[i] = _write(state.hidden[i], a, units)
            below, upto = state.hidden[i], b


def _unit_major(x: Tensor) -> Tensor:
    """A copy of [n, units] as [units, n]: always a copy, for it is written to."""
    return x.t().clone(memory_format=torch.contiguous_format)


def _add_product(shift: Tensor, weight: Tensor, x: Tensor) -> Tensor:
    """shift + weight @ x; the shift is used once, so without gradients the sum is made in its place."""
    if torch.is_grad_enabled():
        return torch.addmm(shift, weight, x)
    return shift.addmm_(weight, x)


def _write(rows: Tensor, at: int, block: Tensor) -> Tensor:
    """`rows` with a block of them replaced: in place, or as a new tensor where gradients are recorded."""
    if torch.is_grad_enabled():
        return torch.cat((rows[:at], block, rows[at + len(block) :]))
    rows[at : at + len(block)] = block
    return rows
