"""Nets that make fields out of maps of noise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
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
    with Spatial Generative Adversarial Networks; Jetchev, Bergmann, Vollgraf; 2016). With `whole`, every layer also
    sees the means of what comes in over the whole map (Squeeze-and-Excitation Networks; Hu, Shen, Sun; 2018): what is
    asked of an image is asked of all of it, and a net that sees a part cannot make up for what chance did elsewhere.
    """

    def __init__(
        self,
        channels: int,
        widths: Sequence[int],
        noise: int,
        context: int,
        dimensions: int,
        whole: bool = False,
    ) -> None:
        super().__init__()
        inputs = [noise, *widths]
        self.dimensions, self.noise, self.whole = dimensions, noise, whole
        self.step = self.multiple = 2 ** len(widths)
        self.blocks = nn.ModuleList(
            Modulated(a, b, dimensions, context + (a if whole else 0)) for a, b in zip(inputs, inputs[1:], strict=False)
        )
        self.finer: Modulated | Convolution
        if whole:
            self.finer = Modulated(
                widths[-1], _FINE * 2**dimensions, dimensions, context + widths[-1], normalised=False
            )
        else:
            self.finer = Convolution(widths[-1], _FINE * 2**dimensions, dimensions)
        self.out = Convolution(_FINE, channels, dimensions, kernel=5)

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        h = self.blocks[0](noise, self._told(noise, context))
        for block in list(self.blocks)[1:]:
            told = self._told(h, context)
            h = block(F.interpolate(h, scale_factor=2.0, mode="nearest"), told)
        fine = self.finer(h, self._told(h, context)) if self.whole else F.leaky_relu(self.finer(h), LEAK)
        out: Tensor = self.out(unshuffled(fine))
        return out

    def _told(self, h: Tensor, context: Tensor) -> Tensor:
        """The context, and what the whole map holds."""
        return torch.cat((context, h.flatten(2).mean(2)), 1) if self.whole else context
