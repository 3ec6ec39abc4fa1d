"""Graphs written as they grow: a node, its bonds to earlier nodes, the next node, and so on.

A row of entries is a graph in the order it was built. What is given of it, if anything, stands before `GROW`: nodes
and bonds as all others, and after a node `OPEN` for every bond that is still to be made to it. After `GROW` every
node is bound to earlier ones, nearest first; a bond says its kind and how many nodes back its other end is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.core.constraint import Constraint, rows_of
from sciencegen.core.space import Nodes

__all__ = ["END", "GROW", "OPEN", "Growth", "Layout"]

END, GROW, OPEN = 0, 1, 2
_FIRST = 3


@dataclass(frozen=True)
class Layout:
    """What the entries of a growing graph mean.

    `capacity` is what bonds may take of each kind of node, `orders` what each kind of bond takes of both its ends.
    """

    nodes: int
    capacity: tuple[int, ...]
    orders: tuple[int, ...]

    @property
    def kinds(self) -> int:
        """How many kinds of nodes there are."""
        return len(self.capacity)

    @property
    def reach(self) -> int:
        """How far back a bond may go."""
        return self.nodes - 1

    @property
    def first_bond(self) -> int:
        """The first entry that is a bond."""
        return _FIRST + self.kinds

    @property
    def vocabulary(self) -> int:
        """How many different entries there are."""
        return self.first_bond + len(self.orders) * self.reach

    def node(self, kind: int) -> int:
        """The entry of a node."""
        return _FIRST + kind

    def bond(self, order: int, distance: int) -> int:
        """The entry of a bond to the node so many before this one."""
        return self.first_bond + order * self.reach + distance - 1

    def is_node(self, x: Tensor) -> Tensor:
        """Which entries are nodes."""
        return (x >= _FIRST) & (x < self.first_bond)

    def is_bond(self, x: Tensor) -> Tensor:
        """Which entries are bonds."""
        return x >= self.first_bond

    def kind(self, x: Tensor) -> Tensor:
        """The kind of node of entries; of no meaning where they are none."""
        return (x - _FIRST).clamp(0, self.kinds - 1)

    def order(self, x: Tensor) -> Tensor:
        """The kind of bond of entries; of no meaning where they are none."""
        return (x - self.first_bond).clamp(min=0) // self.reach

    def distance(self, x: Tensor) -> Tensor:
        """How far back the bonds go; of no meaning where they are none."""
        return (x - self.first_bond).clamp(min=0) % self.reach + 1

    def index(self, x: Tensor) -> Tensor:
        """The number of the node that is being written at each entry, -1 before the first."""
        return self.is_node(x).long().cumsum(1) - 1

    def read(self, x: Tensor) -> Nodes:
        """The nodes and bonds of rows x [n, length]."""
        index = self.index(x)
        many = index[:, -1] + 1
        place = index + (many.cumsum(0) - many)[:, None]
        found, target = x[self.is_bond(x)], place[self.is_bond(x)]
        row = torch.arange(len(x), device=x.device).repeat_interleave(many)
        kind = self.kind(x[self.is_node(x)])
        return Nodes(kind, row, many, target - self.distance(found), target, self.order(found))


@dataclass
class _State:
    """Graphs that are being grown."""

    left: int  # how many entries may still be written
    kind: Tensor  # [n], that of the last entry: node, other
    room: Tensor  # [n, nodes], what bonds may still take of every node
    open: Tensor  # [n, nodes], the bonds still to be made to nodes that were given
    count: Tensor  # [n], how many nodes there are
    given: Tensor  # [n], how many of them were given
    last: Tensor  # [n], how far back the last bond of the last node went; 0 where it has none yet
    begun: Tensor  # [n], whether growth has begun
    ended: Tensor  # [n], whether it has ended
    marked: Tensor  # [n], whether given nodes are bound only where they are open


@dataclass(frozen=True)
class Growth(Constraint):
    """Connected graphs whose bonds take no more of a node than it has, of at most `length` entries.

    Where growth begins with something `given`, its own bonds stay as they are. Where nodes of it are open, new bonds
    to it are made there, of the lowest order, and all of them are; otherwise wherever there is room. Rows are closed
    in time.
    """

    layout: Layout
    length: int
    given: bool = False
    """Whether rows say where growth begins."""

    def start(self, n: int, device: torch.device | None = None) -> _State:
        none = torch.zeros(n, dtype=torch.long, device=device)
        nothing = torch.zeros(n, self.layout.nodes, dtype=torch.long, device=device)
        begun = torch.full((n,), not self.given, device=device)
        false = torch.zeros(n, dtype=torch.bool, device=device)
        return _State(self.length, false, nothing, nothing, none, none, none, begun, false, false)

    def syntax(self, state: _State) -> Tensor:
        return self._written(state.kind, state.count, state.last, state.begun, state.ended)

    def syntaxes(self, x: Tensor) -> Tensor:
        layout, x = self.layout, x.long()
        before = torch.nn.functional.pad(x[:, :-1], (1, 0), value=OPEN)  # an entry that says nothing
        node, bond = layout.is_node(before), layout.is_bond(before)
        count = node.long().cumsum(1)
        begun = ((before == GROW).long().cumsum(1) > 0) | (not self.given)
        # bonds of a node go further and further back, so that the last is the largest since the node
        closed = torch.where(before == GROW, layout.reach, 0)  # given nodes get no bonds among each other
        far = torch.where(bond, layout.distance(before), closed) + count * layout.nodes
        last = far.cummax(1).values - count * layout.nodes
        return self._written(node, count, last, begun, (before == END).long().cumsum(1) > 0)

    def _written(self, node: Tensor, count: Tensor, last: Tensor, begun: Tensor, ended: Tensor) -> Tensor:
        """What may be written next, whatever nodes have room for [..., vocabulary]."""
        layout = self.layout
        waiting = node & (count > 1)  # a node that is not bound yet
        free = ~waiting & ~ended
        nodes = (free & (count < layout.nodes))[..., None].expand(*count.shape, layout.kinds)
        distance = torch.arange(1, layout.nodes, device=count.device)
        bonds = (distance > last[..., None]) & (distance < count[..., None]) & ~ended[..., None]
        signs = torch.stack((ended | (begun & free & (count > 0)), ~begun & free, ~begun & free & (count > 0)), -1)
        return torch.cat((signs, nodes, *(bonds for _ in layout.orders)), -1)

    def mask(self, state: _State) -> Tensor:
        layout, out = self.layout, self.syntax(state)
        debt = state.open.sum(1)
        place = torch.arange(layout.nodes, device=out.device)
        free = (state.room > 0) & (place < state.count[:, None])
        free &= ~state.marked[:, None] | (state.open > 0) | (place >= state.given[:, None])
        out[:, END] &= (debt == 0) | state.ended
        # a node and its bond take two entries, and may settle one of the bonds that are owed
        more = free.any(1) & (state.left - 3 >= 2 * (debt - 1).clamp(min=0))
        more &= layout.nodes - state.count >= debt.clamp(min=1)
        bare = torch.tensor([one < 1 for one in layout.capacity], device=out.device)
        first = (state.count == 0)[:, None]
        out[:, _FIRST : layout.first_bond] &= first | (more[:, None] & ~bare)
        out[:, layout.first_bond :] &= self._bonds(state, free, debt)
        return out

    def _bonds(self, state: _State, free: Tensor, debt: Tensor) -> Tensor:
        """Which bonds the last node may make: [n, orders * reach]."""
        layout = self.layout
        distance = torch.arange(1, layout.nodes, device=free.device)
        place = state.count[:, None] - 1 - distance
        there = place.clamp(min=0)
        room, owed = state.room.gather(1, there), state.open.gather(1, there)
        may = free.gather(1, there)
        settled = debt[:, None] - (owed > 0).long()
        may &= (state.left - 2 >= 2 * settled) & ((layout.nodes - state.count)[:, None] >= settled)
        own = state.room.gather(1, (state.count - 1).clamp(min=0)[:, None])
        spared = room - (owed - 1).clamp(min=0)  # what other open bonds of the node will take
        least = min(layout.orders)  # what is owed are bonds of the lowest order
        free_of = [may & ((owed == 0) | (order == least)) for order in layout.orders]
        return torch.cat(
            [one & (spared >= order) & (own >= order) for one, order in zip(free_of, layout.orders, strict=True)], 1
        )

    def advance(self, state: _State, token: Tensor) -> _State:
        layout = self.layout
        token = token.long()
        node, bond = layout.is_node(token), layout.is_bond(token)
        count = state.count + node.long()
        here = (count - 1).clamp(min=0)[:, None]
        capacity = torch.tensor(layout.capacity, device=token.device)[layout.kind(token)]
        room = state.room.scatter_add(1, here, (capacity * node)[:, None])
        orders = torch.tensor(layout.orders, device=token.device)
        taken = (orders[layout.order(token).clamp(max=len(orders) - 1)] * bond)[:, None]
        distance = layout.distance(token)
        there = (count - 1 - distance).clamp(min=0)[:, None]
        room = room.scatter_add(1, here, -taken).scatter_add(1, there, -taken)
        settled = (bond[:, None] & (state.open.gather(1, there) > 0) & state.begun[:, None]).long()
        opened = (token == OPEN).long()[:, None]
        begins = token == GROW
        return _State(
            left=state.left - 1,
            kind=node,
            room=room,
            open=state.open.scatter_add(1, there, -settled).scatter_add(1, here, opened),
            count=count,
            given=torch.where(begins, count, state.given),
            last=torch.where(node, 0, torch.where(bond, distance, torch.where(begins, layout.reach, state.last))),
            begun=state.begun | begins,
            ended=state.ended | (token == END),
            marked=state.marked | (token == OPEN),
        )

    def take(self, state: _State, rows: Tensor) -> _State:
        return rows_of(state, rows)
