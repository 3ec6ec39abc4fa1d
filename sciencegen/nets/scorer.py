"""Scores of fields of any size, and of fields that were moved about."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.moves import Move
from sciencegen.nets.conv import LEAK, halving

__all__ = ["Scorer", "Symmetric", "Verdict"]


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
        self.layers = halving(channels, widths, dimensions, periodic)
        self.verdict = Verdict(widths[-1], context, shift)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The scores [n] of fields x [n, channels, *sides]."""
        for layer in self.layers:
            x = F.leaky_relu(layer(x), LEAK)
        score: Tensor = self.verdict(x, context)
        return score


class Verdict(nn.Module):
    """A score of maps of any size, the same wherever things are in them, and of how well they fit a context; without
    `shift` scores are only compared."""

    def __init__(self, width: int, context: int, shift: bool = True) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(2 * width, 128), nn.Linear(128, 1, bias=shift)
        self.match = nn.Sequential(nn.Linear(context, 128), nn.SiLU(), nn.Linear(128, 128)) if context else None

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        flat = x.flatten(2)
        h = F.leaky_relu(self.hidden(torch.cat((flat.mean(2), flat.square().mean(2)), 1)), LEAK)
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
            x = Move.drawn(x.dim() - 2, self.moves)(x)
        out: Tensor = self.net(x, context)
        return out
