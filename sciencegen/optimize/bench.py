"""Samples of a model as items that an oracle judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor

from sciencegen.core.breeding import Breeding
from sciencegen.core.domain import Domain, Representation
from sciencegen.errors import RequestError
from sciencegen.objectives.policy import Judged
from sciencegen.optimize.oracle import Oracle
from sciencegen.search.ledger import Told

__all__ = ["Items", "Tally"]

T = TypeVar("T")


@dataclass
class Tally:
    """What became of draws."""

    drawn: int = 0
    invalid: int = 0
    repeated: int = 0
    bred: int = 0


class Items(Generic[T]):
    """The bench of a domain: what samples stand for, what an oracle says of it, and how items are spelled and bred.

    `groups`: whether items are told apart by the series they belong to.
    """

    def __init__(self, representation: Representation[T], oracle: Oracle[T], groups: bool = False) -> None:
        self.representation, self.oracle, self.groups = representation, oracle, groups
        self.domain: Domain[T] = oracle.domain
        self.tally = Tally()
        self._items: dict[str, T] = {}

    @property
    def asked(self) -> int:
        return len(self._items)

    def recall(self, told: Sequence[Told]) -> list[Judged]:
        """What was judged before a run was interrupted, in the order it was."""
        items = [self.domain.parse(one.text) for one in told]
        self._items = {one.text: item for one, item in zip(told, items, strict=True) if item is not None}
        return self._all(list(self._items.values()), [one for one in told if one.text in self._items])

    def judged(self, x: Tensor) -> list[Judged | None]:
        found = self.representation.decode(x)
        items = [item for item in found if item is not None]
        self.tally.drawn += len(found)
        self.tally.invalid += len(found) - len(items)
        before = self.asked
        judged = iter(self._ask(items))
        self.tally.repeated += len(items) - (self.asked - before)
        return [Judged("", 0.0) if item is None else next(judged) for item in found]

    def bred(self, parents: Sequence[str], n: int, seed: int) -> list[Judged]:
        if not isinstance(self.domain, Breeding):
            return []
        children = self.domain.offspring([self._items[text] for text in parents], n, seed)
        children = [child for child, fits in zip(children, self._fits(children), strict=True) if fits]
        self.tally.bred += len(children)
        return [one for one in self._ask(children) if one is not None]

    def spelled(self, texts: Sequence[str], seed: int | None) -> Tensor:
        items = [self._items[text] for text in texts]
        return self.representation.encode(items) if seed is None else self.representation.spelled(items, seed)

    def _ask(self, items: Sequence[T]) -> list[Judged | None]:
        told = self.oracle(items)
        for item, one in zip(items, told, strict=True):
            if one is not None:
                self._items.setdefault(one.text, item)
        known = [(item, one) for item, one in zip(items, told, strict=True) if one is not None]
        judged = iter(self._all([item for item, _ in known], [one for _, one in known]))
        return [None if one is None else next(judged) for one in told]

    def _all(self, items: Sequence[T], told: Sequence[Told]) -> list[Judged]:
        """Items with what they are worth; what an oracle fails on is worth nothing, and not remembered."""
        fits = self._fits(items)
        return [
            Judged(
                one.text if fine and one.score is not None else "",
                one.score or 0.0,
                self.domain.group(item) if self.groups else "",
            )
            for item, one, fine in zip(items, told, fits, strict=True)
        ]

    def _fits(self, items: Sequence[T]) -> list[bool]:
        """Which items the model can spell: a canonical spelling may have tokens that a draw had not."""
        try:
            if items:
                self.representation.encode(items)
            return [True] * len(items)
        except RequestError:
            if len(items) == 1:
                return [False]
            half = len(items) // 2
            return [*self._fits(items[:half]), *self._fits(items[half:])]
