"""Planar and radial transforms: one bend of all space, along a direction or around a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.root import root
from sciencegen.families.flow.univariate import soft_clip
from sciencegen.nets.mlp import MLP

__all__ = ["Planar", "Radial"]

_FLATTEST = 1e-3  # the least slope a bend may have
_ZERO = math.log(math.e - 1)  # softplus is 1 there
Cheap = Literal["to_noise", "to_data"]


class Shaped(nn.Module):
    """Numbers that are parameters, moved by what a net makes of the context where there is one."""

    def __init__(self, start: Tensor, widths: Sequence[int], context: int) -> None:
        super().__init__()
        self.start = nn.Parameter(start)
        self.net = MLP(context, len(start), widths) if context else None
        if self.net is not None:
            nn.init.zeros_(self.net.out.weight)
            nn.init.zeros_(self.net.out.bias)

    def forward(self, context: Tensor) -> Tensor:
        """The numbers of each sample [n or 1, numbers]."""
        if self.net is None:
            return self.start[None]
        moved: Tensor = self.net(context, context[:, :0]).to(self.start.dtype)
        return self.start + moved


class Planar(Transform):
    """x + u tanh(w x + b), with u bent so that w u > -1 (Variational Inference with Normalizing Flows; Rezende,
    Mohamed; 2015).

    `cheap` says which direction the formula takes; the other is solved for along w, to the last digits.
    """

    def __init__(self, entries: int, widths: Sequence[int], context: int = 0, cheap: Cheap = "to_noise") -> None:
        super().__init__()
        self.entries, self.cheap, self.exact = entries, cheap, cheap
        start = torch.cat((torch.randn(entries) / entries**0.5, 0.01 * torch.randn(entries), torch.zeros(1)))
        self.shape = Shaped(start, widths, context)

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return self._bend(x, context) if self.cheap == "to_noise" else self._unbend(x, context)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return self._bend(z, context) if self.cheap == "to_data" else self._unbend(z, context)

    def _bend(self, x: Tensor, context: Tensor) -> Mapped:
        w, u, b, lift = self._parts(context)
        h = torch.tanh((w * x).sum(-1, keepdim=True) + b)
        return Mapped(x + u * h, torch.log1p(lift * (1 - h * h))[:, 0])

    def _unbend(self, z: Tensor, context: Tensor) -> Mapped:
        w, u, b, lift = self._parts(context)
        along = (w * z).sum(-1, keepdim=True)

        def rising(at: Tensor) -> tuple[Tensor, Tensor]:
            h = torch.tanh(at + b)
            return at + lift * h - along, 1 + lift * (1 - h * h)

        h = torch.tanh(root(rising, along - lift.abs() - 1, along + lift.abs() + 1) + b)
        return Mapped(z - u * h, -torch.log1p(lift * (1 - h * h))[:, 0])

    def _parts(self, context: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """w, u, b, and w u, which is kept above -1."""
        w, u, b = self.shape(context).split((self.entries, self.entries, 1), -1)
        free = (w * u).sum(-1, keepdim=True)
        lift = (1 - _FLATTEST) * (F.softplus(free + _ZERO) - 1)
        return w, u + (lift - free) * w / w.square().sum(-1, keepdim=True).clamp_min(1e-12), b, lift


class Radial(Transform):
    """x + b (x - c) / (a + |x - c|), with a > 0 and b > -a (Rezende, Mohamed; 2015).

    `cheap` says which direction this formula takes. The other is a root of a quadratic: both are exact and cheap.
    """

    def __init__(self, entries: int, widths: Sequence[int], context: int = 0, cheap: Cheap = "to_noise") -> None:
        super().__init__()
        self.entries, self.way = entries, cheap
        self.cheap = "both"
        self.shape = Shaped(torch.cat((torch.randn(entries), 0.01 * torch.randn(2))), widths, context)

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return self._bend(x, context) if self.way == "to_noise" else self._unbend(x, context)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return self._bend(z, context) if self.way == "to_data" else self._unbend(z, context)

    def _bend(self, x: Tensor, context: Tensor) -> Mapped:
        c, a, b = self._parts(context)
        offset = x - c
        r = _length(offset)
        return Mapped(c + offset * (1 + b / (a + r)), self._log_volume(a, b, r))

    def _unbend(self, z: Tensor, context: Tensor) -> Mapped:
        c, a, b = self._parts(context)
        offset = z - c
        far = _length(offset)
        p = a + b - far  # r^2 + p r - far a = 0
        spread = (p * p + 4 * far * a).sqrt()
        near = 2 * a / (p.clamp_min(0) + spread)
        share = torch.where(p > 0, near, (spread - p.clamp_max(0)) / (2 * far))
        return Mapped(c + offset * share, -self._log_volume(a, b, share * far))

    def _log_volume(self, a: Tensor, b: Tensor, r: Tensor) -> Tensor:
        around, outwards = torch.log1p(b / (a + r)), torch.log1p(a * b / (a + r).square())
        return ((self.entries - 1) * around + outwards)[:, 0]

    def _parts(self, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        c, log_a, b = self.shape(context).split((self.entries, 1, 1), -1)
        a = soft_clip(log_a, 5.0).exp()
        return c, a, a * (1 - _FLATTEST) * (F.softplus(b + _ZERO) - 1)


def _length(x: Tensor) -> Tensor:
    """The length of each row, with a gradient at 0 too."""
    return (x.square().sum(-1, keepdim=True) + 1e-30).sqrt()
