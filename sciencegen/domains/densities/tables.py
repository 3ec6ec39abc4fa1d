"""Rows of users' tables, as they are: with gaps, with columns of text beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Domain, Items, Property
from sciencegen.core.reading import Places, Reading
from sciencegen.data.table import cells, columns_of_numbers, read_table, require_columns
from sciencegen.domains.densities.domain import Densities
from sciencegen.domains.densities.properties import Point
from sciencegen.errors import DataError

if TYPE_CHECKING:
    import pandas

__all__ = ["Tables"]


class Tables(Domain[Point]):
    """Points that may have gaps, entries that are NaN. Columns asked for by name are no part of them, and nothing is
    measured of them: a column called radius is one like the others."""

    name = Densities.name
    distinct = False
    properties: Mapping[str, Property[Point]] = {}

    def __init__(self) -> None:
        self._points = Densities()

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[Point]:
        table = read_table(path)
        require_columns(path, table, tuple(beside))
        rest = table.drop(columns=list(beside))
        numeric = columns_of_numbers(path, rest)
        if not numeric:
            left = f"found {', '.join(rest.columns)}" if len(rest.columns) else "all columns are conditions"
            raise DataError(f"{path}: expected columns of numbers, {left}")
        x = rest[numeric].to_numpy(dtype=np.float64, na_value=np.nan)
        _refuse_odd(path, numeric, x)
        names, columns = tuple(numeric), {name: cells(table, name) for name in table.columns if name not in numeric}
        places = Places.of(range(1, len(x) + 1), range(2, len(x) + 2))  # below the names
        return Items([Point(names, row) for row in x], columns, _said(path, rest, numeric, x), places)

    def write(self, items: Iterable[Point], path: Path) -> None:
        self._points.write(items, path)

    def parse(self, text: str) -> Point | None:
        return self._points.parse(text)

    def text(self, item: Point) -> str:
        return self._points.text(item)

    def row(self, item: Point) -> Mapping[str, float | str]:
        return self._points.row(item)

    def gaps(self, item: Point) -> Sequence[bool]:
        missing: list[bool] = np.isnan(item.values).tolist()
        return missing

    def compare(self, ours: Sequence[Point], theirs: Sequence[Point]) -> dict[str, float]:
        return self._points.compare(*(_whole(side) for side in (ours, theirs)))

    def draw(self, items: Sequence[Point], path: Path) -> None:
        self._points.draw(_whole(items), path)


def _refuse_odd(path: Path, names: Sequence[str], x: NDArray[np.float64]) -> None:
    """Refuse columns that say nothing, and numbers that are infinite."""
    for name, column in zip(names, x.T, strict=True):
        if np.isnan(column).all():
            raise DataError(f"{path}: column {name} is empty in every row: remove it")
    bad = np.argwhere(np.isinf(x))
    if len(bad):
        row, at = bad[0]
        many = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise DataError(f"{path}: row {row + 1}, column {names[at]} is infinite{many}: mend it, or leave it empty")


def _said(path: Path, table: pandas.DataFrame, numeric: Sequence[str], x: NDArray[np.float64]) -> Reading:
    """What was read, and what was not."""
    rows, gaps = len(x), int(np.isnan(x).sum())
    aside = [name for name in table.columns if name not in numeric]
    changed = {"empty cells: drawn from the model while it learns": gaps} if gaps else {}
    if aside:
        said = f"{', '.join(aside)}: no numbers, left out; --where-columns makes conditions of them"
        changed[f"column{'s' * (len(aside) > 1)} {said}"] = len(aside)
    many = "a column" if len(numeric) == 1 else f"{len(numeric)} columns"
    return Reading(str(path), f"{many} of numbers", rows, rows, changed=changed)


def _whole(items: Sequence[Point]) -> Sequence[Point]:
    """Those without gaps: no others can be compared or drawn."""
    found = [item for item in items if not np.isnan(item.values).any()]
    if not found:
        raise DataError("every row has gaps: there is none that could be compared or drawn")
    return found
