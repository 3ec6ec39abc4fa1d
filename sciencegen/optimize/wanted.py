"""What is wanted of an optimisation, as it was typed, made into an oracle for a model."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

from sciencegen.core.condition import Interval, Where
from sciencegen.core.request import parse_where
from sciencegen.errors import RequestError, UnknownName
from sciencegen.model import Model
from sciencegen.optimize.goal import Goal, goal_of
from sciencegen.optimize.oracle import SCORE, Oracle, Outside
from sciencegen.scorers.scorer import Scorer
from sciencegen.search.ledger import Ledger

__all__ = ["Wanted", "scaled"]

_DRAWN, _TAIL = 512, 0.01


@dataclass(frozen=True)
class Wanted:
    """What to raise and to lower, what to keep within, and who says the numbers."""

    maximize: Sequence[str] = ()
    minimize: Sequence[str] = ()
    tasks: Sequence[str] = ()
    where: Where = field(default_factory=dict)
    ranges: Mapping[str, Interval] = field(default_factory=dict)
    """Between which values numbers usually lie."""
    scorer: str = ""
    """A command that says numbers of items."""
    contract: str = "json"
    timeout: float = 600.0

    @classmethod
    def typed(
        cls,
        maximize: Sequence[str],
        minimize: Sequence[str],
        tasks: Sequence[str],
        where: Sequence[str],
        ranges: Sequence[str],
        **more: Any,
    ) -> Wanted:
        """Read what was typed."""
        spans: dict[str, Interval] = {}
        for name, span in parse_where(ranges).items():
            if not isinstance(span, Interval) or not isfinite(span.high - span.low):
                raise RequestError(f"--range {name}={span}: expected name=low..high")
            spans[name] = span
        return cls(maximize, minimize, tasks, parse_where(where), spans, **more)

    def goal(self, model: Model[Any]) -> Goal:
        """The goal, for a model: where numbers usually lie is known from what it learned."""
        for name in self.tasks:
            if name not in model.domain.tasks:
                raise UnknownName("task", name, model.domain.tasks)
        raised = [*self.tasks, *self.maximize]
        if self.scorer and not raised and not self.minimize:
            raised = [SCORE]
        return goal_of(
            model.domain, model.fields, raised, self.minimize, self.where, self.ranges, outside=bool(self.scorer)
        )

    def oracle(
        self, model: Model[Any], ledger: Ledger, goal: Goal | None = None, answers: Path | None = None
    ) -> Oracle[Any]:
        """What says how good items are."""
        return Oracle(model.domain, goal or self.goal(model), ledger, self._outside(model), answers=answers)

    def _outside(self, model: Model[Any]) -> Outside | None:
        if not self.scorer:
            return None
        try:
            command = tuple(shlex.split(self.scorer))
        except ValueError as error:
            raise RequestError(f"--scorer {self.scorer!r}: {error}") from None
        return Scorer("scorer", command, self.contract, timeout=self.timeout, column=model.domain.column)

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for the record."""
        return {
            "maximize": list(self.maximize),
            "minimize": list(self.minimize),
            "tasks": list(self.tasks),
            "where": {name: value if isinstance(value, float) else str(value) for name, value in self.where.items()},
            "ranges": {name: str(span) for name, span in self.ranges.items()},
            "scorer": self.scorer,
            "contract": self.contract,
        }


def scaled(goal: Goal, model: Model[Any]) -> Goal:
    """The goal, knowing of every property where it usually lies: where nobody said, from the middle of what the model
    draws."""
    domain = model.domain
    names = [name for name in goal.unscaled if name in domain.properties]
    unknown = [name for name in goal.unscaled if name not in names]
    if unknown:
        raise RequestError(f"between which values does {unknown[0]} usually lie? Say --range {unknown[0]}=low..high")
    if not names:
        return goal
    stream = model.stream(measure=(), batch=_DRAWN)
    items = [one.item for one in (next(stream) for _ in range(_DRAWN)) if one is not None]
    measured = domain.measure(items, names)
    ends: dict[str, tuple[float, float]] = {}
    for name in names:
        values = sorted(value for value in measured[name] if isinstance(value, (int, float)) and isfinite(value))
        low, high = (values[int(share * (len(values) - 1))] for share in (_TAIL, 1 - _TAIL)) if values else (0.0, 0.0)
        if not low < high:
            raise RequestError(f"{name} is the same of all that {model.recipe} draws: say --range {name}=low..high")
        ends[name] = low, high
    aims = tuple(
        replace(aim, low=ends[aim.name][0], high=ends[aim.name][1]) if aim.name in ends else aim for aim in goal.aims
    )
    return replace(goal, aims=aims)
