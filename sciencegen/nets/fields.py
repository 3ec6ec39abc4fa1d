"""Nets that make fields out of maps of noise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.nets.conv import LEAK, Convolution, Modulated, unshuffled

__all__ = ["FieldNet", "PlainMap"]

_FINE = 8
"""Channels at full size, where every one is dear."""


class FieldNet(nn.Module, ABC):
    """A net `(noise, context) -> fields` that is local everywhere, so that a larger map gives a larger field.

    Noise is [n, noise, *sides / step], fields are [n, channels, *sides]; sides are multiples of `multiple`.
    """

    dimensions: int
    noise: int
    step: int
    """Pixels of a field for each pixel of noise, along every axis."""
    multiple: int

    @abstractmethod
    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        """Fields of noise."""


class PlainMap(FieldNet):
    """Blocks of convolutions, with the side doubled between them; the last doubling makes pixels out of channels, for
    half the work.

    Everything goes on at the other side, so that maps of any size give periodic fields of any size (Texture Synthesis
    with Spatial Generative Adversarial Networks; Jetchev, Bergmann, Vollgraf; 2016).
    """

    def __init__(self, channels: int, widths: Sequence[int], noise: int, context: int, dimensions: int) -> None:
        super().__init__()
        inputs = [noise, *widths]
        self.dimensions, self.noise = dimensions, noise
        self.step = self.multiple = 2 ** len(widths)
        self.blocks = nn.ModuleList(
            Modulated(a, b, dimensions, context) for a, b in zip(inputs, inputs[1:], strict=False)
        )
        self.finer = Convolution(widths[-1], _FINE * 2**dimensions, dimensions)
        self.out = Convolution(_FINE, channels, dimensions, kernel=5)

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        h = self.blocks[0](noise, context)
        for block in list(self.blocks)[1:]:
            h = block(F.interpolate(h, scale_factor=2.0, mode="nearest"), context)
        out: Tensor = self.out(F.leaky_relu(unshuffled(self.finer(h)), LEAK))
        return out
