"""Writing tables row by row, CSV, TSV, JSON lines or Parquet, and items in formats of their own; to a file or to
standard output."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO, TypeVar

from sciencegen.core.domain import WriteRows
from sciencegen.core.files import atomic, writing
from sciencegen.errors import RequestError, UnknownName

__all__ = [
    *("FORMATS", "provenance_path", "spreadsheet_safe", "table_format"),
    *("write_items", "write_provenance", "write_sheet", "write_table"),
]

T = TypeVar("T")
FORMATS = ("csv", "tsv", "jsonl", "parquet")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBERS = re.compile(f"{_NUMBER}(?:,{_NUMBER})*")
Row = Mapping[str, "float | str | None"]


def table_format(path: Path | None, asked: str | None, more: Iterable[str] = ()) -> str:
    """The format asked for, or the one a file's suffix says; CSV on standard output. `more` are a domain's own."""
    name = (asked or (path.suffix[1:] if path is not None else "csv")).lower()
    formats = (*FORMATS, *more)
    if not name and "" in formats:
        return name
    formats = tuple(one for one in formats if one)
    if not name:
        raise RequestError(f"{path}: end the name in {', '.join('.' + one for one in formats)}, or say --format")
    if name not in formats:
        raise UnknownName("table format", name, formats)
    if path is not None and path.suffix.lower() == ".json":
        raise RequestError(f"{path}: the record of how a table came to be is written there; end the name in .{name}")
    if name == "parquet" and path is None:
        raise RequestError("parquet cannot be written to standard output: give a file with -o")
    if name == "parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise RequestError("parquet needs the package pyarrow: pip install pyarrow, or write .csv") from None
    return name


def write_table(rows: Iterable[Row], path: Path | None, name: str, columns: Sequence[str] = ()) -> int:
    """Write rows as they come and say how many there were; a file appears when it is whole.

    `columns`: what a table without rows is to have; with rows they say it themselves.
    """
    if path is None:
        with writing("standard output"):
            return _write_text(rows, sys.stdout, name, columns)
    with atomic(path) as temporary:
        if name == "parquet":
            import pandas

            found = list(rows)
            table = pandas.DataFrame(found, columns=None if found else list(columns))
            table.to_parquet(temporary, index=False)
            return len(table)
        with temporary.open("w", newline="", encoding="utf-8") as file:
            return _write_text(rows, file, name, columns)


def write_sheet(rows: Iterable[Row], columns: Sequence[str], path: Path) -> int:
    """Write a CSV that a person will open: always with the names of its columns, and no cell is a formula."""
    count = 0
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(_Lines(file))
        writer.writerow([spreadsheet_safe(name) for name in columns])
        for row in rows:
            writer.writerow([spreadsheet_safe(row[name]) for name in columns])
            count += 1
    return count


def spreadsheet_safe(cell: T) -> T | str:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it.

    That is text with = + - @, a tab or a line break in front (OWASP, CSV Injection). Numbers, and numbers with commas,
    stay as they are, with their signs; so do items whose text begins with a letter or a bracket. A name such as -OMe
    or @home gets the apostrophe: what is harmless cannot be told from what is not.
    """
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBERS.fullmatch(cell):
        return f"'{cell}"
    return cell


def write_items(rows: Iterable[tuple[T, Row]], path: Path | None, write: WriteRows[T]) -> int:
    """Write items with their rows in a format of their domain."""
    if path is None:
        with writing("standard output"):
            count = write(rows, sys.stdout)
            sys.stdout.flush()
            return count
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        return write(rows, file)


def _write_text(rows: Iterable[Row], file: TextIO, name: str, columns: Sequence[str]) -> int:
    count = 0
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if name == "jsonl":
            file.write(json.dumps(dict(row)) + "\n")
        else:
            writer = writer or _headed(list(row), file, name)
            writer.writerow(row)
        count += 1
        if count == 1:
            file.flush()  # somebody may be waiting for it at the other end of a pipe
    if not count and columns and name != "jsonl":
        _headed(columns, file, name)
    file.flush()
    return count


def _headed(columns: Sequence[str], file: TextIO, name: str) -> csv.DictWriter[str]:
    writer = csv.DictWriter(_Lines(file), columns, delimiter="\t" if name == "tsv" else ",")
    writer.writeheader()
    return writer


class _Lines:
    """Ends records with a line feed alone; a writer told to do so would leave cells with a carriage return unquoted."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, record: str) -> int:
        return self._file.write(record.removesuffix("\r\n") + "\n")


def provenance_path(path: Path) -> Path:
    """Where the record of a table is written; another file that is there already is left alone."""
    record = path.with_suffix(".json")
    if record.exists() and not _is_record(record):
        raise RequestError(f"{record} is there and is no record of a table: choose another name than {path.name}")
    return record


def _is_record(path: Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"checkpoint", "drawn", "seed"} <= set(found)


def write_provenance(path: Path, record: Mapping[str, object]) -> None:
    """Write how a table came to be beside it."""
    with atomic(provenance_path(path)) as temporary:
        temporary.write_text(json.dumps(record, indent=2, default=str) + "\n", encoding="utf-8")
