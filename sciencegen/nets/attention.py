"""Causal self-attention, at once or with a cache of keys and values."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.errors import RequestError

__all__ = ["Block", "Cache"]


class Cache:
    """The keys and values of the entries seen, with room for those to come."""

    def __init__(self, n: int, heads: int, length: int, width: int, like: Tensor) -> None:
        self.keys = like.new_empty(n, heads, length, width)
        self.values = like.new_empty(n, heads, length, width)
        self.filled = 0

    def add(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Remember one entry's key and value [n, heads, 1, width]; return all of them."""
        self.keys[:, :, self.filled] = key[:, :, 0]
        self.values[:, :, self.filled] = value[:, :, 0]
        self.filled += 1
        return self.keys[:, :, : self.filled], self.values[:, :, : self.filled]

    def take(self, rows: Tensor) -> Cache:
        """The same for some of the samples; only what is filled is copied."""
        _, heads, length, width = self.keys.shape
        kept = Cache(len(rows), heads, length, width, self.keys)
        for new, old in ((kept.keys, self.keys), (kept.values, self.values)):
            new[:, :, : self.filled] = old[:, :, : self.filled].index_select(0, rows)
        kept.filled = self.filled
        return kept


class Block(nn.Module):
    """A pre-norm Transformer block: causal attention, then a squared-ReLU perceptron."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise RequestError(f"width={width}: expected a multiple of heads={heads}")
        self.heads, self.dropout = heads, nn.Dropout(dropout)
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.grow, self.shrink = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, cache: Cache | None = None) -> Tensor:
        """Hidden units [n, length, width]; with a cache, of one new entry."""
        n, length, width = x.shape
        qkv = self.qkv(self.before(x)).view(n, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        if cache is not None:
            key, value = cache.add(key, value)
        mixed = _attend(query, key, value).transpose(1, 2).reshape(n, length, width)
        x = x + self.dropout(self.merge(mixed))
        out: Tensor = x + self.dropout(self.shrink(F.relu(self.grow(self.between(x))).square()))
        return out


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention to the entries up to one's own.

    On a CPU in bf16 the fused kernel's backward pass is several times slower than plain matrix products.
    """
    causal = query.shape[2] > 1
    if query.device.type != "cpu" or query.dtype != torch.bfloat16:
        return F.scaled_dot_product_attention(query, key, value, is_causal=causal)
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    if causal:
        future = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device).triu(1)
        scores = scores.masked_fill(future, -torch.inf)
    return torch.matmul(scores.softmax(-1).to(value.dtype), value)
