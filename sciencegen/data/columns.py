"""The columns beside items: measured or read, and the condition fields they make."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from sciencegen.core.condition import Categorical, Continuous
from sciencegen.core.domain import Domain, Items
from sciencegen.errors import DataError, UnknownName

__all__ = ["field_of", "measured", "rows_of", "split"]

_MOST_LEVELS = 1000
_LARGEST = 10**300


def rows_of(items: Items[Any], rows: Sequence[int]) -> Items[Any]:
    """Some of the items, with their columns."""
    columns = {name: _taken(column, rows) for name, column in items.columns.items()}
    return Items([items.items[i] for i in rows], columns, items.reading)


def _taken(column: Any, rows: Sequence[int]) -> Any:
    """Some cells of a column; an array stays one, which is a fifth of the memory of a list."""
    return column[rows] if isinstance(column, np.ndarray) else [column[i] for i in rows]


def split(items: Items[Any], share: float, seed: int) -> tuple[Items[Any], Items[Any] | None]:
    """The items in random order without a `share` of them, and that share."""
    count = math.floor(share * len(items))
    if not count:
        return items, None
    order = torch.randperm(len(items), generator=torch.Generator().manual_seed(seed)).tolist()
    return rows_of(items, order[count:]), rows_of(items, order[:count])


def measured(domain: Domain[Any], items: Items[Any], names: Iterable[str]) -> Items[Any]:
    """The items with the columns of these names alone: properties are measured, others are in the data."""
    wanted = list(names)
    for name in wanted:
        if name not in domain.properties and name not in items.columns:
            raise UnknownName("property or column", name, [*domain.properties, *items.columns])
    own = domain.measure(items.items, [name for name in wanted if name in domain.properties])
    columns = {name: own[name] if name in own else items.columns[name] for name in wanted}
    return Items(items.items, columns, items.reading)


def field_of(domain: Domain[Any], name: str, column: Sequence[float | str | None]) -> Continuous | Categorical:
    """The condition field of a column: a category where it holds text, a number with its range otherwise."""
    known = [v for v in column if _known(name, v)]
    if not known:
        others = "ask for others with --ask, or for nothing with --ask none"
        raise DataError(f"column {name} has no value in any row: {others}")
    property_ = domain.properties.get(name)
    if property_ is not None and property_.levels:
        return Categorical(name, property_.levels)
    if any(isinstance(v, str) for v in known):
        levels = tuple(sorted({str(v) for v in known}))
        if len(levels) > _MOST_LEVELS:
            raise DataError(f"column {name} has {len(levels)} different texts: too many to be a category")
        return Categorical(name, levels)
    numbers = torch.tensor([float(v) for v in known if v is not None], dtype=torch.float64)
    mean, std = float(numbers.mean()), float(numbers.std(correction=0))
    if not math.isfinite(std):
        raise DataError(f"column {name} has numbers too large to standardise; scale them")
    unit = property_.unit if property_ is not None else ""
    return Continuous(name, unit, mean, std or 1.0, float(numbers.min()), float(numbers.max()))


def _known(name: str, value: object) -> bool:
    """Whether a cell says something: None, NaN and infinities do not."""
    if value is None or isinstance(value, str):
        return value is not None
    if not isinstance(value, (int, float)):
        raise DataError(f"column {name} holds a {type(value).__name__}: expected numbers or text")
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise DataError(f"column {name} has whole numbers of {len(str(value))} digits: scale them")
        return True
    return math.isfinite(value)
