"""Convolutions over maps of any size, in two and three dimensions, and what stands between them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.nets.conditioner import Inject
from sciencegen.nets.periodic import wrapped

__all__ = ["LEAK", "Convolution", "Modulated", "averaged", "halving", "magnified", "shuffled", "unshuffled"]

LEAK = 0.2
_CONVOLUTIONS: dict[int, type[nn.Conv2d] | type[nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}
_LINEAR = {2: "bilinear", 3: "trilinear"}


class Convolution(nn.Module):
    """A convolution that keeps the size, or halves it with `stride` 2; what is `periodic` goes on at the other side,
    all else ends in zeros. Without `shift` it has no bias. What is not `padded` is only known where the
    kernel finds all it looks at."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        dimensions: int,
        kernel: int = 3,
        stride: int = 1,
        periodic: bool = True,
        shift: bool = True,
        padded: bool = True,
    ) -> None:
        super().__init__()
        self.around, self.periodic = (kernel - 1) // 2 if padded else 0, periodic
        pad = 0 if periodic else self.around
        self.layer = _CONVOLUTIONS[dimensions](inputs, outputs, kernel, stride, pad, bias=shift)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(wrapped(x, self.around, self.around) if self.periodic else x)
        return out


class Modulated(nn.Module):
    """A convolution whose outputs the context scales and shifts, channel by channel; `normalised`, after they were made
    of one length, so that nothing grows on the way through a deep net."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        dimensions: int,
        context: int,
        kernel: int = 3,
        stride: int = 1,
        normalised: bool = True,
        periodic: bool = True,
        padded: bool = True,
    ) -> None:
        super().__init__()
        self.conv = Convolution(inputs, outputs, dimensions, kernel, stride, periodic, padded=padded)
        self.scale, self.shift = Inject(context, outputs), Inject(context, outputs)
        self.normalised = normalised

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        h = self.conv(x)
        if self.normalised:
            h = h * torch.rsqrt(h.square().mean(1, keepdim=True) + 1e-6)
        if context.shape[1]:
            ones = h.new_zeros(len(h), h.shape[1])
            spread = (..., *(None,) * (h.dim() - 2))
            h = h * (1 + self.scale(ones, context))[spread] + self.shift(ones, context)[spread]
        return F.leaky_relu(h, LEAK)


def halving(channels: int, widths: Sequence[int], dimensions: int, periodic: bool) -> nn.ModuleList:
    """Convolutions from `channels` through the widths, each of which halves the side."""
    inputs = [channels, *widths]
    return nn.ModuleList(
        Convolution(a, b, dimensions, kernel=4, stride=2, periodic=periodic)
        for a, b in zip(inputs, inputs[1:], strict=False)
    )


def shuffled(x: Tensor) -> Tensor:
    """Channels out of pixels: maps [n, c, *sides] as maps [n, 2**d c, *sides / 2] of d axes."""
    n, channels, *sides = x.shape
    axes = len(sides)
    apart = x.reshape(n, channels, *(part for side in sides for part in (side // 2, 2)))
    order = [*range(3, 2 + 2 * axes, 2), *range(2, 2 + 2 * axes, 2)]
    return apart.permute(0, 1, *order).reshape(n, channels * 2**axes, *(side // 2 for side in sides))


def unshuffled(x: Tensor) -> Tensor:
    """Pixels out of channels: maps [n, 2**d c, *sides] as maps [n, c, *2 sides] of d axes (Real-Time Single Image and
    Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network; Shi et al.; 2016)."""
    n, _, *sides = x.shape
    axes = len(sides)
    apart = x.reshape(n, -1, *(2,) * axes, *sides)
    order = [axis for pair in zip(range(2 + axes, 2 + 2 * axes), range(2, 2 + axes), strict=True) for axis in pair]
    return apart.permute(0, 1, *order).reshape(n, -1, *(2 * side for side in sides))


def averaged(x: Tensor, scale: int) -> Tensor:
    """Means over squares, or cubes, of so many pixels a side."""
    if scale == 1:
        return x
    pool = F.avg_pool2d if x.dim() == 4 else F.avg_pool3d
    out: Tensor = pool(x, scale)
    return out


def magnified(x: Tensor, scale: int) -> Tensor:
    """Periodic maps with so many pixels for each along every axis, straight lines between them."""
    if scale == 1:
        return x
    larger = F.interpolate(wrapped(x, 1, 1), scale_factor=float(scale), mode=_LINEAR[x.dim() - 2], align_corners=False)
    for axis in range(2, x.dim()):
        larger = larger.narrow(axis, scale, larger.shape[axis] - 2 * scale)
    return larger
