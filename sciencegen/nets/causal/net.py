"""What every causal net can do: all entries in parallel, or one entry after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

__all__ = ["CausalNet"]


class CausalNet(nn.Module, ABC):
    """Logits of p(x_t | x_<t, context), for entries in raster order.

    `forward` and `step` must agree: stepping is the same function without the work already done. A state is
    opaque to families, which hand it back and ask for some rows of it; `step` may change it in place.
    """

    halves: bool = False
    """Whether steps may be taken in half precision."""
    compiles: bool = False
    """Whether one compiled step serves all entries: what depends on `t` would be compiled again for each."""

    @abstractmethod
    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Logits [n, length, logits] of entries x [n, length] (integers), all at once."""

    @abstractmethod
    def start(self, context: Tensor) -> Any:
        """The state before the first entry of len(context) samples."""

    @abstractmethod
    def step(self, state: Any, t: int, previous: Tensor | None) -> Tensor:
        """Logits [n, logits] of entry `t`, given entry t - 1 (None at the start)."""

    @abstractmethod
    def take(self, state: Any, rows: Tensor) -> Any:
        """The state of some of the samples."""
