"""Items that a representation has no room for: left out, and reported as rows that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sciencegen.core.domain import Domain, Items
from sciencegen.core.reading import Example, Reading
from sciencegen.data.columns import rows_of
from sciencegen.errors import DataError

__all__ = ["inside"]

_NAMED = 3


def inside(domain: Domain[Any], items: Items[Any], outside: Mapping[int, str], what: str, stop: bool) -> Items[Any]:
    """The items without those at some positions, for the reasons given; `stop` refuses where there are any."""
    if not outside:
        return items
    lost = [_example(domain, items, at, why) for at, why in sorted(outside.items())]
    reading = items.reading or Reading(what, "the items given", len(items), len(items))
    named = "; ".join(map(str, lost[:_NAMED]))
    if stop:
        raise DataError(f"{reading.file}: {len(lost):,} of {reading.rows:,} rows cannot be learned: {named}")
    if len(lost) == len(items):
        raise DataError(f"{reading.file}: none of the {reading.rows:,} rows can be learned: {named}")
    left = rows_of(items, [i for i in range(len(items)) if i not in outside])
    texts = [domain.text(item) for item in left.items] if reading.duplicates else []
    duplicates = len(texts) - len(set(texts))
    return Items(left.items, left.columns, reading.without(lost, duplicates))


def _example(domain: Domain[Any], items: Items[Any], at: int, why: str) -> Example:
    places = items.places
    row, line = (at + 1, at + 1) if places is None else (places.rows[at], places.lines[at])
    return Example(row, line, domain.text(items.items[at]), why)
