"""Likelihoods p(x | z): what the decoder's numbers mean, chosen by the space."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from sciencegen.core.generator import Drawn, Spread
from sciencegen.core.space import Discrete, Graphs, Reals, Space
from sciencegen.nets.causal.entries import Entries, Sharpness, draw_entries, forbids, sequence_log_prob
from sciencegen.nets.causal.net import CausalNet

__all__ = ["Choice", "Gaussian", "Likelihood", "Matrix", "Spelled", "Spelling", "Variance", "likelihood"]

_ONE_ONLY = 1e-9
"""A nucleus that holds the most probable entry alone."""
Variance = Literal["fixed", "shared", "learned"]


class Likelihood(nn.Module, ABC):
    """A distribution of rows [..., size], given `numbers` numbers for each entry [..., size, numbers]."""

    numbers: int
    knobs: Spread = Spread()
    constrained: bool = False
    """Whether draws are kept from anything that was learned."""

    def shaped(self, numbers: Tensor, size: int) -> Tensor:
        """What a decoder gives [n, all], as the numbers of each entry."""
        return numbers.view(len(numbers), size, self.numbers)

    def lean(self) -> Likelihood:
        """A copy that draws faster in half precision, where there is a way to; otherwise itself."""
        return self

    @abstractmethod
    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        """The log-probability of rows x [n, size]: [..., n]."""

    @abstractmethod
    def draw(self, numbers: Tensor, knobs: Spread) -> Drawn:
        """Rows drawn."""

    @abstractmethod
    def mode(self, numbers: Tensor) -> Tensor:
        """The most probable rows."""


class Choice(Likelihood):
    """Independent choices: Bernoulli for bits, categorical for levels and tokens."""

    def __init__(self, space: Discrete) -> None:
        super().__init__()
        self.space, self.numbers = space, space.logits

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        return self.space.log_prob(numbers, x.expand(numbers.shape[:-1])).sum(-1)

    def draw(self, numbers: Tensor, knobs: Spread) -> Drawn:
        probability = self.space.full(numbers).softmax(-1)
        drawn = torch.multinomial(probability.flatten(0, -2), 1).view(probability.shape[:-1])
        return Drawn(self.space.closed(drawn))

    def mode(self, numbers: Tensor) -> Tensor:
        return self.space.closed(self.space.full(numbers).argmax(-1))


class Matrix(Likelihood):
    """Graphs all at once: independent choices of every node and every edge (GraphVAE: Towards Generation of Small
    Graphs Using Variational Autoencoders; Simonovsky, Komodakis; 2018).

    Nodes have the order they are given in, where the paper matches them to the data's. Edges of nodes that are not
    there cost no probability, and there are none.
    """

    def __init__(self, space: Graphs) -> None:
        super().__init__()
        self.space, self.numbers = space, 1
        i, j = torch.triu_indices(space.nodes, space.nodes, 1)
        self.register_buffer("ends", torch.stack((i, j)), persistent=False)

    @property
    def all_numbers(self) -> int:
        """How many numbers one graph takes."""
        space = self.space
        return space.nodes * space.node_kinds + (space.size - space.nodes) * space.edge_kinds

    def shaped(self, numbers: Tensor, size: int) -> Tensor:
        return numbers

    def _split(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        space, cut = self.space, self.space.nodes * self.space.node_kinds
        nodes = numbers[..., :cut].unflatten(-1, (space.nodes, space.node_kinds))
        return nodes, numbers[..., cut:].unflatten(-1, (-1, space.edge_kinds))

    def _joined(self, nodes: Tensor) -> Tensor:
        """Which edges have both ends."""
        assert isinstance(self.ends, Tensor)
        return (nodes[..., self.ends[0]] > 0) & (nodes[..., self.ends[1]] > 0)

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        x = x.long().expand(*numbers.shape[:-1], x.shape[-1])
        nodes, edges = self._split(numbers)
        chosen = x[..., : self.space.nodes]
        of_nodes = nodes.log_softmax(-1).gather(-1, chosen[..., None])[..., 0]
        of_edges = edges.log_softmax(-1).gather(-1, x[..., self.space.nodes :, None])[..., 0]
        return of_nodes.sum(-1) + of_edges.where(self._joined(chosen), torch.zeros_like(of_edges)).sum(-1)

    def draw(self, numbers: Tensor, knobs: Spread) -> Drawn:
        nodes, edges = self._split(numbers)
        drawn = [torch.multinomial(one.softmax(-1).flatten(0, -2), 1).view(one.shape[:-1]) for one in (nodes, edges)]
        return Drawn(torch.cat((drawn[0], drawn[1] * self._joined(drawn[0])), -1))

    def mode(self, numbers: Tensor) -> Tensor:
        nodes, edges = (one.argmax(-1) for one in self._split(numbers))
        return torch.cat((nodes, edges * self._joined(nodes)), -1)


class Gaussian(Likelihood):
    """Independent normals whose spread is fixed, one learned number, or learned for every entry."""

    def __init__(self, variance: Variance = "learned", std: float = 1.0) -> None:
        super().__init__()
        self.variance, self.numbers = variance, 2 if variance == "learned" else 1
        log_std = torch.tensor(math.log(std))
        if variance == "shared":
            self.log_std = nn.Parameter(log_std)
        else:
            self.register_buffer("log_std", log_std)

    def _moments(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        if self.variance == "learned":
            return numbers[..., 0], 5 * torch.tanh(numbers[..., 1] / 5) + self.log_std
        return numbers[..., 0], self.log_std.to(numbers.dtype).expand(numbers.shape[:-1])

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        mean, log_std = self._moments(numbers)
        standard = (x - mean) * torch.exp(-log_std)
        return -(0.5 * standard.square() + log_std + 0.5 * math.log(2 * math.pi)).sum(-1)

    def draw(self, numbers: Tensor, knobs: Spread) -> Drawn:
        mean, log_std = self._moments(numbers)
        return Drawn(mean + log_std.exp() * torch.randn_like(mean))

    def mode(self, numbers: Tensor) -> Tensor:
        return self._moments(numbers)[0]


@dataclass(frozen=True)
class Spelling(Spread):
    """How far from its middle a latent is drawn, and how the entries it is spelled with are; see `Sharpness`.

    `guidance` goes further from where a learned prior would have put a latent, had nothing been asked, to where it puts
    it now: 1 is there.
    """

    sharpness: float = 1.0
    top_p: float = 1.0
    keep: float = 1.0
    guarded: int = 1
    guidance: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.entries  # their ranges are checked there

    @property
    def entries(self) -> Sharpness:
        """The knobs of the entries; each row is spelled once."""
        return Sharpness(1 / self.sharpness, self.top_p, keep=self.keep, guarded=self.guarded)


class Spelled(Likelihood):
    """Entries one after the other, by a causal net whose context is what the decoder says of the latent.

    A constraint of the space is kept when rows are drawn, and where it is `masked` in the likelihood too; otherwise
    only its syntax is.
    """

    def __init__(self, space: Discrete, net: CausalNet, width: int, knobs: Spelling, masked: bool = False) -> None:
        super().__init__()
        self.space, self.net, self.numbers, self.masked = space, net, width, masked
        self.knobs: Spelling = knobs
        self.constrained = forbids(space, masked)

    def lean(self) -> Likelihood:
        if not self.net.halves:
            return self
        half = copy.deepcopy(self.net).to(torch.bfloat16)
        return Spelled(self.space, half, self.numbers, self.knobs, self.masked).eval()

    def shaped(self, numbers: Tensor, size: int) -> Tensor:
        return numbers

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        rows = x.expand(*numbers.shape[:-1], x.shape[-1]).reshape(-1, x.shape[-1]).long()
        logits = self.net(rows, numbers.reshape(-1, self.numbers))
        return sequence_log_prob(self.space, logits, rows, self.masked).view(numbers.shape[:-1])

    def draw(self, numbers: Tensor, knobs: Spread) -> Drawn:
        assert isinstance(knobs, Spelling)
        found = self._entries(numbers, knobs.entries)
        return Drawn(found.x, found.removed_logmass)

    def mode(self, numbers: Tensor) -> Tensor:
        return self._entries(numbers, Sharpness(top_p=_ONE_ONLY)).x

    def _entries(self, numbers: Tensor, knobs: Sharpness) -> Entries:
        numbers = numbers.to(next(self.net.parameters()).dtype)
        return draw_entries(self.space, self.net, (numbers,), knobs, self.masked)


def likelihood(space: Space, variance: Variance = "learned", std: float = 1.0) -> Likelihood:
    """The likelihood that fits a space."""
    if isinstance(space, Discrete):
        return Choice(space)
    if isinstance(space, Reals):
        return Gaussian(variance, std)
    if isinstance(space, Graphs):
        return Matrix(space)
    raise ValueError(f"{type(space).__name__}: expected bits, levels, tokens, reals or graphs")
