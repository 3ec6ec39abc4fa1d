"""MADE."""

from __future__ import annotations

from torch import Tensor

from sciencegen.core.space import Discrete
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.masked import MaskedMLP, MaskedState

__all__ = ["MADE"]


class MADE(CausalNet):
    """Masked autoencoder (MADE: Masked Autoencoder for Distribution Estimation; Germain et al.; 2015)."""

    def __init__(
        self,
        space: Discrete,
        context: int,
        width: int = 512,
        depth: int = 1,
        dropout: float = 0.0,
        act: str = "relu",
    ) -> None:
        super().__init__()
        self.space = space
        self.masked = MaskedMLP(space.size, space.inputs, space.logits, [width] * depth, context, act, dropout)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        out: Tensor = self.masked(self.space.floats(x).to(self.masked.out.weight.dtype), context)
        return out

    def start(self, context: Tensor) -> MaskedState:
        return self.masked.start(context)

    def step(self, state: MaskedState, t: int, previous: Tensor | None) -> Tensor:
        seen = None if previous is None else self.space.floats(previous).to(self.masked.out.weight.dtype)
        return self.masked.step(state, t, seen)

    def take(self, state: MaskedState, rows: Tensor) -> MaskedState:
        return state.take(rows)
