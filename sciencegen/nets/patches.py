"""Scores of every patch of a map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.conv import LEAK, Convolution, halving

__all__ = ["PairCritic", "Patches"]


class Patches(nn.Module):
    """A score for every patch of a map, by convolutions that halve the side, and how well the patch fits the context:
    far pixels are judged apart (Image-to-Image Translation with Conditional Adversarial Networks; Isola, Zhu, Zhou,
    Efros; 2017)."""

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
        last = widths[-1]
        self.layers = halving(channels, widths, dimensions, periodic)
        self.hidden = Convolution(last, last, dimensions, periodic=periodic)
        self.out = nn.Linear(last, 1, bias=shift)
        self.match = nn.Sequential(nn.Linear(context, last), nn.SiLU(), nn.Linear(last, last)) if context else None

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The scores [n, patches] of maps x [n, channels, *sides]."""
        for layer in self.layers:
            x = F.leaky_relu(layer(x), LEAK)
        h = F.leaky_relu(self.hidden(x), LEAK).flatten(2).transpose(1, 2)  # [n, patches, last]
        score: Tensor = self.out(h)[..., 0]
        if self.match is not None:
            score = score + (h * self.match(context)[:, None]).sum(2) / h.shape[2] ** 0.5
        return score


class PairCritic(nn.Module):
    """Scores `net(maps beside those that are given with them, context)`: whether the two belong together, and each is
    real."""

    def __init__(self, net: nn.Module, source: str, conditioner: Conditioner) -> None:
        super().__init__()
        self.net, self.source, self.conditioner = net, source, conditioner

    def forward(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        """Scores of maps x [n, channels, *sides], in a row."""
        given = None if condition is None else condition.given.get(self.source)
        if given is None:
            raise RequestError(f"{self.source} is missing: a pair is judged with it")
        pair = torch.cat((x, given.to(x.dtype).expand(len(x), *given.shape[1:])), 1)
        scores: Tensor = self.net(pair, self.conditioner(condition, len(x)))
        return scores.reshape(-1)
