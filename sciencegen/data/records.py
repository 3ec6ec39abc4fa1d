"""The rows of text files one at a time, some broken, each with its line number: CSV, TSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias

from sciencegen.errors import DataError

if TYPE_CHECKING:
    import pandas

__all__ = ["Cell", "Record", "Records", "Titled", "aligned", "opened", "table_records"]

Cell: TypeAlias = "float | str | None"
Titled = Callable[[Sequence[str], Sequence[str]], bool]
"""Whether the first record of a file names its columns, told from the first two."""
_LONGEST_CELL = 2**31 - 1
_TOGETHER = 4096
"""So many rows of a Parquet file are taken out of its columns together."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row: the line it begins in, and its cells in the order of the columns; or its text, and what is wrong."""

    line: int
    cells: Sequence[Cell]
    fault: str = ""
    text: str = ""


@dataclass(frozen=True)
class Records:
    """The rows of a file in their order, read again whenever they are asked for, so that few are in memory."""

    names: Sequence[str]
    again: Callable[[], Iterator[Record]]

    def __iter__(self) -> Iterator[Record]:
        return self.again()


def opened(raw: bytes, newline: str | None = None) -> TextIO:
    """Text of UTF-8 or, where the first bytes say so, UTF-16; what is neither is marked, so that its row is named."""
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return io.TextIOWrapper(io.BytesIO(raw), "utf-16" if wide else "utf-8-sig", errors="replace", newline=newline)


def table_records(path: Path, raw: bytes, kind: str, titled: Titled) -> Records:
    """The rows of a .csv, .tsv, .jsonl or .parquet file."""
    if kind == ".parquet":
        return _from_parquet(path, raw)
    return aligned(partial(_objects, raw)) if kind == ".jsonl" else _from_csv(path, raw, kind, titled)


Found = tuple[int, "dict[str, Cell] | None", str]
"""The line of a row, its cells by name or None where it is broken, and its text."""


def aligned(found: Callable[[], Iterator[Found]], fault: str = "not a JSON object") -> Records:
    """Rows of which each says by itself what its columns are: all have all columns."""
    names = list(dict.fromkeys(name for _, cells, _ in found() for name in cells or ()))
    return Records(names, partial(_in_line, found, names, fault))


def _in_line(found: Callable[[], Iterator[Found]], names: Sequence[str], fault: str) -> Iterator[Record]:
    for line, cells, text in found():
        yield Record(line, (), fault, text) if cells is None else Record(line, [cells.get(name) for name in names])


def _objects(raw: bytes) -> Iterator[Found]:
    """The objects of JSON lines."""
    with opened(raw) as file:
        for line, said in enumerate(file, 1):
            if said.strip():
                yield line, _object(said), said.strip()


def _object(said: str) -> dict[str, Cell] | None:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return None
    return {name.strip(): _plain(value) for name, value in found.items()} if isinstance(found, dict) else None


def _plain(value: object) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, (int, float)):
        return json.dumps(value, default=str)
    try:
        number = float(value)
    except OverflowError:
        return str(value)
    return value if type(value) is int else number  # a code of many digits is not to lose one


def _from_csv(path: Path, raw: bytes, kind: str, titled: Titled) -> Records:
    separator = "\t" if kind == ".tsv" else _separator(raw)
    head = list(islice(_records(raw, separator), 2))
    if not head:
        return Records([], partial(iter, ()))
    _check_closed(path, raw, separator)
    first, second = ([cell.strip() for cell in record] for _, record in (*head, (0, []))[:2])
    named = titled(first, second)
    names = _names(path, first) if named else [f"column{i}" for i in range(1, len(first) + 1)]
    return Records(names, partial(_shaped, raw, separator, len(names), int(named)))


def _shaped(raw: bytes, separator: str, width: int, skipped: int) -> Iterator[Record]:
    """Rows as wide as the names: cells that are missing at the end are empty, too many are a fault."""
    for line, record in islice(_records(raw, separator), skipped, None):
        if len(record) > width:
            yield Record(line, (), f"{len(record)} cells for {width} columns", separator.join(record))
        else:
            yield Record(line, [*record, *[""] * (width - len(record))])


def _records(raw: bytes, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are neither blank nor a remark, and the line each begins in."""
    csv.field_size_limit(_LONGEST_CELL)  # of the whole process: a lower one would end a file at a long cell
    line, begun = 1, False
    with opened(raw, newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        for record in reader:
            if any(record) and (begun or not record[0].startswith("#")):  # remarks come before the names
                begun = True
                yield line, record
            line = reader.line_num + 1


def _separator(raw: bytes) -> str:
    """What stands between the names: a comma, or what some programs write in its place."""
    with opened(raw) as file:
        head = next((line for line in file if line.strip() and not line.startswith("#")), "")
    return max(",;\t", key=head.count)


def _check_closed(path: Path, raw: bytes, separator: str) -> None:
    """Refuse a file whose last record is all that comes after a quotation mark nobody closed."""
    with opened(raw) as file:
        if sum(line.count('"') for line in file) % 2 == 0:
            return
    line, record = deque(_records(raw, separator), maxlen=1)[0]
    if any("\n" in cell.rstrip("\n") or "\r" in cell.rstrip("\r\n") for cell in record):
        raise DataError(f"{path}: a quotation mark in line {line} is never closed")


def _names(path: Path, record: Sequence[str]) -> list[str]:
    names = [name.strip() or f"column{i}" for i, name in enumerate(record, 1)]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path}: there are several columns {name!r}: rename them")
    return names


def _from_parquet(path: Path, raw: bytes) -> Records:
    """The rows of a Parquet file."""
    import pandas

    try:
        table = pandas.read_parquet(io.BytesIO(raw))
    except ImportError:
        raise DataError(f"{path}: parquet needs the package pyarrow: pip install pyarrow") from None
    except (OSError, ValueError, KeyError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: not a readable parquet table: {reason}") from error
    if not len(table):
        raise DataError(f"{path}: the file has no rows")
    names = _names(path, [str(name) for name in table.columns])
    return Records(names, partial(_cells_of, table))


def _cells_of(table: pandas.DataFrame) -> Iterator[Record]:
    for start in range(0, len(table), _TOGETHER):
        part = table.iloc[start : start + _TOGETHER]
        columns = (part.iloc[:, i] for i in range(part.shape[1]))
        plain = (column.astype(object).where(column.notna(), None).tolist() for column in columns)
        for line, cells in enumerate(zip(*plain, strict=True), start + 1):
            yield Record(line, [_plain(cell) for cell in cells])
