"""Flows of images, which arrive as rows of channels x height x width numbers (Glow: Generative Flow with Invertible 1x1
Convolutions; Kingma, Dhariwal; 2018)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import torch
from torch import Tensor, nn

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.linear import Factors
from sciencegen.families.flow.univariate import scaled
from sciencegen.nets.conv import Convolution, Modulated

__all__ = ["ActNorm", "ChannelCoupling", "InvertibleConv", "Multiscale", "Shape", "Squeeze", "glow"]

Shape = tuple[int, int, int]  # channels, height, width


class ActNorm(Transform):
    """z = (x - m) exp(-s), channel by channel; m and s begin as those of the first batch that is trained on.

    Whether they have begun is saved, so that a run that goes on does not begin again; several processes begin with the
    moments of all their rows. Both directions are exact and cheap.
    """

    cheap = "both"

    def __init__(self, shape: Sequence[int], bound: float = 10.0) -> None:
        super().__init__()
        self.channels, self.area, self.bound = shape[0], prod(shape[1:]), bound
        self.mean, self.log_std = (nn.Parameter(torch.zeros(self.channels, 1)) for _ in range(2))
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        maps = x.unflatten(1, (self.channels, self.area))
        if self.training and not self.begun:
            self._begin(maps)
        there = scaled(maps, self.log_std, self.mean, self.bound, inverse=True)
        return Mapped(there.x.flatten(1), self._log_volume(there.log_slope, len(x)))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        maps = z.unflatten(1, (self.channels, self.area))
        there = scaled(maps, self.log_std, self.mean, self.bound, inverse=False)
        return Mapped(there.x.flatten(1), self._log_volume(there.log_slope, len(z)))

    def _log_volume(self, log_slope: Tensor, n: int) -> Tensor:
        total: Tensor = log_slope.sum() * self.area
        return total.expand(n)

    @torch.no_grad()
    def _begin(self, maps: Tensor) -> None:
        assert isinstance(self.begun, Tensor)
        x = maps.transpose(0, 1).flatten(1).double()
        sums = torch.stack((torch.ones_like(x[:, 0]) * x.shape[1], x.sum(1), x.square().sum(1)))
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(sums)
        mean, square = sums[1] / sums[0], sums[2] / sums[0]
        log_std = 0.5 * (square - mean.square()).clamp_min(1e-6).log()
        self.mean.copy_(mean[:, None])
        self.log_std.copy_((log_std / (1 - log_std.abs() / self.bound).clamp_min(0.1))[:, None])
        self.begun.fill_(True)


class InvertibleConv(Transform):
    """A 1 x 1 convolution with as many channels out as in, by its LU factors; starts as a random rotation.

    Both directions are exact and cheap.
    """

    cheap = "both"

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.channels, self.area = shape[0], prod(shape[1:])
        self.factors = Factors(self.channels, rotated=True)

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        z, log_diagonal = self.factors.to_noise(self._pixels(x))
        return Mapped(self._maps(z, len(x)), (self.area * log_diagonal.sum()).expand(len(x)))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        x, log_diagonal = self.factors.to_data(self._pixels(z))
        return Mapped(self._maps(x, len(z)), (-self.area * log_diagonal.sum()).expand(len(z)))

    def _pixels(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), self.channels, self.area).transpose(1, 2).reshape(-1, self.channels)

    def _maps(self, x: Tensor, n: int) -> Tensor:
        return x.reshape(n, self.area, self.channels).transpose(1, 2).reshape(n, -1)


class ChannelCoupling(Transform):
    """z = x exp(s) + t on one half of the channels, read off the other half by convolutions, and off the context.

    Both directions are exact and cheap.
    """

    cheap = "both"

    def __init__(
        self, shape: Sequence[int], widths: Sequence[int], context: int = 0, periodic: bool = False, bound: float = 3.0
    ) -> None:
        super().__init__()
        self.shape, self.kept, self.bound = tuple(shape), shape[0] // 2, bound
        self.moved = shape[0] - self.kept
        sizes, kernels = [self.kept, *widths], [3, *(1 for _ in widths[1:])]
        self.hidden = nn.ModuleList(
            Modulated(a, b, 2, context, kernel, normalised=False, periodic=periodic)
            for a, b, kernel in zip(sizes, widths, kernels, strict=False)
        )
        self.out = Convolution(sizes[-1], 2 * self.moved, 2, periodic=periodic)
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return self._carry(x, context, inverse=False)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return self._carry(z, context, inverse=True)

    def _carry(self, x: Tensor, context: Tensor, inverse: bool) -> Mapped:
        kept, moved = x.unflatten(1, self.shape).split((self.kept, self.moved), 1)
        hidden = kept
        for layer in self.hidden:
            hidden = layer(hidden, context)
        scale, shift = self.out(hidden).to(x.dtype).chunk(2, 1)
        there = scaled(moved, scale, shift, self.bound, inverse)
        return Mapped(torch.cat((kept, there.x), 1).flatten(1), there.log_slope.flatten(1).sum(1))


class Squeeze(Transform):
    """Squares of 2 x 2 pixels become four channels of one."""

    cheap = "both"

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)
        if shape[1] % 2 or shape[2] % 2:
            raise ValueError(f"height={shape[1]}, width={shape[2]}: expected even numbers")

    @property
    def squeezed(self) -> Shape:
        """The shape of what comes out."""
        channels, height, width = self.shape
        return 4 * channels, height // 2, width // 2

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        channels, height, width = self.shape
        squares = x.view(len(x), channels, height // 2, 2, width // 2, 2)
        return Mapped(squares.permute(0, 1, 3, 5, 2, 4).reshape(len(x), -1), x.new_zeros(len(x)))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        channels, height, width = self.shape
        squares = z.reshape(len(z), channels, 2, 2, height // 2, width // 2)
        return Mapped(squares.permute(0, 1, 4, 2, 5, 3).reshape(len(z), -1), z.new_zeros(len(z)))


class Multiscale(Transform):
    """Squeezes, takes `steps`, and lets half of the channels go on to the next level; the noise stays one vector.

    `steps` makes the transforms of a level from its shape. What is cheap and exact is what all steps have so.
    """

    cheap = "both"

    def __init__(self, shape: Sequence[int], levels: int, steps: Callable[[Shape], Sequence[Transform]]) -> None:
        super().__init__()
        self.squeeze = Squeeze(shape)
        channels, height, width = self.squeeze.squeezed
        self.steps = nn.ModuleList(steps((channels, height, width)))
        self.on = channels // 2 * height * width
        self.rest = Multiscale((channels // 2, height, width), levels - 1, steps) if levels > 1 else None

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        x, log_volume = self.squeeze.to_noise(x, context).x, x.new_zeros(len(x))
        for step in self.steps:
            assert isinstance(step, Transform)
            mapped = step.to_noise(x, context)
            x, log_volume = mapped.x, log_volume + mapped.log_volume
        if self.rest is None:
            return Mapped(x, log_volume)
        on = self.rest.to_noise(x[:, : self.on], context)
        return Mapped(torch.cat((on.x, x[:, self.on :]), 1), log_volume + on.log_volume)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        log_volume = z.new_zeros(len(z))
        if self.rest is not None:
            on = self.rest.to_data(z[:, : self.on], context)
            z, log_volume = torch.cat((on.x, z[:, self.on :]), 1), on.log_volume
        for step in reversed(self.steps):
            assert isinstance(step, Transform)
            mapped = step.to_data(z, context)
            z, log_volume = mapped.x, log_volume + mapped.log_volume
        return Mapped(self.squeeze.to_data(z, context).x, log_volume)


def glow(
    shape: Sequence[int], levels: int, depth: int, widths: Sequence[int], context: int = 0, periodic: bool = False
) -> Multiscale:
    """So many levels of `depth` steps each: ActNorm, a 1 x 1 convolution and a coupling of channels.

    >>> from math import prod
    >>> shape = (1, 8, 8)
    >>> z = glow(shape, 2, 2, [16, 16]).to_noise(torch.zeros(5, prod(shape)), torch.zeros(5, 0)).x
    >>> tuple(z.shape)
    (5, 64)
    """

    def steps(shape: Shape) -> list[Transform]:
        made: list[Transform] = []
        for _ in range(depth):
            made += [ActNorm(shape), InvertibleConv(shape), ChannelCoupling(shape, widths, context, periodic)]
        return made

    return Multiscale(shape, levels, steps)
