"""What is wanted of items: numbers to raise or to lower, and walls that others should stay within."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import atan, exp, inf, isfinite, pi, prod
from typing import Any

from sciencegen.core.condition import ConditionFields, Continuous, Interval, Where
from sciencegen.core.domain import Domain
from sciencegen.errors import RequestError, UnknownName

__all__ = ["Aim", "Goal", "Wall", "goal_of"]

_STEEP = 4.0
"""How steep a worth is in the middle of its range: as steep as a ramp from one end to the other."""
_EXACT = 0.5
"""How far from an exact number asked for, in spreads of the data, an item is worth exp(-1/2)."""


@dataclass(frozen=True)
class Aim:
    """A number to raise, or to lower where `sign` is -1, and between which values it usually lies."""

    name: str
    sign: int = 1
    low: float = -inf
    high: float = inf

    @property
    def scaled(self) -> bool:
        """Whether it is known where the number usually lies."""
        return isfinite(self.high - self.low)

    def worth(self, value: float) -> float:
        """What a value is worth, from 0 to 1, the more the further it is raised, wherever it lies.

        A number that is a share is worth itself. Others are worth a logistic function of where they lie between the
        ends of their range, since the best may lie beyond what was ever seen.
        """
        if (self.low, self.high) == (0.0, 1.0):
            return min(max(value if self.sign > 0 else 1 - value, 0.0), 1.0)
        if not self.scaled:
            return 0.5 + self.sign * atan(value) / pi
        place = self.sign * ((value - self.low) / (self.high - self.low) - 0.5)
        return 1 / (1 + exp(min(-_STEEP * place, 700.0)))


@dataclass(frozen=True)
class Wall:
    """What a value should be or lie within; `scale` is how far outside something is worth exp(-1/2) of what it was."""

    name: str
    asked: float | str | Interval
    scale: float = 1.0

    def slack(self, value: float | str) -> float:
        """How far inside the wall a value lies, in units of the scale; negative outside."""
        if isinstance(value, str) or isinstance(self.asked, str):
            return 0.0 if str(value) == str(self.asked) else -1.0
        if not isinstance(self.asked, Interval):
            return -abs(value - self.asked) / self.scale
        return min(value - self.asked.low, self.asked.high - value) / self.scale

    def worth(self, value: float | str) -> float:
        """1 inside, and less and less outside."""
        return exp(-0.5 * min(self.slack(value), 0.0) ** 2)


@dataclass(frozen=True)
class Goal:
    """Several numbers to raise or lower, and walls; worth 1 where all are as good as can be and all walls are kept."""

    aims: tuple[Aim, ...]
    walls: tuple[Wall, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers that have to be known of an item."""
        return tuple(dict.fromkeys([*(aim.name for aim in self.aims), *(wall.name for wall in self.walls)]))

    @property
    def unscaled(self) -> tuple[str, ...]:
        """The aims of which nobody said where they usually lie: their worth tells better from worse, and no more."""
        return tuple(aim.name for aim in self.aims if not aim.scaled)

    def score(self, values: Mapping[str, Any]) -> float:
        """What an item is worth, from 0 to 1: the product of what its numbers are worth."""
        return prod([*(aim.worth(values[aim.name]) for aim in self.aims), self.kept(values)])

    def kept(self, values: Mapping[str, Any]) -> float:
        """How well the walls are kept, from 0 to 1."""
        return prod(wall.worth(values[wall.name]) for wall in self.walls)

    def objectives(self, values: Mapping[str, Any]) -> tuple[float, ...]:
        """The numbers to raise, as they were measured, with the sign turned of those to lower."""
        return tuple(aim.sign * values[aim.name] for aim in self.aims)

    def slack(self, values: Mapping[str, Any]) -> tuple[float, ...]:
        """How far inside each wall an item lies; negative outside."""
        return tuple(wall.slack(values[wall.name]) for wall in self.walls)

    def missing(self, values: Mapping[str, Any]) -> str:
        """Why an item cannot be judged; nothing where it can."""
        for name in self.names:
            value = values.get(name)
            if value is None:
                return f"no {name}"
            if not isinstance(value, str) and not isfinite(value):
                return f"{name} is {value}"
        texts = [aim.name for aim in self.aims if isinstance(values[aim.name], str)]
        return f"{texts[0]} is no number: {values[texts[0]]!r}" if texts else ""

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for the record."""
        aims = [
            {"name": aim.name, "sign": aim.sign, "range": [aim.low, aim.high] if aim.scaled else None}
            for aim in self.aims
        ]
        walls = [{"name": wall.name, "asked": _plain(wall.asked), "scale": wall.scale} for wall in self.walls]
        return {"aims": aims, "walls": walls}


def goal_of(
    domain: Domain[Any],
    fields: ConditionFields,
    maximize: Sequence[str] = (),
    minimize: Sequence[str] = (),
    where: Where | None = None,
    ranges: Mapping[str, Interval] | None = None,
    outside: bool = False,
) -> Goal:
    """A goal by the names of properties and tasks of the domain, checked; any other name is a number that a scorer or a
    laboratory gives, where there is one `outside`.

    `ranges` says between which values numbers usually lie; without it that is where the data of `fields` lay.
    """
    ranges, tasks = ranges or {}, domain.tasks
    named = [*((name, 1) for name in maximize), *((name, -1) for name in minimize)]
    if not named:
        raise RequestError("nothing is wanted: name something to maximize or to minimize")
    for name in (one for one, _ in named):
        if sum(name == other for other, _ in named) > 1:
            raise RequestError(f"{name} is wanted twice: leave one out")
    known = [*domain.properties, *tasks]
    for name in [*(name for name, _ in named), *(where or {})]:
        if name not in known and not outside:
            raise UnknownName("property or task", name, known)
    for name in ranges:
        if name not in (one for one, _ in named):
            raise RequestError(f"range of {name}: it is neither maximized nor minimized")
    aims = tuple(Aim(name, sign, *_ends(name, ranges, fields, name in tasks)) for name, sign in named)
    walls = tuple(_wall(name, asked, fields, name in tasks) for name, asked in (where or {}).items())
    levels = {name for name in domain.properties if domain.properties[name].levels}
    for aim in aims:
        if aim.name in levels:
            raise RequestError(f"{aim.name} is a category, not a number: ask for it with --where {aim.name}=...")
    return Goal(aims, walls)


def _ends(name: str, ranges: Mapping[str, Interval], fields: ConditionFields, task: bool) -> tuple[float, float]:
    """Between which values a number usually lies; a share is one from 0 to 1."""
    if name in ranges:
        low, high = ranges[name].low, ranges[name].high
        if not (isfinite(high - low) and low < high):
            raise RequestError(f"range of {name}: {ranges[name]}: expected two different, finite numbers")
        return low, high
    found = _field(name, fields)
    if task or (found is not None and found.low >= 0 and found.high <= 1 and found.high > 0.5):
        return 0.0, 1.0
    if found is None or not isfinite(found.high - found.low) or found.low == found.high:
        return -inf, inf
    return found.low, found.high


def _wall(name: str, asked: Any, fields: ConditionFields, task: bool) -> Wall:
    if isinstance(asked, str):
        return Wall(name, asked)
    if not isinstance(asked, Interval):
        asked = float(asked)
        if not isfinite(asked):
            raise RequestError(f"{name}={asked}: expected a finite number")
    found, scale = _field(name, fields), 0.0
    if found is not None and isfinite(found.std):
        scale = found.std
    elif isinstance(asked, Interval) and isfinite(asked.high - asked.low):
        scale = (asked.high - asked.low) / 4
    else:
        ends = [asked] if not isinstance(asked, Interval) else [asked.low, asked.high]
        scale = 0.1 if task else 0.1 * max((abs(end) for end in ends if isfinite(end)), default=1.0)
    return Wall(name, asked, _EXACT * (scale if scale > 0 else 1.0))


def _field(name: str, fields: ConditionFields) -> Continuous | None:
    found: Iterable[Continuous] = (one for one in fields.fields if isinstance(one, Continuous) and one.name == name)
    return next(iter(found), None)


def _plain(asked: float | str | Interval) -> float | str:
    return str(asked) if isinstance(asked, Interval) else asked
