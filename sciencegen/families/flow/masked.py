"""Masked autoregressive transforms: each entry is moved by a net that reads the entries before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.coupling import soft_clip
from sciencegen.nets.masked import MaskedMLP

__all__ = ["MaskedAffine"]


class MaskedAffine(Transform):
    """z_t = (x_t - m_t) exp(-s_t), with m_t and s_t read off the entries before t.

    `cheap="to_noise"` reads data: a fast density (Masked Autoregressive Flow; Papamakarios, Pavlakou, Murray; 2017).
    `cheap="to_data"` reads noise: fast samples (Improved Variational Inference with Inverse Autoregressive Flow;
    Kingma et al.; 2016). The other direction goes entry by entry, computing every hidden unit once.
    """

    def __init__(
        self,
        entries: int,
        widths: Sequence[int],
        context: int = 0,
        cheap: Literal["to_noise", "to_data"] = "to_noise",
        bound: float = 3.0,
    ) -> None:
        super().__init__()
        self.cheap, self.bound = cheap, bound
        self.net = MaskedMLP(entries, 1, 2, widths, context, act="silu", direct=False)

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return self._at_once(x, context) if self.cheap == "to_noise" else self._in_turn(x, context)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return self._at_once(z, context) if self.cheap == "to_data" else self._in_turn(z, context)

    def _at_once(self, x: Tensor, context: Tensor) -> Mapped:
        shift, scale = self.net(x[..., None], context).to(x.dtype).unbind(-1)
        scale = soft_clip(scale, self.bound)
        return Mapped((x - shift) * torch.exp(-scale), -scale.sum(-1))

    def _in_turn(self, z: Tensor, context: Tensor) -> Mapped:
        state, entries = self.net.start(context), z.t().contiguous()
        found: list[Tensor] = []
        scales: list[Tensor] = []
        for t, entry in enumerate(entries):
            shift, scale = self.net.step(state, t, found[-1][:, None] if found else None).unbind(-1)
            scales.append(soft_clip(scale, self.bound))
            found.append(torch.addcmul(shift, entry, scales[-1].exp()))
        return Mapped(torch.stack(found).t(), torch.stack(scales).sum(0))
