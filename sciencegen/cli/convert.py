"""`sciencegen convert`: a file of items in another format."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.core.domain import Domain, Entry, WriteRows

__all__ = ["convert"]

_NAMED = 20
"""So many rows that hold no item are named one by one."""
_TYPED = ("jsonl", "parquet")
"""Formats in which a number is another thing than its text."""
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_ABSENT = {"", "na", "n/a", "nan", "null", "none"}
_EXACT = 2**53
"""Whole numbers beyond this lose digits where others take them for floating-point numbers."""

Row = dict[str, Any]


def convert(
    source: Path = typer.Argument(..., metavar="IN", help="A file of items, packed or not; - for standard input."),
    target: Path = typer.Argument(..., metavar="OUT", help="The file to write; - for standard output."),
    to: str | None = typer.Option(None, "--to", help="The format to write; by the suffix of OUT without it."),
    column: str | None = typer.Option(None, "--column", help="The column of a table that holds the items as text."),
    domain: str = typer.Option("molecules", "--domain", help="What the file holds."),
    on_error: str = typer.Option("skip", "--on-error", help="skip rows that hold no item, or stop at them."),
) -> None:
    """Write a file of items in another format: rows in their order, with their columns, and numbers with their digits.

    Rows that hold no item are named and left out.
    """
    from sciencegen.cli.tables import Output, domain_called
    from sciencegen.errors import DataError, UnknownName

    if on_error not in ("skip", "stop"):
        raise UnknownName("way with errors", on_error, ("skip", "stop"))
    known = domain_called(domain)
    output = Output(known, target, to, source)
    entries = _read(known, source, column)
    lost = [entry for entry in entries if entry.item is None]
    kept = [entry for entry in entries if entry.item is not None]
    if lost and on_error == "stop":
        raise DataError(f"{source}: {len(lost):,} of {len(entries):,} rows hold no item: {_named(lost[0])}")
    if not kept:
        first = f": {_named(lost[0])}" if lost else ""
        raise DataError(f"{source}: none of the {len(entries):,} rows holds an item{first}")
    rows, notes = _rows(known, kept)
    own = known.formats.get(output.format)
    if own is not None:
        notes += _squeezed(own, kept[0].item, rows)
    shaped = _typed(rows) if output.format in _TYPED else _texts(rows, "" if own is not None else None)
    count = output.write(zip((entry.item for entry in kept), shaped, strict=True))
    said = [
        *_left_out(lost),
        *notes,
        f"{target}: {count:,} of {len(entries):,} rows written as {output.format or 'a folder'}",
    ]
    print("\n".join(said), file=sys.stderr)


def _read(domain: Domain[Any], source: Path, column: str | None) -> Sequence[Entry[Any]]:
    """The rows of a file; where items are rows of numbers, those are the columns, with what stands beside them."""
    from sciencegen.cli.tables import read_entries
    from sciencegen.core.domain import Domain as Plain
    from sciencegen.core.domain import Entry

    if type(domain).entries is not Plain.entries or column or str(source) == "-":
        return read_entries(domain, source, column)
    found = domain.read(source)
    return [
        Entry(i + 1, domain.text(item), item, "", {name: cells[i] for name, cells in found.columns.items()})
        for i, item in enumerate(found.items)
    ]


def _rows(domain: Domain[Any], kept: Sequence[Entry[Any]]) -> tuple[list[Row], list[str]]:
    """The rows to write, and what has to be said of their columns."""
    held = domain.column
    if held not in domain.row(kept[0].item):  # the item is its cells
        return [{**domain.row(entry.item), **entry.cells} for entry in kept], []
    rows = [{held: entry.text, **{name: cell for name, cell in entry.cells.items() if name != held}} for entry in kept]
    beside = [entry.cells.get(held) for entry in kept]
    if not any(beside):
        return rows, []
    if all(not text or _same(domain, str(text), entry.item) for text, entry in zip(beside, kept, strict=True)):
        for row, text in zip(rows, beside, strict=True):  # as somebody wrote it once
            row[held] = text or row[held]
        return rows, []
    free = f"{held}_beside"
    while free in rows[0]:
        free += "_"
    for row, text in zip(rows, beside, strict=True):
        row[free] = text
    return rows, [f"column {held} says other items than those that are read: it is written as {free}"]


def _same(domain: Domain[Any], text: str, item: Any) -> bool:
    found = domain.parse(text)
    return found is not None and domain.text(found) == domain.text(item)


def _squeezed(own: WriteRows[Any], item: Any, rows: Sequence[Row]) -> list[str]:
    """What a format of the domain's own has no room for: some columns, and lines within cells."""
    bare = _written(own, item, {})
    names = list(rows[0])
    left = [name for name in names[1:] if _written(own, item, {name: "sciencegen"}) == bare]
    notes = [f"left out, as the format has no room for them: {', '.join(left)}"] if left else []
    cells = [row[name] for row in rows for name in names if name not in left]
    changed = sum(isinstance(cell, str) and " ".join(cell.split()) != cell for cell in cells)
    if changed:
        notes.append(
            f"{changed:,} cells with several lines, or with blanks around or in a row, may be written with one blank"
        )
    return notes


def _written(own: WriteRows[Any], item: Any, cells: Mapping[str, Any]) -> str:
    file = io.StringIO()
    own([(item, cells)], file)
    return file.getvalue()


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _together(columns: Mapping[str, Sequence[Any]]) -> list[Row]:
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _texts(rows: Sequence[Row], absent: str | None) -> list[Row]:
    """Rows for formats of text: cells as they came, whole numbers without a point."""
    return _together({name: _as_text(cells, absent) for name, cells in _columns(rows).items()})


def _as_text(cells: Sequence[Any], absent: str | None) -> list[Any]:
    numbers = [cell for cell in cells if isinstance(cell, float) and cell == cell]
    whole = all(number.is_integer() and abs(number) <= _EXACT for number in numbers)
    return [absent if _missing(cell) else _plain(cell, whole) for cell in cells]


def _missing(cell: Any) -> bool:
    return cell is None or cell != cell


def _plain(cell: Any, whole: bool) -> Any:
    return int(cell) if whole and isinstance(cell, float) else cell


def _typed(rows: Sequence[Row]) -> list[Row]:
    """Rows for formats of numbers and text: a column is numbers where no cell would lose a digit by it."""
    return _together({name: _as_values(cells) for name, cells in _columns(rows).items()})


def _as_values(cells: Sequence[Any]) -> list[Any]:
    absent = [_missing(cell) or (isinstance(cell, str) and cell.strip().lower() in _ABSENT) for cell in cells]
    said = [cell for cell, missing in zip(cells, absent, strict=True) if not missing]
    if all(not isinstance(cell, str) or _is_number(cell.strip()) for cell in said):
        whole = all(_is_whole(cell) for cell in said)
        made: type[int] | type[float] = int if whole else float
        return [None if missing else made(cell) for cell, missing in zip(cells, absent, strict=True)]
    text = _as_text(cells, None)
    return [None if cell in (None, "") else str(cell) for cell in text]


def _is_number(text: str) -> bool:
    """Whether text is a number that a floating-point number holds to its last digit."""
    return _NUMBER.fullmatch(text) is not None and Decimal(text) == Decimal(repr(float(text)))


def _is_whole(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell.strip().lstrip("-").isdecimal() and abs(int(cell)) <= _EXACT
    return float(cell).is_integer() and abs(cell) <= _EXACT


def _left_out(lost: Sequence[Entry[Any]]) -> Iterable[str]:
    """The rows that hold no item: how many for which reason, and the first by name."""
    if not lost:
        return
    counts = ", ".join(f"{count:,} {why}" for why, count in Counter(entry.complaint for entry in lost).most_common())
    yield f"left out {len(lost):,}: {counts}"
    yield from (f"  {_named(entry)}" for entry in lost[:_NAMED])
    if len(lost) > _NAMED:
        yield f"  and rows {_ranges([entry.row for entry in lost[_NAMED:]])}"


def _named(entry: Entry[Any]) -> str:
    text = entry.text if len(entry.text) <= 60 else f"{entry.text[:60]}..."
    return f"row {entry.row}: {text!r}: {entry.complaint}" if text else f"row {entry.row}: {entry.complaint}"


def _ranges(rows: Sequence[int]) -> str:
    """Numbers of rows, those that follow one another as a range."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1][1:] = [row]
        else:
            runs.append([row])
    return ", ".join("-".join(map(str, run)) for run in runs)
