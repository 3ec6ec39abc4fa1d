"""Nets that read whole sequences of entries: the encoders of latent models."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.space import Discrete, Tokens
from sciencegen.nets.conditioner import Inject

__all__ = ["Convolutional", "Folded"]


def _ended(space: Discrete) -> int:
    end = space.end if isinstance(space, Tokens) else None
    return 0 if end is None else end


class Convolutional(nn.Module):
    """Convolutions over embedded entries, each halving the length, and a layer that sees all that is left.

    Where in a sequence something stands is kept. Rows that were cut where the longest ends are read as whole ones.
    """

    def __init__(
        self, space: Discrete, context: int, outputs: int, width: int = 256, embed: int = 128, depth: int = 3
    ) -> None:
        super().__init__()
        self.size, self.end = space.size, _ended(space)
        self.embed = nn.Embedding(space.categories, embed)
        widths = [embed, *[width] * depth]
        self.layers = nn.ModuleList(
            nn.Conv1d(a, b, 5, stride=1 if i == 0 else 2, padding=2)
            for i, (a, b) in enumerate(zip(widths, widths[1:], strict=False))
        )
        self.inject = nn.ModuleList(Inject(context, width) for _ in range(depth))
        left = space.size
        for _ in range(depth - 1):
            left = (left + 1) // 2
        self.out = nn.Linear(width * left, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The encodings [n, outputs] of entries x [n, length]."""
        h = self.embed(F.pad(x, (0, self.size - x.shape[1]), value=self.end)).transpose(1, 2)
        for layer, inject in zip(self.layers, self.inject, strict=True):
            h = F.silu(inject(layer(h).transpose(1, 2), context)).transpose(1, 2)
        out: Tensor = F.silu(self.out(h.flatten(1)))
        return out


class Folded(nn.Module):
    """Gated recurrent units that read in both directions; what they remember at the ends, and the mean on the way."""

    def __init__(self, space: Discrete, context: int, outputs: int, width: int = 256, embed: int = 128) -> None:
        super().__init__()
        self.end = _ended(space)
        self.alive = isinstance(space, Tokens) and space.end is not None
        self.embed, self.inject = nn.Embedding(space.categories, embed), Inject(context, embed)
        self.rnn = nn.GRU(embed, width, batch_first=True, bidirectional=True)
        self.out = nn.Linear(4 * width, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The encodings [n, outputs] of entries x [n, length]."""
        hidden, last = self.rnn(self.inject(self.embed(x), context))
        inside = (x != self.end if self.alive else torch.ones_like(x, dtype=torch.bool)).to(hidden.dtype)[..., None]
        mean = (hidden * inside).sum(1) / inside.sum(1).clamp(min=1)
        out: Tensor = F.silu(self.out(torch.cat((last[0], last[1], mean), -1)))
        return out
