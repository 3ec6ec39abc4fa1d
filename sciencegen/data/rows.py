"""Rows of text files as people have them: some broken, each with its line number; CSV, TSV, JSON lines and Parquet."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from sciencegen.core.reading import Example
from sciencegen.errors import DataError

__all__ = [
    *("STANDARD_INPUT", "Cell", "Rows", "Titled"),
    *("bare_suffix", "decoded", "from_table", "numbers_or_text", "read_bytes"),
]

STANDARD_INPUT = Path("-")
Cell: TypeAlias = "float | str | None"
_OPEN: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".bz2": bz2.decompress,
}
_MAGIC = {b"\x1f\x8b": ".gz", b"\xfd7zXZ\x00": ".xz", b"BZh": ".bz2"}
_ABSENT = {"", "na", "n/a", "nan", "null", "none"}
_LONGEST_CELL = 2**31 - 1


@dataclass
class Rows:
    """Columns of cells by name, the line every row begins in, and the rows that could not be taken apart."""

    columns: dict[str, list[Cell]]
    lines: list[int]
    broken: list[Example] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    def number(self, index: int) -> int:
        """The number of a row as a person counts it, with the broken ones."""
        return index + 1 + bisect_left(self._broken_lines, self.lines[index])

    @cached_property
    def _broken_lines(self) -> list[int]:
        return sorted(one.line for one in self.broken)


def bare_suffix(path: Path) -> str:
    """The suffix that says what a file holds: `.csv` of `a.csv.gz`."""
    packed = path.suffix.lower() in _OPEN
    return (path.with_suffix("") if packed else path).suffix.lower()


def read_bytes(path: Path) -> bytes:
    """What a file holds, or standard input for `-`, decompressed."""
    if path == STANDARD_INPUT:
        raw = sys.stdin.buffer.read()
        kind = next((suffix for magic, suffix in _MAGIC.items() if raw.startswith(magic)), "")
    else:
        if not path.exists():
            raise DataError(f"{path}: there is no such file")
        if path.is_dir():
            raise DataError(f"{path}: expected a file, this is a folder")
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
        kind = path.suffix.lower()
    try:
        return _OPEN[kind](raw) if kind in _OPEN else raw
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{path}: not a whole {kind} file: {str(error) or type(error).__name__}") from error


def decoded(raw: bytes) -> str:
    """Text of UTF-8 or, where the first bytes say so, UTF-16; what is neither is marked, so that its row is named."""
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return raw.decode("utf-16" if wide else "utf-8-sig", errors="replace")


Titled = Callable[[Sequence[str], Sequence[str]], bool]
"""Whether the first record of a file names its columns, told from the first two."""


def from_table(path: Path, raw: bytes, kind: str, titled: Titled) -> Rows:
    """The rows of a .csv, .tsv, .jsonl or .parquet file."""
    if kind == ".parquet":
        return _from_parquet(path, raw)
    return _from_json(decoded(raw)) if kind == ".jsonl" else _from_csv(path, decoded(raw), kind, titled)


def _from_csv(path: Path, text: str, kind: str, titled: Titled) -> Rows:
    separator = "\t" if kind == ".tsv" else _separator(text)
    with _cells_of_any_length():
        records = list(_records(csv.reader(io.StringIO(text, newline=""), delimiter=separator)))
    if not records:
        return Rows({}, [])
    first, second = ([cell.strip() for cell in record] for _, record in (*records[:2], (0, []))[:2])
    if titled(first, second):
        names, records = _names(path, first), records[1:]
    else:
        names = [f"column{i}" for i in range(1, len(first) + 1)]
    rows: list[list[str]] = []
    starts: list[int] = []
    broken: list[Example] = []
    for line, record in records:
        if len(record) > len(names):
            said = f"{len(record)} cells for {len(names)} columns"
            broken.append(Example(len(rows) + len(broken) + 1, line, separator.join(record), said))
        else:
            rows.append(record if len(record) == len(names) else record + [""] * (len(names) - len(record)))
            starts.append(line)
    if starts and text.count('"') % 2 and "\n" in "".join(rows[-1]).rstrip("\n"):
        raise DataError(f"{path}: a quotation mark in line {starts[-1]} is never closed")
    cells = zip(*rows, strict=True) if rows else ([] for _ in names)
    return Rows({name: list(column) for name, column in zip(names, cells, strict=True)}, starts, broken)


def _records(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The records that are neither blank nor a remark, with the line each begins in."""
    line, begun = 1, False
    for record in reader:
        if any(record) and (begun or not record[0].startswith("#")):  # remarks come before the names
            begun = True
            yield line, record
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _separator(text: str) -> str:
    """What stands between the names: a comma, or what some programs write in its place."""
    head = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return max(",;\t", key=head.count)


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _names(path: Path, record: Sequence[str]) -> list[str]:
    names = [name.strip() or f"column{i}" for i, name in enumerate(record, 1)]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path}: there are several columns {name!r}: rename them")
    return names


def _from_json(text: str) -> Rows:
    rows = Rows({}, [])
    for line, said in enumerate(text.split("\n"), 1):
        if not said.strip():
            continue
        try:
            found = json.loads(said)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            rows.broken.append(Example(len(rows) + len(rows.broken) + 1, line, said.strip(), "not a JSON object"))
            continue
        for name, value in found.items():
            column = rows.columns.setdefault(name.strip(), [])
            column += [None] * (len(rows) - len(column))
            column.append(_plain(value))
        rows.lines.append(line)
    for column in rows.columns.values():
        column += [None] * (len(rows) - len(column))
    return rows


def _plain(value: object) -> Cell:
    if value is None or isinstance(value, str):
        return value
    try:
        return float(value) if isinstance(value, (int, float)) else json.dumps(value, default=str)
    except OverflowError:
        return str(value)


def _from_parquet(path: Path, raw: bytes) -> Rows:
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
    cells = (table.iloc[:, i] for i in range(len(names)))
    columns = {
        name: [_plain(value) for value in column.astype(object).where(column.notna(), None).tolist()]
        for name, column in zip(names, cells, strict=True)
    }
    return Rows(columns, list(range(1, len(table) + 1)))


def numbers_or_text(path: Path, name: str, cells: Sequence[Cell], whole: bool = False) -> list[Cell]:
    """A column as numbers where all that is said is a number, as text otherwise; None for empty cells.

    `whole` refuses columns that are mostly numbers: as text, they would be categories nobody meant.
    """
    numbers: list[Cell] = []
    odd: list[int] = []
    for i, cell in enumerate(cells):
        number, fine = _number(cell)
        numbers.append(number)
        if not fine:
            odd.append(i)
    if not odd:
        return numbers
    known = sum(number is not None for number in numbers)
    if whole and known > len(odd):
        said = f"has numbers in {known:,} rows, but {str(cells[odd[0]])[:40]!r} in row {odd[0] + 1}"
        raise DataError(f"{path}: column {name} {said}{f' and {len(odd) - 1:,} more' if odd[1:] else ''}; mend it")
    return [str(cell).strip() or None if cell is not None else None for cell in cells]


def _number(cell: Cell) -> tuple[float | None, bool]:
    """The number of a cell, and whether the cell is a number or empty."""
    if not isinstance(cell, str):
        return (None if cell is None or cell != cell else cell), True
    try:
        number = float(cell)
    except ValueError:
        return None, cell.strip().lower() in _ABSENT
    return (None if number != number else number), True
