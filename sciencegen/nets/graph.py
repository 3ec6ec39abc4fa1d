"""Nets that pass messages along the bonds of graphs."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.growth import Layout
from sciencegen.nets.conditioner import Inject

__all__ = ["GraphReader", "Messages"]

Messages = Literal["gine", "gat"]


class GraphReader(nn.Module):
    """Reads whole graphs: messages along bonds, `depth` times, and then several questions to all nodes.

    Messages are those of GINE (Strategies for Pre-training Graph Neural Networks; Hu et al.; 2020) or GATv2 (How
    Attentive are Graph Attention Networks?; Brody, Alon, Yahav; 2022). What is read does not depend on the order in
    which a graph was written, but for the hands of nodes and the sides of bonds, which are told by that order.
    """

    def __init__(
        self,
        layout: Layout,
        context: int,
        outputs: int,
        width: int = 128,
        depth: int = 5,
        messages: Messages = "gine",
        questions: int = 8,
    ) -> None:
        super().__init__()
        self.layout, self.questions = layout, questions
        self.embed, self.bonds = nn.Embedding(layout.kinds, width), nn.Embedding(len(layout.orders), width)
        self.inject = Inject(context, width)
        self.layers = nn.ModuleList(_layer(messages, width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.wide = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.ask = nn.Linear(width, questions)
        self.say = nn.Linear(width, width)
        self.out = nn.Linear((questions + 1) * width, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The encodings [n, outputs] of graphs written as rows x [n, length]."""
        nodes = self.layout.read(x)
        n, many = len(x), int(nodes.index.max()) + 1
        edges = torch.stack((torch.cat((nodes.source, nodes.target)), torch.cat((nodes.target, nodes.source))))
        bonds = self.bonds(nodes.order).repeat(2, 1)
        shift = self.inject(self.embed.weight.new_zeros(n, self.embed.embedding_dim), context)
        h = self.embed(nodes.kind) + shift[nodes.row]
        inside = torch.arange(many, device=x.device) <= nodes.index[:, -1:]
        for layer, norm, wide in zip(self.layers, self.norms, self.wide, strict=True):
            sums = h.new_zeros(n, h.shape[1]).index_add_(0, nodes.row, h)
            whole = wide(F.silu(sums / many**0.5))
            h = h + layer(norm(h), edges, bonds) + whole[nodes.row]
        dense = h.new_zeros(n, many, h.shape[1])
        dense[inside] = h
        weight = self.ask(dense).masked_fill(~inside[..., None], -torch.inf).softmax(1)
        told = torch.einsum("nkq,nkw->nqw", weight.to(dense.dtype), self.say(dense)).flatten(1)
        out: Tensor = F.silu(self.out(torch.cat((told, dense.sum(1) / many**0.5), 1)))
        return out


def _layer(messages: Messages, width: int) -> nn.Module:
    from torch_geometric.nn import GATv2Conv, GINEConv

    if messages == "gat":
        heads = 4
        return GATv2Conv(width, width // heads, heads, edge_dim=width)
    inner = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
    return GINEConv(inner, train_eps=True)
