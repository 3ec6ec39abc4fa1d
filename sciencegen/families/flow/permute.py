"""Permutations: which entry comes first."""

from __future__ import annotations

import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform

__all__ = ["Reverse", "Shuffle"]


class Reverse(Transform):
    """The last entry first."""

    cheap = "both"

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return Mapped(x.flip(-1), x.new_zeros(len(x)))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return Mapped(z.flip(-1), z.new_zeros(len(z)))


class Shuffle(Transform):
    """An order drawn once, and saved with the weights."""

    cheap = "both"

    def __init__(self, entries: int) -> None:
        super().__init__()
        self.register_buffer("order", torch.randperm(entries))

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        assert isinstance(self.order, Tensor)
        return Mapped(x.t().index_select(0, self.order).t(), x.new_zeros(len(x)))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        assert isinstance(self.order, Tensor)
        return Mapped(z.t().index_select(0, self.order.argsort()).t(), z.new_zeros(len(z)))
