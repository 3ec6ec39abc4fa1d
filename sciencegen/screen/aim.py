"""How close a candidate comes to what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

from sciencegen.core.condition import ConditionFields, Continuous, Interval, Where
from sciencegen.core.domain import Candidate
from sciencegen.errors import RequestError, UnknownName

__all__ = ["distance", "in_ranges", "parse_tolerance", "within"]

Test = Callable[[Candidate[Any]], bool]


def parse_tolerance(clauses: Iterable[str]) -> dict[str, float]:
    """Read clauses such as `logp=0.3`."""
    tolerance: dict[str, float] = {}
    for clause in clauses:
        name, sign, text = (part.strip() for part in clause.partition("="))
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not (name and sign and isfinite(value) and value >= 0):
            raise RequestError(f"--tolerance {clause!r}: expected name=number, such as logp=0.3")
        if name in tolerance:
            raise RequestError(f"--tolerance {clause!r}: {name} was given already")
        tolerance[name] = value
    return tolerance


def in_ranges(where: Where, measurable: Iterable[str]) -> dict[str, Test]:
    """A test for each range asked for that can be measured, by its name."""
    names = set(measurable)
    ranges = {name: asked for name, asked in where.items() if isinstance(asked, Interval) and name in names}
    return {f"{name}={asked}": _inside(name, asked) for name, asked in ranges.items()}


def within(where: Where, tolerance: Mapping[str, float], measurable: Iterable[str]) -> dict[str, Test]:
    """A test for each tolerance: what measures further from the value asked for is left out."""
    names, tests = list(measurable), {}
    for name, most in tolerance.items():
        asked = where.get(name)
        if name not in names:
            raise UnknownName("property", name, names)
        if isinstance(asked, Interval):
            raise RequestError(f"--tolerance {name}={most:g}: a range was asked for; what measures outside is left out")
        if not isinstance(asked, (int, float)):
            raise RequestError(f"--tolerance {name}={most:g}: ask for a number too: --where {name}=...")
        tests[f"{name}={asked:g}+-{most:g}"] = _inside(name, Interval(asked - most, asked + most))
    return tests


def distance(where: Where, fields: ConditionFields, measurable: Iterable[str]) -> Callable[[Candidate[Any]], float]:
    """The mean of |measured - asked| over what was asked, each in units of its spread in training.

    Inside a range the distance is 0; a category is at 0 where it is the one asked for, else at 1.
    """
    names = set(measurable)
    spreads = {field.name: field.std if isinstance(field, Continuous) else 1.0 for field in fields.fields}
    asked = [(name, value, spreads.get(name, 1.0)) for name, value in where.items() if name in names]
    if not asked:
        said = ", ".join(sorted(where)) or "nothing"
        raise RequestError(f"--best-of needs a request that can be measured; asked for: {said}")
    return lambda candidate: sum(_off(candidate.properties[n], v, s) for n, v, s in asked) / len(asked)


def _off(measured: float | str, asked: float | str | Interval, spread: float) -> float:
    if isinstance(measured, str) or isinstance(asked, str):
        return float(str(measured) != str(asked))
    if not isfinite(measured):
        return float("inf")
    low, high = (asked.low, asked.high) if isinstance(asked, Interval) else (asked, asked)
    return max(low - measured, measured - high, 0.0) / spread


def _inside(name: str, asked: Interval) -> Test:
    return lambda candidate: candidate.properties[name] in asked
