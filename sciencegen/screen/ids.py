"""What items are called: every order that is broken by ids needs them to differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sciencegen.errors import DataError

__all__ = ["require_distinct"]


def require_distinct(ids: Sequence[str]) -> None:
    """Refuse ids that are empty or there twice."""
    if len(set(ids)) == len(ids) and "" not in ids:
        return
    if "" in ids:
        raise DataError(f"item {list(ids).index('') + 1} has no id: give every item an id of its own")
    often = [name for name, count in Counter(ids).items() if count > 1]
    more = f", and {len(often) - 1:,} more ids are" if len(often) > 1 else ""
    raise DataError(f"id {often[0]!r} is there twice{more}: give every item an id of its own")
