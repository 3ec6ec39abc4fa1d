"""Coupling transforms: one half of the entries is moved by a net that reads the other half."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform
from sciencegen.nets.mlp import MLP

__all__ = ["AffineCoupling", "soft_clip"]


def soft_clip(x: Tensor, bound: float) -> Tensor:
    """`x` near 0, never beyond `bound`: a log-scale that no training step can blow up."""
    return x / (1 + x.abs() / bound)


class AffineCoupling(Transform):
    """z = x exp(s) + t on every other entry (Density estimation using Real NVP; Dinh, Sohl-Dickstein, Bengio; 2016)."""

    cheap = "both"

    def __init__(
        self, entries: int, widths: Sequence[int], context: int = 0, odd: bool = False, bound: float = 3.0
    ) -> None:
        super().__init__()
        moved = torch.arange(entries) % 2 == int(odd)
        if entries == 1:  # nothing to read: the context alone moves the one entry
            moved = torch.ones(1, dtype=torch.bool)
        self.register_buffer("moved", moved.nonzero()[:, 0], persistent=False)
        self.register_buffer("kept", (~moved).nonzero()[:, 0], persistent=False)
        self.bound = bound
        self.net = MLP(max(int((~moved).sum()), 1), 2 * int(moved.sum()), widths, context)
        torch.nn.init.zeros_(self.net.out.weight)
        torch.nn.init.zeros_(self.net.out.bias)

    def _scale_shift(self, kept: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        seen = kept if kept.shape[1] else kept.new_ones(len(kept), 1)
        scale, shift = self.net(seen, context).to(kept.dtype).chunk(2, -1)
        return soft_clip(scale, self.bound), shift

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        moved, kept = self._split()
        scale, shift = self._scale_shift(x[:, kept], context)
        return Mapped(x.index_copy(1, moved, x[:, moved] * scale.exp() + shift), scale.sum(-1))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        moved, kept = self._split()
        scale, shift = self._scale_shift(z[:, kept], context)
        return Mapped(z.index_copy(1, moved, (z[:, moved] - shift) * torch.exp(-scale)), -scale.sum(-1))

    def _split(self) -> tuple[Tensor, Tensor]:
        assert isinstance(self.moved, Tensor)
        assert isinstance(self.kept, Tensor)
        return self.moved, self.kept
