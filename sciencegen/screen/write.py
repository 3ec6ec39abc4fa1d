"""Writing tables row by row, CSV, TSV, JSON lines or Parquet, and items in formats of their own; to a file or to
standard output."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO, TypeVar

from sciencegen.core.domain import WriteRows
from sciencegen.core.files import atomic, writing
from sciencegen.errors import RequestError, UnknownName

__all__ = ["FORMATS", "provenance_path", "table_format", "write_items", "write_provenance", "write_table"]

T = TypeVar("T")
FORMATS = ("csv", "tsv", "jsonl", "parquet")
Row = Mapping[str, "float | str | None"]


def table_format(path: Path | None, asked: str | None, more: Iterable[str] = ()) -> str:
    """The format asked for, or the one a file's suffix says; CSV on standard output. `more` are a domain's own."""
    name = (asked or (path.suffix[1:] if path is not None else "csv")).lower()
    formats = (*FORMATS, *more)
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


def write_table(rows: Iterable[Row], path: Path | None, name: str) -> int:
    """Write rows as they come and say how many there were; a file appears when it is whole."""
    if path is None:
        with writing("standard output"):
            return _write_text(rows, sys.stdout, name)
    with atomic(path) as temporary:
        if name == "parquet":
            import pandas

            table = pandas.DataFrame(list(rows))
            table.to_parquet(temporary, index=False)
            return len(table)
        with temporary.open("w", newline="", encoding="utf-8") as file:
            return _write_text(rows, file, name)


def write_items(rows: Iterable[tuple[T, Row]], path: Path | None, write: WriteRows[T]) -> int:
    """Write items with their rows in a format of their domain."""
    if path is None:
        with writing("standard output"):
            count = write(rows, sys.stdout)
            sys.stdout.flush()
            return count
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        return write(rows, file)


def _write_text(rows: Iterable[Row], file: TextIO, name: str) -> int:
    count = 0
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if name == "jsonl":
            file.write(json.dumps(dict(row)) + "\n")
        else:
            if writer is None:
                separator = "\t" if name == "tsv" else ","
                writer = csv.DictWriter(file, list(row), delimiter=separator, lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
        count += 1
        if count == 1:
            file.flush()  # somebody may be waiting for it at the other end of a pipe
    file.flush()
    return count


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
