"""Drawing sequences of a reach: as often as they weigh, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, inf

import numpy as np
import torch
from torch import Tensor

from sciencegen.grammar.reach import Reach, Text

__all__ = ["Drawn", "Sampler", "distinct"]

_STEPS = 20
"""Of Newton's method, at most."""
_LEAP = 1.5
"""How far a tilt is moved at once."""
_LETTERS = 4_000_000
"""So many are drawn at once."""


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws sequences of a reach, letter by letter, all at once.

    Each letter is drawn by the weights of all that can follow, so nothing is drawn in vain; where no letter weighs
    more than another, all sequences are equally likely. Where letters are counted, weights are tilted by
    exp(tilt x count) so that counts fall about the window, and of what is drawn a part is kept that undoes the tilt
    exactly.
    """

    reach: Reach

    @cached_property
    def tilt(self) -> Tensor | None:
        """What counted letters weigh more, as logarithms [counters]; None where that is nothing."""
        return _balanced(self.reach) if self.reach.counters else None

    @cached_property
    def _weighed(self) -> tuple[Tensor, Tensor]:
        return self.reach.weighed(self.tilt)

    @cached_property
    def _chances(self) -> list[Tensor]:
        """At every place the chances of the choices, added up: [states, choices]."""
        weights, sums = self._weighed
        chances = []
        for place, sort in enumerate(self.reach.slots.sorts[1].tolist()):
            logs = sums[place + 1][self.reach.next[sort]] + weights[place]
            highest = logs.amax(1, keepdim=True)
            added = (logs - highest.clamp(min=-1e300)).exp().cumsum(1)
            chances.append(added / added[:, -1:].clamp(min=1e-300))  # ends in 1 exactly: what cannot be is never drawn
        return chances

    def propose(self, n: int, random: torch.Generator) -> Tensor:
        """Sequences by their tilted weights, counts not obeyed: [n, length], letters by number."""
        sorts, sort = self.reach.slots.sorts
        out = torch.empty(len(sort), n, dtype=torch.long)
        state = torch.zeros(n, dtype=torch.long)
        width = sorts.shape[1]
        for place, chances in enumerate(self._chances):
            drawn = torch.rand(n, 1, generator=random, dtype=torch.double)
            choice = (chances.index_select(0, state) <= drawn).sum(1)
            kind = int(sort[place])
            out[place] = sorts[kind].index_select(0, choice)
            state = self.reach.next[kind].view(-1).index_select(0, state * width + choice)
        return out.t()

    def draw(self, n: int, random: torch.Generator) -> Tensor:
        """Sequences by their weights, out of n proposed: [n or fewer, length]."""
        proposed = self.propose(n, random)
        if not self.reach.counters:
            return proposed
        counts = self.reach.counted[proposed].sum(1)
        low = torch.tensor([counter.low for counter in self.reach.counters])
        high = torch.tensor([counter.high for counter in self.reach.counters])
        kept = ((counts >= low) & (counts <= high)).all(1)
        if self.tilt is not None:
            lightest = torch.where(self.tilt > 0, low, high)
            chance = ((lightest - counts).double() @ self.tilt).exp()
            kept &= torch.rand(n, generator=random, dtype=torch.double) < chance
        return proposed[kept]

    def texts(self, x: Tensor) -> list[str]:
        """Sequences of letters as text."""
        letters = np.array(self.reach.automaton.letters)
        width = letters.dtype.itemsize // 4
        if len({len(letter) for letter in self.reach.automaton.letters}) > 1:
            return ["".join(row) for row in letters[x.numpy()].tolist()]
        whole: list[str] = np.ascontiguousarray(letters[x.numpy()]).view(f"U{width * x.shape[1]}").reshape(-1).tolist()
        return whole


def _balanced(reach: Reach) -> Tensor | None:
    """The tilt under which counts are on average in the window, or at the edge of it that is nearest."""
    low = torch.tensor([counter.low for counter in reach.counters], dtype=torch.double)
    high = torch.tensor([counter.high for counter in reach.counters], dtype=torch.double)
    tilt = torch.zeros(len(low), dtype=torch.double)
    mean, spread = _moments(reach, tilt)
    if bool(((mean >= low) & (mean <= high)).all()):
        return None
    for _ in range(_STEPS):
        deviation = spread.diagonal().clamp(min=1e-12).sqrt()
        inside = torch.minimum((high - low) / 2, deviation / 2)
        aim = torch.minimum(torch.maximum(mean, low + inside), high - inside)
        if bool(((aim - mean).abs() <= deviation / 10 + 1e-9).all()):
            break
        # Newton's method: the spread of counts is how their mean moves with the tilt
        ridge = 1e-6 * torch.eye(len(low), dtype=torch.double)
        leap = torch.linalg.lstsq(spread + ridge, aim - mean).solution
        tilt = tilt + leap * (_LEAP / leap.abs().max()).clamp(max=1.0)
        mean, spread = _moments(reach, tilt)
    return tilt


def _moments(reach: Reach, tilt: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of the counts [counters] and their covariance [counters, counters], under a tilt."""
    weights, sums = reach.weighed(tilt)
    states, k = len(reach.automaton), len(reach.counters)
    mean = torch.zeros(states + 1, k, dtype=torch.double)
    spread = torch.zeros(states + 1, k, k, dtype=torch.double)
    sort = reach.slots.sorts[1].tolist()
    counts = reach.counted.double()[reach.slots.sorts[0]]
    for place in range(len(sort) - 1, -1, -1):
        following = reach.next[sort[place]]
        total = sums[place, :states, None]
        chance = (sums[place + 1][following] + weights[place] - total.clamp(min=-1e300)).exp()[..., None]
        count = counts[sort[place]] + mean[following]  # [states, choices, counters]
        mean[:states] = (chance * count).sum(1)
        away = count - mean[:states, None]
        whole = spread[following] + away[..., None] * away[..., None, :]
        spread[:states] = (chance[..., None] * whole).sum(1)
    return mean[0], spread[0]


@dataclass
class Drawn:
    """Different sequences, and how many were drawn to find them."""

    texts: list[str] = field(default_factory=list)
    drawn: int = 0
    repeated: int = 0
    exist: int | None = None
    """How many there are, where that was counted."""


def distinct(reach: Reach, n: int, random: torch.Generator, budget: int) -> Drawn:
    """n different sequences, each drawn by its weight among those not drawn yet; fewer where there are no more, or
    where `budget` draws were not enough."""
    every = reach.all(2 * n + 100)
    if every is not None:
        return Drawn(_shuffled(every, random)[:n], min(n, len(every)), 0, len(every))
    done, met = Drawn(), set()
    for text in _stream(reach, n, random, budget, done):
        if text in met:
            done.repeated += 1
        else:
            met.add(text)
            done.texts.append(text)
        if len(done.texts) == n:
            break
    return done


def _stream(reach: Reach, n: int, random: torch.Generator, budget: int, done: Drawn) -> Iterator[str]:
    sampler = Sampler(reach)
    most = max(64, _LETTERS // max(1, len(reach.slots)))
    rate = 1.0 if not reach.counters else 0.4
    while done.drawn < budget:
        missing = n - len(done.texts)
        size = int(min(most, budget - done.drawn, ceil(1.1 * missing / rate) + 16))
        texts = sampler.texts(sampler.draw(size, random))
        done.drawn += size
        rate = min(1.0, max(len(texts) / size, rate / 4, 1e-6))
        yield from texts


def _shuffled(every: list[Text], random: torch.Generator) -> list[str]:
    """All in an order as if each were drawn by its weight from those left (Efraimidis and Spirakis, 2006)."""
    weights = torch.tensor([one.weight for one in every], dtype=torch.double)
    clocks = torch.rand(len(every), generator=random, dtype=torch.double).clamp(min=1e-300).log().neg().log() - weights
    return [every[i].text for i in clocks.argsort().tolist() if weights[i] > -inf]
