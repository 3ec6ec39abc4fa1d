"""Tables as people have them, as columns: some rows broken, each with its line number; packed or not, or piped."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sciencegen.core.reading import Example
from sciencegen.data.records import Cell, Records, Titled, table_records
from sciencegen.errors import DataError

__all__ = [
    *("STANDARD_INPUT", "Rows", "bare_suffix"),
    *("collected", "from_table", "numbers_or_text", "read_bytes"),
]

STANDARD_INPUT = Path("-")
_OPEN: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".bz2": bz2.decompress,
}
_MAGIC = {b"\x1f\x8b": ".gz", b"\xfd7zXZ\x00": ".xz", b"BZh": ".bz2"}
_ABSENT = {"", "na", "n/a", "nan", "null", "none"}


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


def from_table(path: Path, raw: bytes, kind: str, titled: Titled) -> Rows:
    """The rows of a .csv, .tsv, .jsonl or .parquet file."""
    return collected(table_records(path, raw, kind, titled))


def collected(records: Records) -> Rows:
    """All rows as columns."""
    columns: list[list[Cell]] = [[] for _ in records.names]
    rows = Rows(dict(zip(records.names, columns, strict=True)), [])
    for number, record in enumerate(records, 1):
        if record.fault:
            rows.broken.append(Example(number, record.line, record.text, record.fault))
            continue
        rows.lines.append(record.line)
        for column, cell in zip(columns, record.cells, strict=True):
            column.append(cell)
    return rows


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
