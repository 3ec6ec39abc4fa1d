"""A density taught what is worth drawing, by what it drew and how that was judged.

The augmented likelihood: with a prior p0, a score s from 0 to 1 and a factor sigma, a policy p is drawn to
log p = log p0 + sigma s by the square of what it is off (Molecular de-novo design through deep reinforcement learning;
Olivecrona, Blaschke, Engkvist, Chen; 2017). Judgements being dear, each is learned from several times, the best the
more often, in other spellings where that is asked for (Augmented Memory; Guo, Schwaller; 2024), and the best are
crossed with one another (Genetic-guided GFlowNets; Kim, Kim, Choi, Park; 2024).
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Density, Generator
from sciencegen.core.objective import Loss, Objective
from sciencegen.errors import RequestError

__all__ = ["AugmentedLikelihood", "Bench", "Judged", "Memory", "Practice"]


@dataclass(frozen=True)
class Judged:
    """An item that was judged: its text, what it is worth, and the group it belongs to, if to any."""

    text: str
    """Nothing for what is not to be remembered."""
    score: float
    group: str = ""


class Bench(Protocol):
    """What knows the items that samples stand for, and asks what they are worth."""

    @property
    def asked(self) -> int:
        """How many different items were judged so far."""

    def judged(self, x: Tensor) -> Sequence[Judged | None]:
        """What each sample is worth, which is nothing where it is no valid item; None where nobody says any more."""

    def bred(self, parents: Sequence[str], n: int, seed: int) -> Sequence[Judged]:
        """At most `n` new items made of these, judged; none where items cannot be bred."""

    def spelled(self, texts: Sequence[str], seed: int | None) -> Tensor:
        """Samples that stand for items, in some spelling; in the usual one without a seed."""


@dataclass(frozen=True)
class Practice:
    """How a policy learns: all that may be chosen."""

    sigma: float = 100.0
    """How much a score counts beside a logarithm of a probability."""
    updates: int = 4
    """Steps of learning from the memory after each batch of judgements."""
    replay: int = 64
    """How many items of the memory a step learns from."""
    memory: int = 1000
    """How many items are remembered, the best."""
    greed: float = 0.01
    """Remembered items come with a probability of 1 / (greed * items + rank): small numbers prefer the best."""
    bred: int = 32
    """How many items are bred from the memory for each batch."""
    parents: int = 64
    """How many are bred from."""
    respell: bool = False
    """Whether what is remembered is learned in other spellings, where there are some."""
    quota: int = 0
    """How many items of a group count; what comes later is worth nothing. 0: any number."""

    def __post_init__(self) -> None:
        for name, least in (("updates", 0), ("replay", 1), ("memory", 1), ("bred", 0), ("parents", 2), ("quota", 0)):
            if getattr(self, name) < least:
                raise RequestError(f"{name}={getattr(self, name)}: expected {least} or more")
        for name in ("sigma", "greed"):
            if not getattr(self, name) > 0:
                raise RequestError(f"{name}={getattr(self, name)}: expected a number above 0")


class Memory:
    """The best items so far, at most a quota of each group.

    When a group is full its items are forgotten, and new ones are worth nothing, so that the search goes elsewhere.
    """

    def __init__(self, size: int, quota: int = 0) -> None:
        self.size, self.quota = size, quota
        self._best: list[Judged] = []
        self._known: set[str] = set()
        self._groups: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._best)

    @property
    def best(self) -> Sequence[Judged]:
        """What is remembered, the best first."""
        return self._best

    def add(self, some: Sequence[Judged]) -> None:
        """Remember some, each once, in the order they came."""
        for one in some:
            if not one.text or one.text in self._known:
                continue
            self._known.add(one.text)
            if one.group:
                self._groups[one.group] += 1
            if not self.full(one.group):
                self._best.append(one)
        self._best = [one for one in self._best if not self.full(one.group)]
        self._best.sort(key=lambda one: -one.score)  # of equals those that came first stay first
        del self._best[self.size :]

    def full(self, group: str) -> bool:
        """Whether nothing more of a group is wanted."""
        return bool(self.quota and group and self._groups[group] > self.quota)

    def worth(self, one: Judged) -> float:
        """What an item is worth now."""
        return 0.0 if self.full(one.group) else one.score

    def draw(self, n: int, greed: float) -> list[Judged]:
        """Different items at random, the better the more often; as many as there are where they are fewer."""
        count = len(self._best)
        weights = 1 / (greed * count + torch.arange(count, dtype=torch.float64))
        return [self._best[i] for i in torch.multinomial(weights, min(n, count)).tolist()] if count else []


class AugmentedLikelihood(Objective):
    """Draw, have the draws judged, and learn from them and from what is remembered.

    A batch holds nothing but how many to draw. `end` is what ends sequences, which are then cut where the longest of
    them ends. `asked` counts the judgements a run has seen, so that `recall` can put the memory in order again when
    training goes on.
    """

    needs = (Density,)
    asked: Tensor

    def __init__(self, prior: Density, bench: Bench, practice: Practice | None = None, end: int | None = None) -> None:
        super().__init__()
        self.bench, self.practice, self.end = bench, practice or Practice(), end
        self.memory = Memory(self.practice.memory, self.practice.quota)
        self._prior = (copy.deepcopy(prior).requires_grad_(False).eval(),)  # no part of what is trained or saved
        self.register_buffer("asked", torch.zeros((), dtype=torch.int64))

    def recall(self, some: Sequence[Judged]) -> None:
        """Remember what was judged before training was interrupted, in the order it was."""
        self.memory = Memory(self.practice.memory, self.practice.quota)
        self.memory.add(some)

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Density)
        practice, seed = self.practice, int(torch.randint(1 << 62, ()))
        with torch.autocast(generator.device.type, enabled=False):
            x = generator.sample(len(batch))
        judged = self.bench.judged(x)
        known = [i for i, one in enumerate(judged) if one is not None]
        found = [one for one in judged if one is not None]
        self.memory.add(found)
        parents = [one.text for one in self.memory.draw(practice.parents, practice.greed)]
        if practice.bred and len(parents) > 1:
            self.memory.add(self.bench.bred(parents, practice.bred, seed))
        self.asked.fill_(self.bench.asked)
        if found:
            scores = [self.memory.worth(one) for one in found]
            report = {"score": x.new_tensor(sum(scores) / len(scores), dtype=torch.float32)}
            yield Loss("drawn", self._off(generator, x[known], scores), generator, report)
        for turn in range(practice.updates if len(self.memory) else 0):
            some = self.memory.draw(practice.replay, practice.greed)
            texts = [one.text for one in some]
            spelled = self.bench.spelled(texts, seed + turn if practice.respell else None).to(x.device)
            yield Loss("remembered", self._off(generator, spelled, [one.score for one in some]), generator)

    def _off(self, generator: Density, x: Tensor, scores: Sequence[float]) -> Tensor:
        """The mean square of what log-probabilities are off."""
        x = self._cut(x)
        (prior,) = self._prior
        with torch.no_grad():
            aim = prior.to(x.device).log_prob(x) + self.practice.sigma * torch.tensor(scores, device=x.device)
        return (aim - generator.log_prob(x)).square().mean()

    def _cut(self, x: Tensor) -> Tensor:
        if self.end is None:
            return x
        return x[:, : int(((x != self.end).sum(1) + 1).clamp(max=x.shape[1]).max())]

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        return None
