"""Oracles: what says the numbers of items, asked once about each, with every call written down."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf, isfinite
from pathlib import Path
from typing import Any, Generic, TypeVar

from sciencegen.core.domain import Domain
from sciencegen.data.workers import Failed, Workers
from sciencegen.errors import RequestError, UnknownName
from sciencegen.optimize.goal import Goal
from sciencegen.scorers.scorer import Scorer
from sciencegen.scorers.scoring import scored
from sciencegen.search.ledger import Ledger, Told

__all__ = ["SCORE", "Oracle", "Outside"]

T = TypeVar("T")
SCORE = "score"
"""What a function that gives one number is taken to give."""
_TOGETHER = 64

Outside = Scorer | Callable[[Any], float | Mapping[str, float]]
"""What gives numbers that a domain does not know: a command, or a function of one item that gives a number or several
by name."""


@dataclass(frozen=True)
class _Said:
    """The numbers of an item, and why there are none that one waited for."""

    values: Mapping[str, Any]
    reason: str = ""


class Oracle(Generic[T]):
    """What items are worth, by what is measured of them, tasks of the domain, and an `outside` scorer.

    An item that the ledger knows costs nothing. Whatever goes wrong with one item is written down as the reason why it
    has no score, and the others go on. `timeout` is for a function: how many seconds an item may take, in a process of
    its own, for which it has to be one that can be imported; without it the function runs in this process. `answers` is
    a folder in which a command's answers are kept as they come.
    """

    def __init__(
        self,
        domain: Domain[T],
        goal: Goal,
        ledger: Ledger,
        outside: Outside | None = None,
        timeout: float = inf,
        answers: Path | None = None,
    ) -> None:
        if not timeout > 0:
            raise RequestError(f"timeout={timeout:g}: expected more than 0 seconds")
        self.domain, self.goal, self.ledger = domain, goal, ledger
        self._outside, self._timeout, self._answers = outside, timeout, answers
        self._workers: Workers[T, Any] | None = None
        known = [*domain.properties, *domain.tasks]
        self._measured = [name for name in goal.names if name in domain.properties]
        self._tasks = [name for name in goal.names if name not in domain.properties and name in domain.tasks]
        self._given = [name for name in goal.names if name not in known]
        if self._given and outside is None:
            raise UnknownName("property or task", self._given[0], known)

    def __call__(self, items: Sequence[T]) -> list[Told | None]:
        """What is known of items now, in their order; None where the calls had ended before."""
        texts = [self.domain.text(item) for item in items]
        new = {text: item for text, item in zip(texts, items, strict=True) if self.ledger.known(text) is None}
        left = iter(list(new.items())[: self.ledger.left])
        size = self._outside.batch if isinstance(self._outside, Scorer) else _TOGETHER
        while some := dict(islice(left, size)):
            self._ask(some)
        return [self.ledger.known(text) for text in texts]

    def _ask(self, items: Mapping[str, T]) -> None:
        """Ask about items that are not known, and write down what is said."""
        said = self._said(list(items.values()), list(items))
        first = self.ledger.calls + 1
        told = [self._told(text, one, call) for call, (text, one) in enumerate(zip(items, said, strict=True), first)]
        self.ledger.add(told)

    def _told(self, text: str, said: _Said, call: int) -> Told:
        reason = said.reason or self.goal.missing(said.values)
        score = None if reason else self.goal.score(said.values)
        numbers = {n: float(v) for n, v in said.values.items() if isinstance(v, (int, float)) and isfinite(v)}
        return Told(text, numbers, score, reason, call)

    def _said(self, items: Sequence[T], texts: Sequence[str]) -> list[_Said]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be measured is written down with the item
            measured = self.domain.measure(items, self._measured)
        rows: list[dict[str, Any]] = [{name: measured[name][i] for name in self._measured} for i in range(len(items))]
        reasons = [""] * len(items)
        for name in self._tasks:
            with Workers(self.domain.tasks[name].score, processes=0) as workers:
                for i, found in enumerate(workers.map(items)):
                    if isinstance(found, Failed):
                        reasons[i] = reasons[i] or f"{name}: {found.reason}"
                    else:
                        rows[i][name] = found
        for i, said in enumerate(self._answered(items, texts)):
            rows[i].update(said.values)
            reasons[i] = reasons[i] or said.reason
        return [_Said(row, reason) for row, reason in zip(rows, reasons, strict=True)]

    def _answered(self, items: Sequence[T], texts: Sequence[str]) -> Iterator[_Said]:
        """What the outside says of each item."""
        if self._outside is None:
            return
        if isinstance(self._outside, Scorer):
            prefix = f"pred_{self._outside.name}_"
            for one in scored(self._outside, texts, texts, self._answers):
                yield _Said({name.removeprefix(prefix): value for name, value in one.values.items()}, one.reason)
            return
        if self._workers is None:
            self._workers = Workers(self._outside, 0 if self._timeout == inf else 1, self._timeout, chunk=1)
        for found in self._workers.map(items):
            yield _Said({}, found.reason) if isinstance(found, Failed) else _number_or_several(found)


def _number_or_several(found: Any) -> _Said:
    """What a function gave."""
    try:
        numbers = found if isinstance(found, Mapping) else {SCORE: found}
        return _Said({str(name): float(value) for name, value in numbers.items()})
    except (TypeError, ValueError):
        return _Said({}, f"gave {found!r:.60} where a number was expected")
