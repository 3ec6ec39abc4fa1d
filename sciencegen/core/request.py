"""Requests as a person types them: `logp=2.5`, `logp=2..3`, `qed>=0.9`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isnan
from typing import TYPE_CHECKING

from sciencegen.core.interval import Interval
from sciencegen.errors import RequestError

if TYPE_CHECKING:
    from sciencegen.core.condition import Where

__all__ = ["accepts", "parse_where"]

_CLAUSE = re.compile(r"^\s*([^=<>]+?)\s*(>=|<=|=)\s*(.+?)\s*$")
_RANGE = re.compile(r"^(.+?)\.\.(.+)$")


def parse_where(clauses: Iterable[str]) -> dict[str, float | str | Interval]:
    """Read clauses into a request.

    >>> parse_where(["logp=2.5", "qed>=0.9", "rings=1..2", "kind=drug"])
    {'logp': 2.5, 'qed': Interval(low=0.9, high=inf), 'rings': Interval(low=1.0, high=2.0), 'kind': 'drug'}
    """
    where: dict[str, float | str | Interval] = {}
    for clause in clauses:
        match = _CLAUSE.match(clause)
        if match is None:
            raise RequestError(f"--where {clause!r}: expected name=value, name=low..high, name>=low or name<=high")
        name, sign, text = match.groups()
        value = _value(name, sign, text)
        where[name] = _both(name, where[name], value) if name in where else value
    return where


def _both(name: str, one: float | str | Interval, other: float | str | Interval) -> Interval:
    """What satisfies two clauses of one name: two ranges may leave a range."""
    if not isinstance(one, Interval) or not isinstance(other, Interval):
        raise RequestError(f"{name} is asked for twice, as {one} and as {other}: leave one out")
    if max(one.low, other.low) > min(one.high, other.high):
        raise RequestError(f"{name} cannot be both {one} and {other}")
    return Interval(max(one.low, other.low), min(one.high, other.high))


def _value(name: str, sign: str, text: str) -> float | str | Interval:
    if sign == ">=":
        return Interval(_number(name, text), float("inf"))
    if sign == "<=":
        return Interval(-float("inf"), _number(name, text))
    ends = _RANGE.match(text)
    if ends is not None and _is_number(ends[1]) and _is_number(ends[2]):
        interval = Interval(_number(name, ends[1]), _number(name, ends[2]))
        if interval.low > interval.high:
            raise RequestError(f"{name}={text}: the range is empty; write the smaller number first")
        return interval
    try:
        return float(text)
    except ValueError:
        return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(name: str, text: str) -> float:
    if not _is_number(text) or isnan(float(text)):
        raise RequestError(f"{name}: expected a number, got {text!r}")
    return float(text)


def accepts(where: Where, measured: Mapping[str, float | str]) -> bool:
    """Say whether what was measured lies inside every range asked for; exact values are aims, not filters."""
    ranges = {name: asked for name, asked in where.items() if isinstance(asked, Interval)}
    return all(measured[name] in asked for name, asked in ranges.items() if name in measured)
