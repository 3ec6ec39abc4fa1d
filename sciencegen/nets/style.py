"""Nets that make fields in styles: what is true of a whole field is told to every layer, and noise makes the rest.

A Style-Based Generator Architecture for Generative Adversarial Networks; Karras, Laine, Aila; 2019. Analyzing and
Improving the Image Quality of StyleGAN; Karras, Laine, Aittala, Hellsten, Lehtinen, Aila; 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.nets.conv import LEAK, Convolution, magnified, unshuffled
from sciencegen.nets.fields import FieldNet
from sciencegen.nets.mlp import MLP

__all__ = ["StyleMap", "Styled"]

_SPREAD = (2 / (1 + LEAK**2)) ** 0.5
"""What makes the variance of a leaky unit 1 again."""


class Styled(nn.Module):
    """A convolution whose weights a style scales by input channel; `demodulated`, they are then made of length 1 by
    output channel, so that inputs of unit variance give outputs of unit variance in every style.

    Scaling inputs and outputs is the same, and one convolution serves all samples.
    """

    def __init__(
        self, inputs: int, outputs: int, dimensions: int, style: int, kernel: int = 3, demodulated: bool = True
    ) -> None:
        super().__init__()
        self.conv = Convolution(inputs, outputs, dimensions, kernel, shift=False)
        self.scale, self.demodulated = nn.Linear(style, inputs), demodulated
        nn.init.ones_(self.scale.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Maps [n, outputs, *sides] of maps [n, inputs, *sides] in styles [n, style]."""
        scale: Tensor = self.scale(style)
        out: Tensor = self.conv(x * _everywhere(scale, x))
        if self.demodulated:
            weight = self.conv.layer.weight
            lengths = scale.to(weight.dtype).square() @ weight.square().flatten(2).sum(2).T
            out = out * _everywhere((lengths + 1e-8).rsqrt(), out)
        return out


def _everywhere(numbers: Tensor, like: Tensor) -> Tensor:
    """Numbers [n, channels] for every pixel of maps."""
    return numbers.to(like.dtype).reshape(*numbers.shape, *(1,) * (like.dim() - 2))


class _Level(nn.Module):
    """A styled convolution of a map drawn as large as the noise, noise for every pixel with a strength for every
    channel, and a bend; where `pixels` are made out of channels, the map is drawn larger afterwards."""

    def __init__(self, inputs: int, outputs: int, dimensions: int, style: int, pixels: bool) -> None:
        super().__init__()
        self.pixels, fold = pixels, 2**dimensions if pixels else 1
        self.conv = Styled(inputs, outputs * fold, dimensions, style)
        self.strength, self.shift = (nn.Parameter(torch.zeros(outputs, *(1,) * dimensions)) for _ in range(2))

    def forward(self, x: Tensor, noise: Tensor, style: Tensor) -> Tensor:
        if not self.pixels and x.shape[2:] != noise.shape[2:]:
            x = F.interpolate(x, noise.shape[2:], mode="nearest")
        h = self.conv(x, style)
        if self.pixels:
            h = unshuffled(h)
        h = h + (self.strength * noise + self.shift).to(h.dtype)
        out: Tensor = F.leaky_relu(h, LEAK) * _SPREAD
        return out


class StyleMap(FieldNet):
    """A coarse map of noise, and levels that make it finer, each of which gets a style and noise of its own.

    The noise of a field is white, [n, noise, *sides / step]: `start` channels that the coarsest level begins with, and
    for each level the pixels of one map of its size, as channels. What the start is on the whole, the sums of its
    channels over the square root of the number of pixels, is the global latent: standard normal at any size, so that
    nothing has to be stored beside the noise, and moved noise gives a moved field. Latent and context make the style,
    by an MLP of `depth` layers. Fields are the sum of what every level adds.
    """

    def __init__(
        self,
        channels: int,
        widths: Sequence[int],
        start: int,
        style: int,
        depth: int,
        context: int,
        dimensions: int,
    ) -> None:
        super().__init__()
        fold, steps = 2**dimensions, len(widths) - 1
        self.dimensions, self.start = dimensions, start
        self.step = self.multiple = 2**steps
        self.sizes = [start, *(fold**level for level in range(steps + 1))]
        self.noise = sum(self.sizes)
        self.mapping = MLP(start, style, [style] * (depth - 1), context, act="leaky")
        self.first = Styled(start, widths[0], dimensions, style)
        inputs = [widths[0], *widths]
        self.levels = nn.ModuleList(
            _Level(a, b, dimensions, style, pixels=0 < level == steps)
            for level, (a, b) in enumerate(zip(inputs, inputs[1:], strict=False))
        )
        kernels = [3] * steps + [5]  # the coarsest level may be a single pixel
        self.heads = nn.ModuleList(
            Styled(width, channels, dimensions, style, kernel, demodulated=False)
            for width, kernel in zip(widths, kernels, strict=True)
        )
        self.shift = nn.Parameter(torch.zeros(channels, *(1,) * dimensions))

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        start, *finer = noise.split(self.sizes, 1)
        flat = start.flatten(2)
        style = self.mapping(flat.sum(2) / flat.shape[2] ** 0.5, context)
        h = _SPREAD * F.leaky_relu(self.first(start, style), LEAK)
        x: Tensor | None = None
        for step, (level, head, pixels) in enumerate(zip(self.levels, self.heads, finer, strict=True)):
            for _ in range(step):
                pixels = unshuffled(pixels)
            h = level(h, pixels, style)
            x = head(h, style) if x is None else magnified(x, 2) + head(h, style)
        assert x is not None
        return x + self.shift
