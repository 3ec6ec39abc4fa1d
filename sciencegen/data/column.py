"""Items from one column of a table: what all domains share that read their items so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sciencegen.core.domain import Entry, Items
from sciencegen.core.reading import Example, Places, Reading
from sciencegen.data.records import Cell, Records
from sciencegen.data.rows import STANDARD_INPUT, Rows, numbers_or_text
from sciencegen.errors import UnknownName

__all__ = ["column_entries", "first_cells", "items_of_column", "texts_of_column"]

T = TypeVar("T")
_TRIED = 30


def first_cells(records: Records) -> dict[str, list[Cell]]:
    """The first cells of every column that say something."""
    first: dict[str, list[Cell]] = {name: [] for name in records.names}
    for record in records:
        for cells, cell in zip(first.values(), record.cells, strict=bool(record.cells)):
            if len(cells) < _TRIED and cell is not None and str(cell).strip():
                cells.append(cell)
        if all(len(cells) == _TRIED for cells in first.values()):
            break
    return first


def column_entries(records: Records, column: str) -> Iterator[Entry[Any]]:
    """Rows before they are read: what stands in the column of items, and the other cells."""
    place = records.names.index(column)
    for number, record in enumerate(records, 1):
        if record.fault:
            yield Entry(number, record.text, None, record.fault)
        else:
            cells = dict(zip(records.names, record.cells, strict=True))
            said = record.cells[place]
            del cells[column]
            yield Entry(number, "" if said is None else str(said), cells=cells)


def texts_of_column(path: Path, rows: Rows, column: str, beside: Sequence[str] = ()) -> list[str]:
    """What stands in the column of items; columns named in `beside` have to be there too."""
    for name in beside:
        if name not in rows.columns or name == column:
            raise UnknownName(f"column of {path}", name, [one for one in rows.columns if one != column])
    return ["" if cell is None else str(cell) for cell in rows.columns[column]]


def items_of_column(
    path: Path,
    rows: Rows,
    column: str,
    found: Sequence[T | None],
    lost: Mapping[int, str],
    beside: Sequence[str] = (),
    title: str = "",
    changed: Mapping[str, int] | None = None,
) -> Items[T]:
    """The items found in a column and the columns beside them, with a report of the rows that were `lost`, and why.

    What a reason begins with, up to a colon, is what rows are counted by. Columns named in `beside` have to be numbers
    or text throughout. `title` says where items come from, if not from the column.
    """
    kept = [row for row, item in enumerate(found) if item is not None]
    items = [item for item in found if item is not None]
    columns: dict[str, Sequence[Cell]] = {}
    for name, cells in rows.columns.items():
        if name != column:
            whole = numbers_or_text(path, name, cells, whole=name in beside)
            columns[name] = [whole[row] for row in kept]
    all_rows = len(rows) + len(rows.broken)
    reading = Reading(
        file="standard input" if path == STANDARD_INPUT else str(path),
        column=title or f"column {column}",
        rows=all_rows,
        kept=all_rows,
        changed=dict(changed or {}),
    )
    first = {row: str(rows.columns[column][row] or "").split("\n", 1)[0] for row in lost}  # of a structure, its name
    examples = [Example(rows.number(row), rows.lines[row], first[row], why) for row, why in lost.items()]
    places = Places.of([rows.number(row) for row in kept], [rows.lines[row] for row in kept])
    return Items(items, columns, reading.without([*rows.broken, *examples], len(items) - len(set(items))), places)
