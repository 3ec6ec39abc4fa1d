"""Results of a laboratory: tables of items with numbers, in any order, some missing or failed, some told before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from sciencegen.core.domain import Domain, Entry
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.optimize.goal import Goal
from sciencegen.search.ledger import Told

__all__ = ["Results", "read_results"]

_ABSENT = {"", "na", "n/a", "nan", "null", "none"}
_TEXT = 60


@dataclass
class Results:
    """What the rows of a table say of items."""

    told: list[Told] = field(default_factory=list)
    """An item each, in the order of the table; of one that is there several times, the mean of what is said."""
    blank: int = 0
    """How many items nothing is said of yet, or not all that is needed."""
    repeated: int = 0
    """How many items have more than one row."""
    unread: Mapping[str, int] = field(default_factory=dict)
    """Why rows hold no item, and how many."""


def read_results(
    domain: Domain[Any], goal: Goal, path: Path, columns: Mapping[str, str] | None = None, item_column: str = ""
) -> Results:
    """The results of a table. `columns` says in which column a number of the goal stands, where that is not called like
    it. What the domain can measure is measured where the table does not say it.

    An empty cell is a result that is to come; words in place of a number are the reason why there is none.
    """
    columns = columns or {}
    for name in columns:
        if name not in goal.names:
            raise UnknownName("number that is wanted", name, goal.names)
    entries = domain.entries(path, item_column)
    if not entries:
        raise DataError(f"{path}: holds no rows")
    there = dict.fromkeys(name for entry in entries for name in entry.cells)
    taken = {name: columns.get(name, name) for name in goal.names}
    measured = [name for name, column in taken.items() if column not in there and name not in columns]
    for name in [*columns, *(name for name in measured if name not in domain.properties)]:
        if taken[name] not in there:
            known = ", ".join(there) or "no column beside the items"
            raise DataError(f"{path}: there is no column {taken[name]!r} for {name}: there is {known}; say --column")
    read = [name for name in taken if name not in measured]
    if not read:
        raise RequestError(f"{path}: nothing in it says {', '.join(goal.names)}: say --column NAME or NAME=COLUMN")
    groups: dict[str, list[Entry[Any]]] = {}
    for entry in entries:
        if entry.item is not None:
            groups.setdefault(domain.text(entry.item), []).append(entry)
    found = Results(unread=Counter(_short(entry.complaint) for entry in entries if entry.item is None))
    found.repeated = sum(len(rows) > 1 for rows in groups.values())
    for text, rows in groups.items():
        said = _said(rows, {name: taken[name] for name in read})
        if said is None:
            found.blank += 1
        else:
            found.told.append(_told(domain, goal, text, rows[0].item, said, measured))
    return found


def _said(rows: Sequence[Entry[Any]], columns: Mapping[str, str]) -> dict[str, float | str] | None:
    """The number in each column, or the words in place of it; None where a column says nothing yet."""
    said: dict[str, float | str] = {}
    for name, column in columns.items():
        cells = [one for row in rows if (one := _cell(row.cells.get(column))) is not None]
        numbers = [cell for cell in cells if isinstance(cell, float)]
        if not cells:
            return None
        said[name] = sum(numbers) / len(numbers) if numbers else cells[0]
    return said


def _cell(value: Any) -> float | str | None:
    """A number; or words; or None for a cell that says nothing."""
    text = "" if value is None else str(value).strip()
    if text.lower() in _ABSENT:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return number if isfinite(number) else text


def _told(
    domain: Domain[Any], goal: Goal, text: str, item: Any, said: Mapping[str, float | str], measured: Sequence[str]
) -> Told:
    words = {wall.name for wall in goal.walls if isinstance(wall.asked, str)}
    odd = [f"{name}: {_short(value)}" for name, value in said.items() if isinstance(value, str) and name not in words]
    values: dict[str, Any] = dict(said)
    if measured and not odd:
        found = domain.measure([item], list(measured))
        values |= {name: found[name][0] for name in measured}
    reason = odd[0] if odd else goal.missing(values)
    numbers = {
        name: float(value) for name, value in values.items() if isinstance(value, (int, float)) and value == value
    }
    return Told(text, numbers, None if reason else goal.score(values), reason)


def _short(said: str) -> str:
    said = " ".join(said.split())
    return said if len(said) <= _TEXT else f"{said[:_TEXT]}..."
