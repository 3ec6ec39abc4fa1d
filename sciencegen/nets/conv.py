"""Convolutions over maps of any size, in two and three dimensions: fields out of noise, and scores out of fields."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.nets.conditioner import Inject

__all__ = ["Convolution", "FieldNet", "Scorer", "Symmetric"]

_LEAK = 0.2
_CONVOLUTIONS: dict[int, type[nn.Conv2d] | type[nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}


class Convolution(nn.Module):
    """A convolution that keeps the size, or halves it with `stride` 2; what is `periodic` goes on at the other side,
    all else ends in zeros."""

    def __init__(
        self, inputs: int, outputs: int, dimensions: int, kernel: int = 3, stride: int = 1, periodic: bool = True
    ) -> None:
        super().__init__()
        around = (kernel - 1) // 2
        kind = _CONVOLUTIONS[dimensions]
        self.layer = kind(inputs, outputs, kernel, stride, around, padding_mode="circular" if periodic else "zeros")

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x)
        return out


class _Block(nn.Module):
    """A convolution whose outputs the context scales and shifts, channel by channel, after they were made of one
    length: nothing grows on the way through."""

    def __init__(self, inputs: int, outputs: int, dimensions: int, context: int) -> None:
        super().__init__()
        self.conv = Convolution(inputs, outputs, dimensions)
        self.scale, self.shift = Inject(context, outputs), Inject(context, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        h = self.conv(x)
        h = h * torch.rsqrt(h.square().mean(1, keepdim=True) + 1e-6)
        ones = h.new_zeros(len(h), h.shape[1])
        spread = (..., *(None,) * (h.dim() - 2))
        h = h * (1 + self.scale(ones, context))[spread] + self.shift(ones, context)[spread]
        return F.leaky_relu(h, _LEAK)


class FieldNet(nn.Module):
    """Maps of noise to fields: blocks of convolutions, with the side doubled between them.

    Everything is local and goes on at the other side, so that maps of any size give periodic fields of any size
    (Texture Synthesis with Spatial Generative Adversarial Networks; Jetchev, Bergmann, Vollgraf; 2016).
    """

    def __init__(self, channels: int, widths: Sequence[int], noise: int, context: int, dimensions: int) -> None:
        super().__init__()
        inputs = [noise, *widths]
        self.dimensions, self.noise = dimensions, noise
        self.blocks = nn.ModuleList(_Block(a, b, dimensions, context) for a, b in zip(inputs, inputs[1:], strict=False))
        self.out = Convolution(widths[-1], channels, dimensions, kernel=5)

    @property
    def doublings(self) -> int:
        """How often the side is doubled."""
        return len(self.blocks) - 1

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        """Fields [n, channels, *sides] of noise [n, noise, *sides / 2 ** doublings]."""
        h = self.blocks[0](noise, context)
        for block in list(self.blocks)[1:]:
            h = block(F.interpolate(h, scale_factor=2.0, mode="nearest"), context)
        out: Tensor = self.out(h)
        return out


class Scorer(nn.Module):
    """Scores of fields: convolutions that halve the side, the mean over all that is left, and how well that fits the
    context (cGANs with Projection Discriminator; Miyato, Koyama; 2018)."""

    def __init__(
        self,
        channels: int,
        widths: Sequence[int],
        context: int,
        dimensions: int,
        periodic: bool = True,
        shift: bool = True,
    ) -> None:
        super().__init__()
        inputs = [channels, *widths]
        self.layers = nn.ModuleList(
            Convolution(a, b, dimensions, kernel=4, stride=2, periodic=periodic)
            for a, b in zip(inputs, inputs[1:], strict=False)
        )
        last = widths[-1]
        self.hidden, self.out = nn.Linear(2 * last, 128), nn.Linear(128, 1, bias=shift)
        self.match = nn.Sequential(nn.Linear(context, 128), nn.SiLU(), nn.Linear(128, 128)) if context else None

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The scores [n] of fields x [n, channels, *sides]."""
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _LEAK)
        flat = x.flatten(2)
        h = F.leaky_relu(self.hidden(torch.cat((flat.mean(2), flat.square().mean(2)), 1)), _LEAK)
        score: Tensor = self.out(h)[:, 0]
        if self.match is not None:
            score = score + (h * self.match(context)).sum(1) / h.shape[1] ** 0.5
        return score


class Symmetric(nn.Module):
    """Another net that sees every batch moved, mirrored or turned: what a texture does not care about, it cannot learn
    by heart.

    `moves`: `roll` along periodic axes, `flip`, and `turn` by exchanging axes; the same for a whole batch.
    """

    def __init__(self, net: nn.Module, moves: Sequence[str]) -> None:
        super().__init__()
        self.net, self.moves = net, tuple(moves)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        if self.training:
            x = self._moved(x)
        out: Tensor = self.net(x, context)
        return out

    def _moved(self, x: Tensor) -> Tensor:
        axes = list(range(2, x.dim()))
        chance = torch.rand(3, len(axes)).tolist()
        if "roll" in self.moves:
            x = x.roll([int(part * x.shape[axis]) for part, axis in zip(chance[0], axes, strict=True)], axes)
        if "flip" in self.moves:
            x = x.flip([axis for part, axis in zip(chance[1], axes, strict=True) if part < 0.5])
        if "turn" in self.moves and len(set(x.shape[2:])) == 1:
            order = sorted(axes, key=lambda axis: chance[2][axis - 2])
            x = x.permute(0, 1, *order)
        return x
