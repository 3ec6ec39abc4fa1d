"""A causal net of graphs that grow: what it reads is the part that is there, what it says is how to go on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.growth import Layout
from sciencegen.core.space import Nodes
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.conditioner import Inject
from sciencegen.nets.graph import Isomorphism

__all__ = ["PartialGraph", "PartialState"]


@dataclass
class PartialState:
    """What is remembered of graphs that are being grown."""

    memory: list[Tensor]  # per layer [n, width]
    given: Tensor  # [n, inputs], what the context adds to every input
    embedded: list[Tensor]  # per round [n, nodes, messages], what is known of the nodes that are bound
    told: list[Tensor]  # per round but the last [n, messages], what bonds have told the node that is being bound
    keys: Tensor  # [n, nodes, pointer], what nodes are found by
    count: Tensor  # [n], how many nodes there are
    kind: Tensor  # [n], the kind of the last of them


class PartialGraph(CausalNet):
    """Gated recurrent units over the entries of a growing graph.

    An entry is read with what it is about: a bond with the node it goes to, as messages between the bound nodes before
    it tell of that (`rounds` of GINE, along bonds from earlier to later nodes, so that what is there never changes as
    the graph grows). Where a bond may go is said by comparing what is wanted with what each node was found to be when
    it had been bound, so that neither the number of nodes nor their order is of weight; how far back it would go is
    weighed besides. The nodes of a scaffold that is given are met in the same way.
    """

    halves = True

    def __init__(
        self,
        layout: Layout,
        context: int,
        width: int = 512,
        depth: int = 1,
        embed: int = 128,
        messages: int = 64,
        rounds: int = 2,
        pointer: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.layout, self.width, self.depth, self.rounds, self.pointer = layout, width, depth, rounds, pointer
        self.embed = nn.Embedding(2 + layout.first_bond, embed)  # the first is the beginning, the last a bond
        self.order, self.far = nn.Embedding(len(layout.orders), embed), nn.Embedding(layout.nodes, embed)
        self.kinds, self.bonds = nn.Embedding(layout.kinds, messages), nn.Embedding(len(layout.orders), messages)
        self.convs = nn.ModuleList(Isomorphism(messages) for _ in range(rounds))
        self.about = nn.Linear(messages, embed)
        self.inject, self.begin = Inject(context, embed), Inject(context, depth * width)
        self.rnn = nn.GRU(embed, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)
        self.dropout, self.head = nn.Dropout(dropout), nn.Linear(width, layout.vocabulary)
        self.key, self.query = nn.Linear(width, pointer), nn.Linear(width, len(layout.orders) * pointer)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        x = x.long()
        nodes = self.layout.read(x)
        entry = self.embed(F.pad(x[:, :-1].clamp(max=self.layout.first_bond) + 1, (1, 0)))
        bond = self.layout.is_bond(x)
        found = self.order(nodes.edge) + self.far(self.layout.distance(x[bond])) + self.about(self._messages(nodes))
        about = entry.new_zeros(*x.shape, entry.shape[-1])
        about[bond] = found.to(about.dtype)
        past = F.pad(about[:, :-1], (0, 0, 1, 0))
        begin = torch.tanh(self.begin(context.new_zeros(len(context), self.depth * self.width), context))
        memory = begin.view(-1, self.depth, self.width).transpose(0, 1).contiguous()
        hidden, _ = self.rnn(self.inject(entry + past, context), memory)
        out: Tensor = self.head(self.dropout(hidden))
        return self._pointed(out, hidden, x)

    def _messages(self, nodes: Nodes) -> Tensor:
        """What is known of the other end of every bond [e, messages]."""
        h, edges = self.kinds(nodes.kind), torch.stack((nodes.source, nodes.target))
        for conv in self.convs:
            h = h + conv(h, edges, self.bonds(nodes.edge))
        ends: Tensor = h[nodes.source]
        return ends

    def _pointed(self, out: Tensor, hidden: Tensor, x: Tensor) -> Tensor:
        """The logits with those of bonds raised by how well nodes fit: a node is what was known just before the next
        one came."""
        layout, (n, length), index = self.layout, x.shape, self.layout.index(x)
        many = int(index.max()) + 1
        if many < 2:
            return out
        place = torch.arange(length, device=x.device).expand(n, -1)
        ends = torch.zeros(n, many + 1, dtype=torch.long, device=x.device)
        node = layout.is_node(x)
        ends[node.nonzero()[:, 0], index[node]] = place[node]  # when it came
        keys = self.key(hidden).gather(1, ends[:, 1:, None].expand(-1, -1, self.pointer))
        queries = self.query(hidden).view(n, length, -1, self.pointer)
        fit = torch.einsum("ltop,lkp->ltok", queries, keys) / self.pointer**0.5
        # the entry at t is of the node that was begun before t
        before = F.pad(index[:, :-1], (1, 0), value=-1)
        to = before[..., None] - torch.arange(1, layout.nodes, device=x.device)
        known = (to >= 0)[:, :, None]
        to = to.clamp(0, many - 1)[:, :, None].expand(-1, -1, len(layout.orders), -1)
        found = fit.gather(3, to).masked_fill(~known, 0.0).flatten(2)
        return torch.cat((out[..., : layout.first_bond], out[..., layout.first_bond :] + found), -1)

    def start(self, context: Tensor) -> PartialState:
        n, m = len(context), self.kinds.embedding_dim
        begin = torch.tanh(self.begin(context.new_zeros(n, self.depth * self.width), context))
        given = self.inject(context.new_zeros(n, self.embed.embedding_dim), context)
        empty = [context.new_zeros(n, self.layout.nodes, m) for _ in range(self.rounds + 1)]
        told = [context.new_zeros(n, m) for _ in range(self.rounds)]
        count = torch.zeros(n, dtype=torch.long, device=context.device)
        keys = context.new_zeros(n, self.layout.nodes, self.pointer)
        return PartialState(list(begin.view(n, self.depth, -1).unbind(1)), given, empty, told, keys, count, count)

    def step(self, state: PartialState, t: int, previous: Tensor | None) -> Tensor:
        entry = self._read(state, previous)
        h = entry + state.given
        for number in range(self.depth):
            state.memory[number] = h = self._cell(number, h, state.memory[number])
        out: Tensor = self.head(h)
        layout, n = self.layout, len(h)
        fit = torch.einsum("nop,nkp->nok", self.query(h).view(n, -1, self.pointer), state.keys) / self.pointer**0.5
        to = state.count[:, None] - 1 - torch.arange(1, layout.nodes, device=h.device)
        known = (to >= 0)[:, None]
        found = fit.gather(2, to.clamp(min=0)[:, None].expand(-1, len(layout.orders), -1)).masked_fill(~known, 0.0)
        out[:, layout.first_bond :] += found.flatten(1)
        return out

    def _read(self, state: PartialState, previous: Tensor | None) -> Tensor:
        """The last entry with what it is about; what is known of nodes is brought up to it."""
        layout = self.layout
        if previous is None:
            zero = torch.zeros_like(state.count)
            beginning: Tensor = self.embed(zero)
            return beginning
        node, bond = layout.is_node(previous), layout.is_bond(previous)
        rows, last = torch.arange(len(previous), device=previous.device), (state.count - 1).clamp(min=0)
        if bool(node.any()):
            done = node & (state.count > 0)  # the node before has all its bonds now
            self._bind(state, rows[done], last[done])
            key = self.key(state.memory[-1])  # known before this node came
            state.keys[rows[done], last[done]] = key[done]
            state.count = state.count + node.long()
            state.kind = torch.where(node, layout.kind(previous), state.kind)
        entry = self.embed(previous.clamp(max=layout.first_bond) + 1)
        there = (state.count - 1 - layout.distance(previous)).clamp(min=0)
        order = layout.order(previous).clamp(max=len(layout.orders) - 1)
        if bool(bond.any()):
            tie = self.bonds(order)
            for told, known in zip(state.told, state.embedded, strict=False):
                told += Isomorphism.message(known[rows, there], tie) * bond[:, None]
            about = self.about(state.embedded[-1][rows, there]) + self.far(layout.distance(previous))
            entry = entry + (about + self.order(order)) * bond[:, None]
        read: Tensor = entry
        return read

    def _bind(self, state: PartialState, rows: Tensor, last: Tensor) -> None:
        """Write down what is known of nodes whose bonds to earlier ones are all there."""
        h = self.kinds(state.kind[rows])
        state.embedded[0][rows, last] = h
        for conv, told, known in zip(self.convs, state.told, state.embedded[1:], strict=True):
            assert isinstance(conv, Isomorphism)
            h = h + conv.told(h, told[rows])
            known[rows, last] = h
            told[rows] = 0

    def _cell(self, number: int, x: Tensor, h: Tensor) -> Tensor:
        """A step of one gated layer."""
        weights = [getattr(self.rnn, f"{name}_l{number}") for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")]
        enter, late = F.linear(x, *weights[:2]), F.linear(h, *weights[2:])
        two = 2 * self.width
        reset, keep = (enter[:, :two] + late[:, :two]).sigmoid().chunk(2, -1)
        return torch.tanh(enter[:, two:] + reset * late[:, two:]).lerp(h, keep)

    def take(self, state: PartialState, rows: Tensor) -> PartialState:
        return PartialState(
            [one[rows] for one in state.memory],
            state.given[rows],
            [one[rows] for one in state.embedded],
            [one[rows] for one in state.told],
            state.keys[rows],
            state.count[rows],
            state.kind[rows],
        )
