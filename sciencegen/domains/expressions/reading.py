"""Expressions from files: a column of a table, or a line each; what holds none is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sciencegen.core.domain import Entry, Items
from sciencegen.data.column import items_of_column, texts_of_column
from sciencegen.data.records import Record, Records, opened, table_records
from sciencegen.data.rows import STANDARD_INPUT, bare_suffix, collected, read_bytes
from sciencegen.domains.expressions.tree import tidied
from sciencegen.errors import DataError, UnknownName

__all__ = ["EXPRESSION", "ExpressionRecords", "entry_of", "expression_records", "read_expressions"]

EXPRESSION = "expression"
"""The column of expressions, where a file has no names for its columns."""
_NAMES = (EXPRESSION, "expressions", "expr", "formula", "equation", "function")
_TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
_FORMATS = (*_TABLES, ".txt")
_NONE = "not an expression"


@dataclass(frozen=True)
class ExpressionRecords:
    """The rows of a file one at a time, and which of their cells holds the expression."""

    records: Records
    column: str


def expression_records(path: Path, column: str = "") -> ExpressionRecords:
    """The rows of a file before they are read as expressions; `-` is standard input."""
    suffix = bare_suffix(path)
    if path != STANDARD_INPUT and path.exists() and suffix not in _FORMATS:
        raise DataError(f"{path}: expected a file ending in {', '.join(_FORMATS)}, or these with .gz, .xz or .bz2")
    raw = read_bytes(path)
    if path == STANDARD_INPUT:
        suffix = _guessed(raw)
    records = _lines(raw) if suffix == ".txt" else table_records(path, raw, suffix, _titled)
    if not records.names or next(iter(records), None) is None:
        raise DataError(f"{path}: the file holds no expressions")
    if column and column not in records.names:
        raise UnknownName(f"column of {path}", column, list(records.names))
    return ExpressionRecords(records, column or _found(path, records))


def read_expressions(path: Path, column: str = "", on_error: str = "skip", beside: Sequence[str] = ()) -> Items[str]:
    """The expressions of a file and the columns beside them, with a report of what was left out."""
    found = expression_records(path, column)
    rows = collected(found.records)
    entries = [entry_of(i, text) for i, text in enumerate(texts_of_column(path, rows, found.column, beside), 1)]
    lost = {row: entry.complaint for row, entry in enumerate(entries) if entry.item is None}
    items = items_of_column(path, rows, found.column, [entry.item for entry in entries], lost, beside)
    reading = items.reading
    assert reading is not None
    if reading.dropped and (on_error == "stop" or not reading.kept):
        many = "none" if not reading.kept else f"{sum(reading.dropped.values()):,}"
        said = "give an expression" if not reading.kept else "hold no expression"
        shown = "; ".join(map(str, reading.examples))
        raise DataError(f"{path}: {many} of the {reading.rows:,} rows {said}: {shown}")
    return items


def entry_of(row: int, text: str) -> Entry[str]:
    """What a row that says this stands for."""
    try:
        return Entry(row, text, tidied(text))
    except DataError as error:
        return Entry(row, text, None, f"{_NONE}: {error}" if text.strip() else "empty")


def _guessed(raw: bytes) -> str:
    """The format of what came through a pipe."""
    if raw.startswith(b"PAR1"):
        return ".parquet"
    with opened(raw) as file:
        first = file.readline()
    if first.lstrip().startswith("{"):
        return ".jsonl"
    return ".csv" if any(mark in first for mark in ",;\t") or _known(first) else ".txt"


def _lines(raw: bytes) -> Records:
    return Records([EXPRESSION], partial(_each, raw))


def _each(raw: bytes) -> Iterator[Record]:
    with opened(raw) as file:
        for line, said in enumerate(file, 1):
            if said.strip() and not (line == 1 and _known(said)):
                yield Record(line, [said.strip()])


def _titled(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first line names the columns: no cell of it is an expression, or one is a name we know."""
    return any(map(_known, first)) or all(entry_of(1, cell).item is None for cell in first)


def _known(name: str) -> bool:
    return name.strip().lower() in _NAMES


def _found(path: Path, records: Records) -> str:
    """The column of expressions: by its name, or the only one."""
    named = sorted((name for name in records.names if _known(name)), key=lambda name: _NAMES.index(name.lower()))
    if named:
        return named[0]
    if len(records.names) == 1:
        return records.names[0]
    said = ", ".join(records.names[:20])
    raise DataError(f"{path}: the columns are {said}; call the one of expressions {EXPRESSION}, or name it")
