"""Searching the latent space of a model for items that an oracle, or a laboratory, finds the best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from sciencegen.core.batch import seed_at, seeded
from sciencegen.core.condition import Interval
from sciencegen.errors import RequestError, UnknownName
from sciencegen.latents import LatentSpace, outside
from sciencegen.optimize.asked import Asked
from sciencegen.optimize.goal import Goal, Wall
from sciencegen.optimize.oracle import Oracle
from sciencegen.search.bayesian import Bayesian
from sciencegen.search.ledger import Ledger, Told
from sciencegen.search.seeking import Climb, Draws, History, Seeker

__all__ = ["SEEKERS", "Advance", "Expectation", "LatentSearch", "searched"]

T = TypeVar("T")
SEEKERS = ("bayesian", "climb", "random")
_TRIES, _AGAIN, _FEW = 10, 3, 32
_MOST = 5000
"""So many of the items that were told are encoded, the best and some others: of more, the search would learn little."""


@dataclass(frozen=True)
class Expectation:
    """What a search expects an item's number to be, and by how much it may be wrong: a standard deviation."""

    mean: float
    spread: float


class LatentSearch(Generic[T]):
    """A search that proposes items and is told what they are worth, in any order and however late.

    It keeps nothing but what was told, in the ledger, and what was asked: the same of both, with the same seed, gives
    the same proposals. `first` are items to begin with; where they end, the first `start` are drawn by the model. Walls
    of what can be measured here are kept before anything is asked; other walls are learned from what is told.
    """

    def __init__(
        self,
        space: LatentSpace[T],
        goal: Goal,
        ledger: Ledger,
        by: str = "bayesian",
        asked: Asked | None = None,
        seed: int = 0,
        start: int = 10,
        first: Sequence[T] = (),
    ) -> None:
        if by not in SEEKERS:
            raise UnknownName("way to search", by, SEEKERS)
        if start < 0:
            raise RequestError(f"start={start}: expected 0 or more")
        self.space, self.goal, self.ledger, self.seed = space, goal, ledger, seed
        self.asked = asked or Asked()
        self.start, self._first = start, first
        self.domain = space.model.domain
        self._here = [wall for wall in goal.walls if wall.name in self.domain.properties]
        self._learned = [(i, wall) for i, wall in enumerate(goal.walls) if wall.name not in self.domain.properties]
        for _, wall in self._learned:
            if isinstance(wall.asked, str):
                raise RequestError(f"{wall.name}={wall.asked}: words that only an oracle says cannot be searched for")
        self.seeker = self._seeker(by)
        self._places: dict[str, Tensor | None] = {}

    def _seeker(self, by: str) -> Seeker:
        if by == "random":
            return Draws(self.space.prior)
        if by == "climb":
            return Climb(self.space.prior)
        return Bayesian(self.space.prior, self.space.standardised if self.space.known else None)

    @property
    def pending(self) -> list[T]:
        """What was asked and not told, in the order it was asked."""
        return [self._item(text) for text in self.asked.rounds if self.ledger.known(text) is None]

    def ask(self, n: int) -> list[T]:
        """Up to `n` new items to ask about, none of which was told or proposed before; fewer where no more are found.
        They are remembered as asked."""
        if n < 1:
            raise RequestError(f"n={n}: expected 1 or more")
        with seeded(seed_at(self.seed, self.asked.last + 1), self.space.generator.device):
            history = self.history()
            self._check_learning(history)
            found = self._beginning(n) if self._begins(history) else self._sought(history, n)
        if found:
            self.asked.add(list(found))
        return list(found.values())

    def expected(self, items: Sequence[T]) -> list[Mapping[str, Expectation]]:
        """What is expected of the numbers of items, by name, from what was told until now; nothing where the way to
        search expects nothing, or too little was told."""
        texts = [self.domain.text(item) for item in items]
        self._place(texts)
        placed = {text: place for text in texts if (place := self._places[text]) is not None}
        names = [(aim.name, aim.sign) for aim in self.goal.aims]
        belief = self.seeker.belief(self.history(), self._stacked(list(placed.values()))) if placed else None
        if belief is None or belief.mean.shape[1] != len(names):
            return [{} for _ in items]
        rows = {text: i for i, text in enumerate(placed)}
        mean, spread = belief.mean.tolist(), belief.spread.tolist()
        return [
            {
                name: Expectation(sign * mean[rows[text]][j], spread[rows[text]][j])
                for j, (name, sign) in enumerate(names)
            }
            if text in rows
            else {}
            for text in texts
        ]

    def _stacked(self, places: Sequence[Tensor]) -> Tensor:
        """Places as seekers want them: [n, d]."""
        nothing = torch.zeros(0, len(self.space.cloud.centre), dtype=torch.float64)
        return torch.stack(list(places)).double().cpu() if places else nothing

    def history(self) -> History:
        """What was told of places."""
        told = self._usable()
        u = [place for one in told if (place := self._places[one.text]) is not None]
        told = [one for one in told if self._places[one.text] is not None]
        single = len(self.goal.aims) == 1 and not self.goal.walls
        values = [self._values(one) for one in told]
        k, c = len(self.goal.aims), len(self._learned)
        numbers = torch.tensor(values, dtype=torch.float64).view(len(told), k + c)
        score = numbers[:, 0] if single else torch.tensor([_number(one.score) for one in told], dtype=torch.float64)
        failed = torch.tensor([one.score is None for one in told], dtype=torch.bool)
        rounds = [self.asked.rounds.get(one.text, 0) for one in told]
        return History(
            self._stacked(u),
            numbers[:, :k],
            numbers[:, k:],
            score.where(~failed, torch.full_like(score, float("nan"))),
            torch.tensor(rounds, dtype=torch.long),
            torch.tensor([self._walled(one) for one in told], dtype=torch.bool),
        )

    def _walled(self, told: Told) -> bool:
        """Whether what was told keeps the walls of what can be measured here."""
        return all(
            wall.name not in told.values or wall.slack(told.values[wall.name]) + _leeway(wall) >= 0
            for wall in self._here
        )

    def _values(self, told: Told) -> list[float]:
        nothing = [float("nan")] * (len(self.goal.aims) + len(self._learned))
        if told.score is None:
            return nothing
        slack = [wall.slack(told.values[wall.name]) + _leeway(wall) for _, wall in self._learned]
        return [*self.goal.objectives(told.values), *slack]

    def _usable(self) -> list[Told]:
        """What was told, with its places found."""
        told = list(self.ledger.told)
        if len(told) > _MOST:
            kept = {one.text for one in (*self.ledger.top(_MOST // 5), *told[:: -(-len(told) // (_MOST // 2))])}
            told = [one for one in told if one.text in kept or one.text in self.asked.rounds]
        self._place([one.text for one in told])
        return told

    def _place(self, texts: Sequence[str]) -> None:
        """Find the places of items by their texts; None where the model cannot encode them."""
        new = [text for text in texts if text not in self._places]
        items = {text: item for text in new if (item := self.domain.parse(text)) is not None}
        lost = outside(self.space.model, list(items.values()))
        fine = {text: item for i, (text, item) in enumerate(items.items()) if i not in lost}
        places: Sequence[Tensor] = list(self.space.encode(list(fine.values()))) if fine else []
        self._places |= dict.fromkeys(new, None) | dict(zip(fine, places, strict=True))

    def unspelled(self, texts: Sequence[str]) -> list[str]:
        """Those of these items that the model cannot encode: the search learns nothing of them."""
        self._place(texts)
        return [text for text in texts if self._places[text] is None]

    def _item(self, text: str) -> T:
        item = self.domain.parse(text)
        if item is None:
            raise RequestError(f"{text}: not one of {self.domain.name} as text: what was asked was written elsewhere")
        return item

    def _check_learning(self, history: History) -> None:
        """Refuse to go on where nothing of what was proposed can be learned from."""
        told = [one.text for one in self.ledger.told if one.text in self.asked.rounds and one.score is not None]
        if len(told) > 1 and not history.found.any() and not isinstance(self.seeker, Draws):
            raise RequestError(
                f"none of {len(told):,} items that were told can be encoded again from their text, such as "
                f"{told[0]:.60}: nothing can be learned from them; use random"
            )

    def _begins(self, history: History) -> bool:
        """Whether too little is known, or being asked, to look for more by it."""
        waiting = sum(self.ledger.known(text) is None for text in self.asked.rounds)
        return int(history.found.sum()) + waiting < self.start or int(history.found.sum()) < 2

    def _beginning(self, n: int) -> dict[str, T]:
        """Items to begin with, by text."""
        found: dict[str, T] = {}
        for item in self._first:
            text = self.domain.text(item)
            if self._new(text) and self._inside(item) and len(found) < n:
                found[text] = item
        if len(found) < n:
            nothing = History(*(torch.zeros(0, 0) for _ in range(6)))
            found |= self._pool(Draws(self.space.prior), nothing, n - len(found), found)
        return found

    def _sought(self, history: History, n: int) -> dict[str, T]:
        """The most promising of many items, by text."""
        pool = self._pool(self.seeker, history, n * self.seeker.pool, {}, n)
        if len(pool) <= n:
            return pool
        waiting = [text for text in self.asked.rounds if self.ledger.known(text) is None]
        self._place([*pool, *waiting])
        spelled = [text for text in pool if self._places[text] is not None]
        around = self._stacked([place for text in waiting if (place := self._places[text]) is not None])
        u = self._stacked([place for text in spelled if (place := self._places[text]) is not None])
        chosen = [spelled[i] for i in self.seeker.chosen(history, u, around, n)]
        return {text: pool[text] for text in chosen}

    def _pool(
        self, seeker: Seeker, history: History, many: int, but: Mapping[str, T], least: int | None = None
    ) -> dict[str, T]:
        """New items that lie where the seeker looks, as many as that or nearly; what repeats what is known is drawn
        again, so that no call is spent on it."""
        found: dict[str, T] = {}
        beyond: dict[str, tuple[float, T]] = {}
        enough = many if least is None else max(least, many * 3 // 4)
        for attempt in range(_TRIES):
            if len(found) >= enough:
                break
            looking = seeker if attempt < _TRIES // 2 else Draws(self.space.prior)
            u = looking.places(history, max(many - len(found), _FEW)).float()
            for _ in range(_AGAIN):
                items = self.space.drawn(u) if len(u) else []
                again = []
                for i, item in enumerate(items):
                    text = "" if item is None else self.domain.text(item)
                    if item is None or not self._new(text) or text in found or text in but or text in beyond:
                        again.append(i)
                    elif (worth := self._kept(item)) >= 1:
                        found[text] = item
                    else:
                        beyond[text] = worth, item
                u = u[again]
        least = many if least is None else least
        if len(found) < least:  # walls that nothing stays within: what comes nearest is asked
            order = sorted(beyond, key=lambda text: -beyond[text][0])[: least - len(found)]
            found |= {text: beyond[text][1] for text in order}
        return dict(list(found.items())[:many])

    def _new(self, text: str) -> bool:
        return self.ledger.known(text) is None and text not in self.asked.rounds

    def _inside(self, item: T) -> bool:
        return self._kept(item) >= 1

    def _kept(self, item: T) -> float:
        """How well an item keeps the walls that can be measured here: 1 where it does."""
        if not self._here:
            return 1.0
        measured = self.domain.measure([item], [wall.name for wall in self._here])
        worth = 1.0
        for wall in self._here:
            value = measured[wall.name][0]
            if value is None or value != value:
                return 0.0
            within = wall.slack(value) + _leeway(wall) >= 0
            worth *= 1.0 if within else min(wall.worth(value), 1 - 1e-9)
        return worth


@dataclass(frozen=True)
class Advance:
    """How far a search has come."""

    round: int
    calls: int
    best: float | None
    failed: int


def searched(search: LatentSearch[Any], oracle: Oracle[Any], batch: int = 10) -> Iterator[Advance]:
    """Ask and tell until the oracle's calls are spent or nothing new is found; what was asked and not answered when a
    run was stopped is answered first."""
    if batch < 1:
        raise RequestError(f"batch={batch}: expected 1 or more")
    ledger = oracle.ledger
    while ledger.left:
        items = search.pending or search.ask(min(batch, ledger.left))
        if not items:
            return
        oracle(items)
        best = ledger.top(1)
        yield Advance(search.asked.last, ledger.calls, best[0].score if best else None, ledger.failed)


def _number(score: float | None) -> float:
    return float("nan") if score is None else score


def _leeway(wall: Wall) -> float:
    """How far from an exact number is near enough, in units of the wall's scale."""
    return 0.0 if isinstance(wall.asked, (Interval, str)) else 1.0
