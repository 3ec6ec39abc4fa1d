"""A net of volumes that are whole and periodic, or windows of volumes without an end."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.nets.conditioner import Inject
from sciencegen.nets.conv import LEAK, unshuffled
from sciencegen.nets.fields import FieldNet
from sciencegen.nets.periodic import wrapped

__all__ = ["EndlessMap", "Spans"]

Spans = tuple[tuple[int, int], ...]
"""Along every axis where a box begins, and where it has ended."""


class EndlessMap(FieldNet):
    """Blocks of convolutions over volumes, with the side doubled between them; the last one makes voxels out of
    channels, so that no convolution is at full size.

    A volume goes on at its other side. A window of an endless one is known from as much noise as it depends on, and a
    slice of it costs a tenth of the volume: what is learned of slices need not make the rest.
    """

    dimensions = 3

    def __init__(self, channels: int, widths: Sequence[int], noise: int, context: int) -> None:
        super().__init__()
        inputs = [noise, *widths]
        self.noise = noise
        self.step = self.multiple = 2 ** len(widths)
        self.blocks = nn.ModuleList(_Block(a, b, context) for a, b in zip(inputs, inputs[1:], strict=False))
        self.finer = nn.Conv3d(widths[-1], channels * 8, 3, bias=False)
        weight = self.finer.weight.data.view(channels, 8, widths[-1], 3, 3, 3)
        weight.copy_(weight[:, :1].clone().expand_as(weight))  # voxels made together begin alike
        self.level = nn.Parameter(torch.zeros(channels, 1, 1, 1))

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        h = noise.contiguous(memory_format=torch.channels_last_3d)
        for number, block in enumerate(self.blocks):
            h = block(wrapped(_doubled(h) if number else h, 1, 1), context)
        return self._voxels(wrapped(h, 1, 1))

    def window(self, noise: Tensor, context: Tensor, spans: Spans) -> Tensor:
        """The voxels inside `spans`, of noise inside `roots(spans)`: [n, channels, *sides]."""
        made = self._made(spans)
        h = noise.contiguous(memory_format=torch.channels_last_3d)
        for number, block in enumerate(self.blocks):
            if number:
                h = _cut(_doubled(h), _fine(made[number - 1]), _around(made[number]))
            h = block(h, context)
        return _cut(self._voxels(h), _fine(_around(made[-1], -1)), spans)

    def roots(self, spans: Spans) -> Spans:
        """Where the noise lies that the voxels inside `spans` depend on."""
        return _around(self._made(spans)[0])

    def _made(self, spans: Spans) -> list[Spans]:
        """What every block has to make."""
        made = [_around(_coarse(spans))]
        for _ in range(len(self.blocks) - 1):
            made.insert(0, _coarse(_around(made[0])))
        return made

    def _voxels(self, h: Tensor) -> Tensor:
        with torch.autocast(h.device.type, enabled=False):  # where many voxels are equal no level parts them exactly
            return unshuffled(self.finer(h.to(self.level.dtype))) + self.level


class _Block(nn.Module):
    """A convolution of what noise makes differ, its outputs made of one length, scaled and shifted by the context.

    The weights of every output add up to 0: what all inputs have in common does not pass. In three dimensions a kernel
    sees over a thousand inputs, whose common mean would drown the noise after a few steps of training.
    """

    def __init__(self, inputs: int, outputs: int, context: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 3)
        self.scale, self.shift = Inject(context, outputs), Inject(context, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        weight = self.conv.weight - self.conv.weight.mean((1, 2, 3, 4), keepdim=True)
        h = F.conv3d(x, weight, self.conv.bias)
        h = h * torch.rsqrt(h.square().mean(1, keepdim=True) + 1e-6)
        if context.shape[1]:
            ones = h.new_zeros(h.shape[:2])
            h = h * (1 + self.scale(ones, context))[..., None, None, None]
            h = h + self.shift(ones, context)[..., None, None, None]
        return F.leaky_relu(h, LEAK)


def _doubled(h: Tensor) -> Tensor:
    return F.interpolate(h, scale_factor=2.0, mode="nearest")


def _fine(spans: Spans) -> Spans:
    return tuple((2 * low, 2 * high) for low, high in spans)


def _coarse(spans: Spans) -> Spans:
    return tuple((low // 2, -(-high // 2)) for low, high in spans)


def _around(spans: Spans, border: int = 1) -> Spans:
    return tuple((low - border, high + border) for low, high in spans)


def _cut(h: Tensor, there: Spans, wanted: Spans) -> Tensor:
    """What is wanted of a map that is there."""
    for axis, ((start, _), (low, high)) in enumerate(zip(there, wanted, strict=True), 2):
        h = h.narrow(axis, low - start, high - low)
    return h.contiguous(memory_format=torch.channels_last_3d)
