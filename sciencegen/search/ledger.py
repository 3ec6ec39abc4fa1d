"""What was asked of an oracle, and what it said: nothing that was paid for is lost, or asked again.

A ledger on disk is a file of JSON lines to which lines are only ever added, so that a run that was stopped, or killed
while it wrote, goes on with what is there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from sciencegen.core.lines import Lines
from sciencegen.errors import DataError, RequestError

__all__ = ["Ledger", "Told"]


@dataclass(frozen=True)
class Told:
    """What an oracle said of one item, known by its text."""

    text: str
    values: Mapping[str, float] = field(default_factory=dict)
    """The numbers it gave, by name."""
    score: float | None = None
    """What the item is worth, the more the better; None where the oracle failed."""
    reason: str = ""
    """Why there is no score."""
    call: int = 0
    """The number of the call that it cost, counted from 1; 0 where it cost none."""


class Ledger:
    """All that an oracle was asked, in order, and how many calls of its budget are left.

    >>> ledger = Ledger(budget=100)
    >>> ledger.add([Told("CCO", {"qed": 0.41}, 0.41, call=1)])
    >>> ledger.left, ledger.known("CCO").score
    (99, 0.41)
    """

    def __init__(self, budget: int | None, path: Path | None = None) -> None:
        if budget is not None and budget < 1:
            raise RequestError(f"calls={budget}: expected 1 or more")
        self.budget = budget
        self._lines = None if path is None else Lines(path)
        self.torn = "" if self._lines is None else self._lines.mend()
        """The unfinished line that a crash left at the end of the file, which was dropped; nothing where there was
        none."""
        self._told: list[Told] = []
        self._known: dict[str, Told] = {}
        self.calls = self.failed = 0
        for told in () if self._lines is None else _read(self._lines):
            self._learn(told)

    def __len__(self) -> int:
        return len(self._told)

    @property
    def told(self) -> Sequence[Told]:
        """All that is known, in the order it was told."""
        return self._told

    @property
    def left(self) -> int:
        """How many calls are left; more than anybody makes where there is no budget."""
        return max(self.budget - self.calls, 0) if self.budget is not None else 1 << 62

    def known(self, text: str) -> Told | None:
        """What is known of an item, or None."""
        return self._known.get(text)

    def add(self, told: Sequence[Told]) -> None:
        """Write down what was told, on disk at once where there is a file; what is known already stays as it is, but
        that a score is told where there was none."""
        new = list({one.text: one for one in told if self._news(one)}.values())
        costing = sum(self._costs(one) for one in new)
        if costing > self.left:
            raise ValueError(f"{costing:,} calls are more than the {self.left:,} left")
        if self._lines is not None:
            self._lines.add(_plain(one) for one in new)
        for one in new:
            self._learn(one)

    def top(self, k: int) -> list[Told]:
        """The best `k` of those that have a score, the best first; of equals those that were told first."""
        scored = [(-one.score, i) for i, one in enumerate(self._told) if one.score is not None]
        return [self._told[i] for _, i in heapq.nsmallest(k, scored)]

    def mean(self, k: int) -> float:
        """The mean score of the best `k`, or of as many as there are; 0 where there are none."""
        scores = [one.score for one in self.top(k) if one.score is not None]
        return sum(scores) / len(scores) if scores else 0.0

    def auc(self, k: int, budget: int | None = None, every: int = 100) -> float:
        """How high the mean of the best `k` was on the average over the calls of the budget.

        The area under that mean against calls, by trapezoids between every `every` calls, over the budget (Sample
        Efficiency Matters: A Benchmark for Practical Molecular Optimization; Gao, Fu, Sun, Coley; 2022). Where fewer
        calls were made, the last mean stands for the rest.
        """
        costing = sorted((one for one in self._told if one.call), key=lambda one: one.call)
        most = budget or self.budget or len(costing)
        area, last, since = 0.0, 0.0, 0
        best: list[float] = []
        for number, one in enumerate(costing[:most], 1):
            if one.score is not None:
                (heapq.heappush if len(best) < k else heapq.heappushpop)(best, one.score)
            if number % every == 0 or number == min(len(costing), most):
                now = sum(best) / len(best) if best else 0.0
                area += (number - since) * (now + last) / 2
                last, since = now, number
        return (area + (most - since) * last) / most if most else 0.0

    def _news(self, told: Told) -> bool:
        known = self._known.get(told.text)
        return known is None or (known.score is None and told.score is not None)

    def _costs(self, told: Told) -> bool:
        known = self._known.get(told.text)
        return told.call > 0 and (known is None or not known.call)

    def _learn(self, told: Told) -> None:
        if not self._news(told):
            return
        self.calls += self._costs(told)
        known = self._known.get(told.text)
        if known is None:
            self._told.append(told)
        else:
            self._told[self._told.index(known)] = told
            self.failed -= 1
        self._known[told.text] = told
        self.failed += told.score is None


def _read(lines: Lines) -> Iterator[Told]:
    for number, said in enumerate(lines.read(), 1):
        told = _told(said)
        if told is None:
            raise DataError(f"{lines.path}, line {number}: not what an oracle said; move the file away to begin anew")
        yield told


def _plain(told: Told) -> dict[str, Any]:
    said: dict[str, Any] = {"text": told.text, "values": dict(told.values), "score": told.score}
    said |= {"reason": told.reason} if told.reason else {}
    return said | {"call": told.call}


def _told(said: Any) -> Told | None:
    """What a line says; None where it is no line of ours."""
    if not isinstance(said, dict) or not isinstance(said.get("values"), dict):
        return None
    text, values, score, reason = said.get("text"), said["values"], said.get("score"), said.get("reason", "")
    call = said.get("call")
    numbers = [*values.values(), *([] if score is None else [score])]
    fine = all(isinstance(one, (int, float)) and isfinite(one) for one in numbers)
    if not fine or not isinstance(text, str) or not isinstance(reason, str) or type(call) is not int or call < 0:
        return None
    return Told(text, {name: float(value) for name, value in values.items()}, score, reason, call)
