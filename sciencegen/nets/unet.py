"""A U-Net: maps of a size in, maps of that size out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sciencegen.nets.conv import Convolution, Modulated, shuffled, unshuffled
from sciencegen.nets.fields import FieldNet

__all__ = ["UNet"]


class UNet(FieldNet):
    """Convolutions that halve the side, and others that double it again and see what was there before (U-Net:
    Convolutional Networks for Biomedical Image Segmentation; Ronneberger, Fischer, Brox; 2015).

    It begins and ends at half the size, with pixels as channels. With `added`, what it makes is added to its first
    `channels` inputs: fresh, it hands them on. `whole` is that of a `PlainMap`.
    """

    step = 1

    def __init__(
        self,
        inputs: int,
        channels: int,
        widths: Sequence[int],
        context: int,
        dimensions: int,
        added: bool = False,
        normalised: bool = False,
        periodic: bool = True,
        whole: bool = False,
    ) -> None:
        super().__init__()
        self.noise, self.channels, self.dimensions, self.whole = inputs, channels, dimensions, whole
        self.multiple, fold = 2 ** len(widths), 2**dimensions

        def block(before: int, after: int, kernel: int = 3, stride: int = 1) -> Modulated:
            told = context + (before if whole else 0)
            return Modulated(before, after, dimensions, told, kernel, stride, normalised, periodic)

        steps = list(zip(widths, widths[1:], strict=False))
        self.first = block(inputs * fold, widths[0])
        self.down = nn.ModuleList(block(a, b, kernel=4, stride=2) for a, b in steps)
        self.middle = nn.ModuleList(block(widths[-1], widths[-1]) for _ in range(2))
        self.finer = nn.ModuleList(Convolution(b, a * fold, dimensions, kernel=1) for a, b in reversed(steps))
        self.up = nn.ModuleList(block(2 * a, a) for a, _ in reversed(steps))
        self.last = Convolution(widths[0], channels * fold, dimensions, periodic=periodic)
        self.out = Convolution(channels, channels, dimensions, kernel=5, periodic=periodic)
        nn.init.dirac_(self.out.layer.weight)
        _unbiased(self.out)
        self.gain = nn.Parameter(torch.tensor(1.5)) if added else None
        if added:
            nn.init.zeros_(self.last.layer.weight)
            _unbiased(self.last)

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        h = self._layer(self.first, shuffled(noise), context)
        seen = []
        for block in self.down:
            seen.append(h)
            h = self._layer(block, h, context)
        first, second = self.middle
        h = h + self._layer(second, self._layer(first, h, context), context)
        for finer, block in zip(self.finer, self.up, strict=True):
            h = self._layer(block, torch.cat((unshuffled(finer(h)), seen.pop()), 1), context)
        made = unshuffled(self.last(h))
        if self.gain is not None:
            made = made + self.gain * noise[:, : self.channels]
        out: Tensor = self.out(made)
        return out

    def _layer(self, block: nn.Module, h: Tensor, context: Tensor) -> Tensor:
        """A block that sees the context, and what the whole map holds where it may."""
        told = torch.cat((context, h.flatten(2).mean(2)), 1) if self.whole else context
        out: Tensor = block(h, told)
        return out


def _unbiased(convolution: Convolution) -> None:
    if convolution.layer.bias is not None:
        nn.init.zeros_(convolution.layer.bias)
