"""Looking for what is best among places that are dear to ask about: what is known of places, and ways to go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.errors import RequestError
from sciencegen.search.walks import shells

__all__ = ["Belief", "Climb", "Draws", "History", "Seeker", "reach"]

_LARGER, _SMALLER, _SURE = 1.5, 0.8, 1e-9


@dataclass(frozen=True)
class History:
    """What was found at places, in the order it was told; where it could not be found, numbers are not finite."""

    u: Tensor  # [n, d]
    values: Tensor  # [n, k], each the higher the better
    slack: Tensor  # [n, c], how far inside each wall, negative outside
    score: Tensor  # [n], one number for all, the higher the better
    rounds: Tensor  # [n], the round in which each was asked for; 0 for what was known without
    within: Tensor  # [n], bool, whether each keeps the walls that need not be learned; others are nothing to improve on

    def __len__(self) -> int:
        return len(self.u)

    @property
    def found(self) -> Tensor:
        """Which places something was found at: [n], bool."""
        return self.score.isfinite() & self.values.isfinite().all(1) & self.slack.isfinite().all(1)

    def best(self, k: int) -> Tensor:
        """The rows of the `k` best places, or of as many as there are; the best first, of equals the earliest."""
        rows = self.found.nonzero()[:, 0]
        return rows[self.score[rows].argsort(descending=True, stable=True)[:k]]


@dataclass(frozen=True)
class Belief:
    """What a way of looking expects to find at places."""

    mean: Tensor  # [n, k]
    spread: Tensor  # [n, k], standard deviations


class Seeker(ABC):
    """A way to go on: it says where to look, and which of what lies there to ask about."""

    pool: int
    """How many candidates it likes to choose from, for each that is asked about."""

    @abstractmethod
    def places(self, history: History, n: int) -> Tensor:
        """Where to look for candidates: [n, d]."""

    @abstractmethod
    def chosen(self, history: History, u: Tensor, pending: Tensor, n: int) -> Sequence[int]:
        """Which `n` of the candidates that lie at `u` to ask about; `pending` are places that were asked about already
        and not told."""

    def belief(self, history: History, u: Tensor) -> Belief | None:
        """What it expects to find at places; None where it expects nothing."""
        return None


class Draws(Seeker):
    """Looking anywhere: what the others have to be better than."""

    pool = 1

    def __init__(self, prior: Callable[[int], Tensor]) -> None:
        self._prior = prior

    def places(self, history: History, n: int) -> Tensor:
        return self._prior(n)

    def chosen(self, history: History, u: Tensor, pending: Tensor, n: int) -> Sequence[int]:
        return range(min(n, len(u)))


class Climb(Seeker):
    """Steps around the best place so far, or the best few: longer ones after a round that found a better one."""

    pool = 1

    def __init__(self, prior: Callable[[int], Tensor], radius: float = 0.8, parents: int = 1) -> None:
        if not radius > 0:
            raise RequestError(f"radius={radius:g}: expected a number above 0")
        self._prior, self._radius, self._parents = prior, radius, parents

    def places(self, history: History, n: int) -> Tensor:
        best = history.u[history.best(self._parents)]
        if not len(best):
            return self._prior(n)
        radius = reach(history, self._radius)
        centres = best[torch.randint(len(best), (n,))]
        radii = radius * torch.rand(n, dtype=best.dtype, device=best.device).clamp_min(0.1)
        return centres + shells(torch.zeros_like(best[0]), radii)

    def chosen(self, history: History, u: Tensor, pending: Tensor, n: int) -> Sequence[int]:
        return range(min(n, len(u)))


def reach(history: History, radius: float, least: float = 0.05, most: float = 1.5) -> float:
    """How far to look around the best: further after each round that found a better one, and nearer after each that
    did not; from the least one begins anew, since what is near has been seen."""
    found, current = history.found, radius
    order = history.rounds.unique(sorted=True).tolist()
    best = -float("inf")
    for number in order:
        scores = history.score[found & (history.rounds == number)]
        top = float(scores.max()) if len(scores) else -float("inf")
        if number and best > -float("inf"):  # the first round has nothing to be better than
            current *= _LARGER if top > best + _SURE * abs(best) else _SMALLER
            current = radius if current < least else min(current, most)
        best = max(best, top)
    return current
