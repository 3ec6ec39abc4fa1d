"""The Transformer decoder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.space import Discrete
from sciencegen.nets.attention import Block, Cache
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.conditioner import Inject

__all__ = ["Transformer"]


class Transformer(CausalNet):
    """A Transformer over embedded entries and positions (Attention Is All You Need; Vaswani et al.; 2017).

    Stepping keeps the keys and values of the entries seen, so that sampling never reads its prefix again.
    """

    halves = True

    def __init__(
        self, space: Discrete, context: int, width: int = 128, depth: int = 4, heads: int = 4, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.length, self.heads = space.size, heads
        self.embed = nn.Embedding(1 + space.categories, width)  # the first stands for the beginning
        self.position = nn.Parameter(0.02 * torch.randn(space.size, width))
        self.inject, self.dropout = Inject(context, width), nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, space.logits)
        nn.init.normal_(self.embed.weight, std=0.02)
        for block in self.blocks:
            assert isinstance(block, Block)
            for last in (block.merge, block.shrink):  # so that depth does not make the first outputs large
                nn.init.normal_(last.weight, std=0.02 / (2 * depth) ** 0.5)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        past = F.pad(x[:, :-1].long() + 1, (1, 0))
        hidden = self.dropout(self.inject(self.embed(past), context) + self.position[: x.shape[1]])
        for block in self.blocks:
            hidden = block(hidden)
        out: Tensor = self.head(self.norm(hidden))
        return out

    def start(self, context: Tensor) -> tuple[Tensor, list[Cache]]:
        n, width = len(context), self.position.shape[1]
        shift = self.inject(self.position.new_zeros(n, width), context)
        head = width // self.heads
        return shift, [Cache(n, self.heads, self.length, head, self.position) for _ in self.blocks]

    def step(self, state: tuple[Tensor, list[Cache]], t: int, previous: Tensor | None) -> Tensor:
        shift, caches = state
        entry = self.embed.weight[0] if previous is None else self.embed(previous.long() + 1)
        hidden = (entry + shift + self.position[t])[:, None]
        for block, cache in zip(self.blocks, caches, strict=True):
            hidden = block(hidden, cache)
        out: Tensor = self.head(self.norm(hidden[:, 0]))
        return out

    def take(self, state: tuple[Tensor, list[Cache]], rows: Tensor) -> tuple[Tensor, list[Cache]]:
        shift, caches = state
        return shift[rows], [cache.take(rows) for cache in caches]
