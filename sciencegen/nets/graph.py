"""Nets that pass messages along the bonds of graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.space import Nodes
from sciencegen.nets.conditioner import Inject

__all__ = ["GraphReader", "Isomorphism", "Messages"]

Messages = Literal["gine", "gat"]
_NOTHING = -1e9  # finite, as a graph may be empty


class GraphReader(nn.Module):
    """Reads whole graphs: messages along bonds, `depth` times, and then several questions to all nodes.

    Messages are those of GINE (Strategies for Pre-training Graph Neural Networks; Hu et al.; 2020) or GATv2 (How
    Attentive are Graph Attention Networks?; Brody, Alon, Yahav; 2022). `read` finds the nodes and edges of rows. What
    is read does not depend on the order in which a graph was written, unless kinds of nodes or edges tell of it, or
    nodes are told their `numbers`, of which there are so many.
    """

    def __init__(
        self,
        read: Callable[[Tensor], Nodes],
        kinds: int,
        edges: int,
        context: int,
        outputs: int,
        width: int = 128,
        depth: int = 5,
        messages: Messages = "gine",
        questions: int = 8,
        numbers: int = 0,
    ) -> None:
        super().__init__()
        self.read, self.questions = read, questions
        self.numbers = nn.Embedding(numbers, width) if numbers else None
        self.embed, self.bonds = nn.Embedding(kinds, width), nn.Embedding(edges, width)
        self.inject = Inject(context, width)
        self.layers = nn.ModuleList(_layer(messages, width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.wide = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.ask = nn.Linear(width, questions)
        self.say = nn.Linear(width, width)
        self.out = nn.Linear((questions + 1) * width, outputs)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The encodings [n, outputs] of graphs written as rows x [n, length]."""
        nodes = self.read(x)
        n, many = len(x), int(nodes.many.max())
        edges = torch.stack((torch.cat((nodes.source, nodes.target)), torch.cat((nodes.target, nodes.source))))
        bonds = self.bonds(nodes.edge).repeat(2, 1)
        shift = self.inject(self.embed.weight.new_zeros(n, self.embed.embedding_dim), context)
        size = nodes.many.clamp(min=1)[:, None].to(shift.dtype).sqrt()
        h = self.embed(nodes.kind) + shift[nodes.row]
        if self.numbers is not None:
            first = nodes.many.cumsum(0) - nodes.many
            h = h + self.numbers(torch.arange(len(h), device=x.device) - first[nodes.row])
        inside = torch.arange(many, device=x.device) < nodes.many[:, None]
        for layer, norm, wide in zip(self.layers, self.norms, self.wide, strict=True):
            sums = h.new_zeros(n, h.shape[1]).index_add_(0, nodes.row, h)
            whole = wide(F.silu(sums / size))
            h = h + layer(norm(h), edges, bonds) + whole[nodes.row]
        dense = h.new_zeros(n, many, h.shape[1])
        dense[inside] = h
        weight = self.ask(dense).masked_fill(~inside[..., None], _NOTHING).softmax(1)
        told = torch.einsum("nkq,nkw->nqw", weight.to(dense.dtype), self.say(dense)).flatten(1)
        out: Tensor = F.silu(self.out(torch.cat((told, dense.sum(1) / size), 1)))
        return out


def _layer(messages: Messages, width: int) -> nn.Module:
    from torch_geometric.nn import GATv2Conv

    if messages == "gine":
        return Isomorphism(width)
    heads = 4
    layer: nn.Module = GATv2Conv(width, width // heads, heads, edge_dim=width)
    return layer


class Isomorphism(nn.Module):
    """A layer of GINE: what a node is, changed by the sum of what its neighbours and the bonds to them are."""

    def __init__(self, width: int) -> None:
        from torch_geometric.nn import GINEConv

        super().__init__()
        inner = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        self.conv = GINEConv(inner, train_eps=True)

    def forward(self, h: Tensor, edges: Tensor, bonds: Tensor) -> Tensor:
        """All nodes at once, given where edges go [2, e] and what they are [e, width]."""
        changed: Tensor = self.conv(h, edges, bonds)
        return changed

    def told(self, h: Tensor, sums: Tensor) -> Tensor:
        """The same for some nodes, given the sums of what they were told."""
        changed: Tensor = self.conv.nn((1 + self.conv.eps) * h + sums)
        return changed

    @staticmethod
    def message(h: Tensor, bonds: Tensor) -> Tensor:
        """What a neighbour tells along a bond."""
        return F.relu(h + bonds)
