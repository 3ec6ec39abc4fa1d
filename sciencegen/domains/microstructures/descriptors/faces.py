"""Finite differences between the pixels of images: what flows through their faces when a gradient is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["Faces"]


@dataclass(frozen=True)
class Faces:
    """The faces between neighbouring pixels, for a mean gradient of 1 along the `driven` axis.

    Periodic: every pixel has two neighbours along every axis. Else the first and last faces along the driven axis, half
    a pixel away, hold fixed values, and nothing flows through the other sides.
    """

    sides: tuple[int, ...]
    driven: int
    periodic: bool

    def conductances(self, k: Tensor) -> list[Tensor]:
        """What flows through each face for a difference of 1: two halves of pixels in series. One tensor an axis."""
        found = []
        for axis in range(1, k.ndim):
            if self.periodic:
                found.append(_in_series(k, k.roll(-1, axis)))
                continue
            between = _in_series(k.narrow(axis, 0, k.shape[axis] - 1), k.narrow(axis, 1, k.shape[axis] - 1))
            if self._ends(axis):
                ends = 2 * k.narrow(axis, 0, 1), 2 * k.narrow(axis, k.shape[axis] - 1, 1)
                between = torch.cat((ends[0], between, ends[1]), axis)
            found.append(between)
        return found

    def differences(self, u: Tensor) -> list[Tensor]:
        """How much u rises across every face."""
        found = []
        for axis in range(1, u.ndim):
            if self.periodic:
                found.append(u.roll(-1, axis).sub_(u))
            else:
                found.append((_padded(u, axis) if self._ends(axis) else u).diff(dim=axis))
        return found

    def gathered(self, flows: Sequence[Tensor]) -> Tensor:
        """What flows out of every pixel: minus the transpose of the differences."""
        total: Tensor | None = None
        for axis, flow in enumerate(flows, 1):
            if self.periodic:
                out = flow - flow.roll(1, axis)
            else:
                out = (flow if self._ends(axis) else _padded(flow, axis)).diff(dim=axis)
            total = out if total is None else total.add_(out)
        assert total is not None
        return total

    def applied(self, like: Tensor) -> Tensor:
        """How much the mean gradient rises across the faces along the driven axis."""
        side = self.sides[self.driven]
        rise = like.new_ones(side if self.periodic else side + 1)
        if not self.periodic:
            rise[0] = rise[-1] = 0.5
        return rise.view(-1, *(1 for _ in self.sides[self.driven + 1 :]))

    def preconditioner(self, like: Tensor) -> Callable[[Tensor], Tensor]:
        """The inverse of the same differences where all conducts alike: by Fourier, or by cosines and sines."""
        total = like.new_zeros(())
        for axis, side in enumerate(self.sides):
            count = side // 2 + 1 if self.periodic and axis == len(self.sides) - 1 else side
            wave = torch.arange(count, dtype=like.dtype, device=like.device) * (2 * pi if self.periodic else pi) / side
            # sines of half steps are cosines with every other sign, and in the opposite order
            cosine = -wave.cos() if self._ends(axis + 1) else wave.cos()
            total = total + (2 - 2 * cosine).view(-1, *(1 for _ in self.sides[axis + 1 :]))
        if self.periodic:
            inverse = torch.where(total > 0, 1 / total, 0.0)
            inverse[(0,) * len(self.sides)] = 0.0  # the mean of u is free
            return lambda r: _by_fourier(r, inverse)
        signs = like.new_ones(self.sides[self.driven])
        signs[1::2] = -1
        signs = signs.view(-1, *(1 for _ in self.sides[self.driven + 1 :]))
        return lambda r: _by_cosines(r * signs, 1 / total) * signs

    def _ends(self, axis: int) -> bool:
        return not self.periodic and axis == self.driven + 1


def _in_series(one: Tensor, other: Tensor) -> Tensor:
    total = one + other
    return 2 * one * other / torch.where(total > 0, total, 1.0)


def _padded(u: Tensor, axis: int) -> Tensor:
    return pad(u, (0, 0) * (u.ndim - 1 - axis) + (1, 1))


def _by_fourier(r: Tensor, inverse: Tensor) -> Tensor:
    axes = tuple(range(1, r.ndim))
    u: Tensor = torch.fft.irfftn(torch.fft.rfftn(r, dim=axes).mul_(inverse), r.shape[1:], axes)
    return u


def _by_cosines(r: Tensor, inverse: Tensor) -> Tensor:
    for axis in range(1, r.ndim):
        r = _cosines(r.movedim(axis, -1)).movedim(-1, axis)
    r = r * inverse
    for axis in range(1, r.ndim):
        r = _from_cosines(r.movedim(axis, -1)).movedim(-1, axis)
    return r


def _cosines(x: Tensor) -> Tensor:
    """The sums of x_n cos(pi k (2 n + 1) / 2 N) over the last dimension.

    A fast cosine transform in one and two dimensions; Makhoul; 1980.
    """
    side = x.shape[-1]
    wave = torch.fft.rfft(torch.cat((x[..., ::2], x[..., 1::2].flip(-1)), -1)) * _turns(x, -1)
    return torch.cat((wave.real, -wave.imag[..., 1 : (side + 1) // 2].flip(-1)), -1)


def _from_cosines(y: Tensor) -> Tensor:
    """What has these sums."""
    side = y.shape[-1]
    half = side // 2 + 1
    mirrored = pad(y, (0, 1)).flip(-1)[..., :half]
    waves = torch.fft.irfft(torch.complex(y[..., :half], -mirrored) * _turns(y, 1), side)
    x = torch.empty_like(y)
    x[..., ::2] = waves[..., : (side + 1) // 2]
    x[..., 1::2] = waves[..., (side + 1) // 2 :].flip(-1)
    return x


def _turns(x: Tensor, way: int) -> Tensor:
    side = x.shape[-1]
    angle = way * pi / (2 * side) * torch.arange(side // 2 + 1, dtype=x.dtype, device=x.device)
    return torch.polar(torch.ones_like(angle), angle)
