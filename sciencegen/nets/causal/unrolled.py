"""A net that says everything of a sequence at once: what its entries are does not depend on one another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor, nn

from sciencegen.core.space import Discrete
from sciencegen.nets.causal.net import CausalNet

__all__ = ["Unrolled", "Whole"]


@dataclass(frozen=True)
class Whole:
    """The logits of all entries [n, length, logits]."""

    logits: Tensor


class Unrolled(CausalNet):
    """Recurrent layers that read the context again at every step, and never an entry.

    The decoder of the Grammar Variational Autoencoder (Kusner, Paige, Hernández-Lobato; 2017): only a constraint ties
    its entries together.
    """

    def __init__(self, space: Discrete, context: int, width: int = 256, depth: int = 3) -> None:
        super().__init__()
        self.size = space.size
        self.rnn = nn.GRU(max(context, 1), width, depth, batch_first=True)
        self.head = nn.Linear(width, space.logits)

    def _all(self, context: Tensor, length: int) -> Tensor:
        read = context if context.shape[1] else context.new_zeros(len(context), 1)
        hidden, _ = self.rnn(read[:, None].expand(-1, length, -1))
        out: Tensor = self.head(hidden)
        return out

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self._all(context, x.shape[1])

    def start(self, context: Tensor) -> Whole:
        return Whole(self._all(context, self.size))

    def step(self, state: Whole, t: int, previous: Tensor | None) -> Tensor:
        return state.logits[:, t]

    def take(self, state: Whole, rows: Tensor) -> Whole:
        return replace(state, logits=state.logits[rows])
