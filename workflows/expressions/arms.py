"""Ways to look for an expression: each gives expressions to be scored, and may learn from the scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from latent import Codes
from numpy.typing import NDArray
from sentences import Uniform
from surrogate import Surrogate
from torch import Tensor

from sciencegen.domains.expressions import Target
from sciencegen.grammar import StackMachine, drawn

__all__ = ["Arm", "Ledger", "Masked", "Nearby", "Prior", "Sentences", "Start", "Surrogated", "searched"]

_POOL = 4000
"""So many codes are weighed before some are tried."""
_STEP = 0.5
"""How far from a good code, in standard deviations of the prior, others are looked for."""
_PARENTS = 50
_READ = 4
"""At most so many times the codes of a batch are read, where many stand for what was scored before."""


@dataclass
class Ledger:
    """The different expressions that were scored, in their order; scoring one again costs nothing."""

    target: Target
    budget: int
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def spent(self) -> bool:
        """Whether the budget is."""
        return len(self.scores) >= self.budget

    def score(self, item: str) -> float | None:
        """The score of an expression; None where there is no budget for it."""
        if item not in self.scores and self.spent:
            return None
        if item not in self.scores:
            self.scores[item] = self.target.error(self.target.values(item))
        return self.scores[item]

    def best(self, count: int = 1) -> list[tuple[float, str]]:
        """The best so far."""
        return sorted((score, item) for item, score in self.scores.items())[:count]


class Arm(ABC):
    """A way to look."""

    name: str

    @abstractmethod
    def look(self, ledger: Ledger, seed: int) -> Iterator[str]:
        """Expressions to be scored, for ever; the ledger has the scores of those before."""


def searched(arm: Arm, ledger: Ledger, seed: int) -> Ledger:
    """Score what an arm comes up with, until the budget is spent."""
    for item in arm.look(ledger, seed):
        ledger.score(item)
        if ledger.spent:
            break
    return ledger


@dataclass(frozen=True)
class Masked(Arm):
    """Sentences made rule by rule, each rule that can stand there as probable as any other."""

    machine: StackMachine
    name: str = "random rules"

    def look(self, ledger: Ledger, seed: int) -> Iterator[str]:
        number = 0
        while True:
            for row in drawn(self.machine, 500, seed * 10_007 + number, spread=0.0).tolist():
                sentence = self.machine.grammar.decode([rule for rule in row if rule != self.machine.end])
                assert sentence is not None
                yield sentence
            number += 1


@dataclass(frozen=True)
class Sentences(Arm):
    """Sentences, each as probable as any other."""

    sentences: Uniform
    name: str = "random sentences"

    def look(self, ledger: Ledger, seed: int) -> Iterator[str]:
        yield from self.sentences.draws(1_000_003 + seed)


@dataclass(frozen=True)
class Start:
    """What a search in the latent space knows at its beginning: codes of training and their scores."""

    z: Tensor  # [n, latent]
    y: NDArray[np.float64]  # [n]

    def parents(self) -> Tensor:
        """The codes of the best."""
        return self.z[np.argsort(self.y)[:_PARENTS].copy()]


def _near(parents: Tensor, n: int, random: torch.Generator) -> Tensor:
    rows = torch.randint(len(parents), (n,), generator=random)
    return parents[rows] + _STEP * torch.randn(n, parents.shape[1], generator=random)


@dataclass(frozen=True)
class Prior(Arm):
    """Draws of the model."""

    codes: Codes
    name: str = "draws of the prior"

    def look(self, ledger: Ledger, seed: int) -> Iterator[str]:
        number = seed * 10_007
        while True:
            for made in self.codes.spellings(self.codes.prior(500, number), 1, number):
                yield from made
            number += 1


@dataclass(frozen=True)
class Nearby(Arm):
    """Codes around the best of training, without a surrogate: what the neighbourhood alone is worth."""

    codes: Codes
    start: Start
    times: int = 25
    name: str = "around the best of training"

    def look(self, ledger: Ledger, seed: int) -> Iterator[str]:
        random = torch.Generator().manual_seed(seed)
        while True:
            z = _near(self.start.parents(), 50, random)
            for made in self.codes.spellings(z, self.times, seed):
                yield from made[:1]


@dataclass(frozen=True)
class Surrogated(Arm):
    """Bayesian optimisation: of many codes those are tried of which the most improvement is expected.

    Half of the pool is drawn from the prior, half around the best codes of training and of the search. Each code is
    read `times` times, and stands for the expression that is read most often. Codes read as an expression that was
    scored before cost nothing, and teach the process what they are.
    """

    codes: Codes
    start: Start
    batch: int = 50
    times: int = 25
    name: str = "Bayesian optimisation"

    def look(self, ledger: Ledger, seed: int) -> Iterator[str]:
        random = torch.Generator().manual_seed(seed)
        surrogate, known = Surrogate(self.start.z.double().numpy(), self.start.y), self.start
        while True:
            pool = torch.cat(
                (
                    torch.randn(_POOL // 2, known.z.shape[1], generator=random),
                    _near(known.parents(), _POOL // 2, random),
                )
            )
            hoped = surrogate.improvement(pool.double().numpy(), float(known.y.min()))
            tried = pool[np.argsort(-hoped)[: _READ * self.batch].copy()]
            rows, scores, before = list[int](), list[float](), len(ledger.scores)
            for row, made in enumerate(self.codes.spellings(tried, self.times, seed)):
                if not made:
                    continue
                yield made[0]
                rows.append(row)
                scores.append(ledger.scores[made[0]])
                if len(ledger.scores) - before == self.batch:
                    break
            found = np.array(scores)
            surrogate.learn(tried[rows].double().numpy(), found)
            known = Start(torch.cat((known.z, tried[rows])), np.append(known.y, found))
