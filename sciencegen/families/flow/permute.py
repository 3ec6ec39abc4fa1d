"""Permutations: which entry comes first."""

from __future__ import annotations

from torch import Tensor

from sciencegen.core.transform import Mapped, Transform

__all__ = ["Reverse"]


class Reverse(Transform):
    """The last entry first."""

    cheap = "both"

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return Mapped(x.flip(-1), x.new_zeros(len(x)))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return Mapped(z.flip(-1), z.new_zeros(len(z)))
