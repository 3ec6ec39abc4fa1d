"""Spaces: all a generator knows about science."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

from sciencegen.core.constraint import Constraint

__all__ = ["Bits", "Discrete", "Graphs", "Levels", "Nodes", "Reals", "Space", "Tokens"]


class Space(ABC):
    """The kind of tensors a representation produces, and the shape of one of them."""

    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many entries one sample has."""
        return prod(self.shape)

    @property
    @abstractmethod
    def inputs(self) -> int:
        """How many numbers a dense net reads for one entry."""

    @abstractmethod
    def floats(self, x: Tensor) -> Tensor:
        """What a dense net reads for `x`: [..., inputs]."""

    @abstractmethod
    def contains(self, x: Tensor) -> Tensor:
        """Say of every row of `x` whether it lies in the space."""


class Discrete(Space):
    """A space whose entries are integers below `categories`.

    `logits` is how many numbers a net gives for one entry: one for a bit, `categories` otherwise.
    """

    @property
    @abstractmethod
    def categories(self) -> int:
        """How many values an entry can take."""

    @property
    @abstractmethod
    def logits(self) -> int:
        """How many numbers a net gives for one entry."""

    @abstractmethod
    def log_prob(self, logits: Tensor, x: Tensor) -> Tensor:
        """The log-probability of each entry of rows `x` [..., size] under `logits` [..., size, logits]."""

    @abstractmethod
    def closed(self, x: Tensor) -> Tensor:
        """Rows of freely chosen entries, made rows of the space."""

    @abstractmethod
    def full(self, logits: Tensor) -> Tensor:
        """Unnormalised log-probabilities of all categories, whatever the net's own parameterisation."""

    def contains(self, x: Tensor) -> Tensor:
        flat = x.reshape(len(x), -1)
        shaped = x.shape[1:] == torch.Size(self.shape) and not x.is_floating_point()
        return ((flat >= 0) & (flat < self.categories)).all(-1) & shaped


@dataclass(frozen=True)
class Reals(Space):
    """Real numbers."""

    shape: tuple[int, ...]
    periodic: bool = False
    """Whether the axes behind the first go on at the other side, as those of a field may."""
    spacing: float = 1.0
    """How far entries lie apart along these axes, in the unit of what is measured of them."""

    @property
    def inputs(self) -> int:
        return 1

    def floats(self, x: Tensor) -> Tensor:
        return x[..., None]

    def contains(self, x: Tensor) -> Tensor:
        shaped = x.shape[1:] == torch.Size(self.shape) and x.is_floating_point()
        return torch.isfinite(x.reshape(len(x), -1)).all(-1) & shaped


@dataclass(frozen=True)
class Bits(Discrete):
    """Zeros and ones."""

    shape: tuple[int, ...]

    @property
    def categories(self) -> int:
        return 2

    @property
    def logits(self) -> int:
        return 1

    @property
    def inputs(self) -> int:
        return 1

    def closed(self, x: Tensor) -> Tensor:
        return x

    def log_prob(self, logits: Tensor, x: Tensor) -> Tensor:
        return -F.softplus((1 - 2 * x.to(logits.dtype)) * logits[..., 0])

    def full(self, logits: Tensor) -> Tensor:
        return torch.cat((torch.zeros_like(logits), logits), -1)

    def floats(self, x: Tensor) -> Tensor:
        return x.to(torch.get_default_dtype())[..., None]


def _categorical_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    return logits.log_softmax(-1).gather(-1, x.long()[..., None])[..., 0]


@dataclass(frozen=True)
class Levels(Discrete):
    """Ordered integers, such as grey levels."""

    shape: tuple[int, ...]
    levels: int

    @property
    def categories(self) -> int:
        return self.levels

    @property
    def logits(self) -> int:
        return self.levels

    @property
    def inputs(self) -> int:
        return self.levels

    def closed(self, x: Tensor) -> Tensor:
        return x

    def log_prob(self, logits: Tensor, x: Tensor) -> Tensor:
        return _categorical_log_prob(logits, x)

    def full(self, logits: Tensor) -> Tensor:
        return logits

    def floats(self, x: Tensor) -> Tensor:
        return F.one_hot(x.long(), self.levels).to(torch.get_default_dtype())


@dataclass(frozen=True)
class Tokens(Discrete):
    """Sequences over a vocabulary.

    Where there is an `end` token, everything after the first one is `end` too, and costs no probability.
    A `constraint` says which token may come next.
    """

    shape: tuple[int, ...]
    vocabulary: int
    end: int | None = None
    constraint: Constraint | None = None

    @property
    def categories(self) -> int:
        return self.vocabulary

    @property
    def logits(self) -> int:
        return self.vocabulary

    @property
    def inputs(self) -> int:
        return self.vocabulary

    def log_prob(self, logits: Tensor, x: Tensor) -> Tensor:
        entries = _categorical_log_prob(logits, x)
        return entries if self.end is None else entries.where(self.alive(x), torch.zeros_like(entries))

    def closed(self, x: Tensor) -> Tensor:
        return x if self.end is None else x.masked_fill(~self.alive(x), self.end)

    def full(self, logits: Tensor) -> Tensor:
        return logits

    def floats(self, x: Tensor) -> Tensor:
        return F.one_hot(x.long(), self.vocabulary).to(torch.get_default_dtype())

    def alive(self, x: Tensor) -> Tensor:
        """Which entries count: all up to and including the first `end`."""
        if self.end is None:
            return torch.ones_like(x, dtype=torch.bool)
        ended = (x == self.end).long()
        return ended.cumsum(-1) - ended == 0

    def contains(self, x: Tensor) -> Tensor:
        return super().contains(x) & (self.closed(x) == x).reshape(len(x), -1).all(-1)


@dataclass(frozen=True)
class Nodes:
    """The nodes and edges of many graphs, one after the other; each edge stands here once."""

    kind: Tensor  # [m]
    row: Tensor  # [m], the graph a node belongs to
    many: Tensor  # [n], how many nodes each graph has
    source: Tensor  # [e], the earlier node of every edge, among all nodes
    target: Tensor  # [e], the later one
    edge: Tensor  # [e], the kind of edge


@dataclass(frozen=True)
class Graphs(Space):
    """Graphs of at most `nodes` nodes, packed as integers: node kinds, then the upper triangle of edge kinds.

    Kind 0 means "no node" and "no edge".
    """

    nodes: int
    node_kinds: int
    edge_kinds: int
    shape: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", (self.nodes * (self.nodes + 1) // 2,))

    @property
    def inputs(self) -> int:
        return max(self.node_kinds, self.edge_kinds)

    def floats(self, x: Tensor) -> Tensor:
        return F.one_hot(x.long(), self.inputs).to(torch.get_default_dtype())

    def contains(self, x: Tensor) -> Tensor:
        if x.shape[1:] != torch.Size(self.shape) or x.is_floating_point():
            return torch.zeros(len(x), dtype=torch.bool, device=x.device)
        atoms, bonds = x[:, : self.nodes], x[:, self.nodes :]
        i, j = torch.triu_indices(self.nodes, self.nodes, 1, device=x.device)
        joined = (bonds == 0) | ((atoms[:, i] > 0) & (atoms[:, j] > 0))
        inside = ((atoms >= 0) & (atoms < self.node_kinds)).all(-1) & ((bonds >= 0) & (bonds < self.edge_kinds)).all(-1)
        return inside & joined.all(-1)

    def read(self, x: Tensor) -> Nodes:
        """The nodes and edges of rows, their kinds counted from 0."""
        there = x[:, : self.nodes] > 0
        many = there.sum(1)
        place = there.flatten().long().cumsum(0).view(there.shape) - 1
        i, j = torch.triu_indices(self.nodes, self.nodes, 1, device=x.device)
        edges = x[:, self.nodes :] > 0
        row = torch.arange(len(x), device=x.device).repeat_interleave(many)
        kind, edge = x[:, : self.nodes][there] - 1, x[:, self.nodes :][edges] - 1
        return Nodes(kind, row, many, place[:, i][edges], place[:, j][edges], edge)
