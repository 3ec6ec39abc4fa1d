"""What the commands that take a table and give one have in common: rows in, rows out, other columns untouched."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciencegen.core.domain import Domain, Entry

__all__ = ["Output", "cells_of", "domain_called", "ids_of", "named", "read_entries", "row_of", "say_replaced"]


def domain_called(name: str) -> Domain[Any]:
    """The domain of a name, or of a model's folder: its files are read as those of the model."""
    from sciencegen.recipes import domain_of

    if (Path(name) / "config.json").is_file():
        from sciencegen.model import load

        return load(name, device="cpu").domain
    return domain_of(name)


def read_entries(domain: Domain[Any], data: Path, column: str | None) -> Sequence[Entry[Any]]:
    """The rows of a file or of standard input; none at all is an error."""
    from sciencegen.errors import DataError

    entries = domain.entries(data, column or "")
    if not entries:
        raise DataError(f"{data}: holds no rows")
    return entries


def row_of(domain: Domain[Any], entry: Entry[Any]) -> dict[str, Any]:
    """A row as it came: the item, and the cells beside it."""
    return {domain.column: entry.text, **cells_of(domain, entry, entry.item)}


def cells_of(domain: Domain[Any], entry: Entry[Any], item: Any) -> dict[str, Any]:
    """The cells beside an item. A column that is called like ours and holds other items gets another name; its cells
    are empty where they say the same item."""
    held = domain.column
    if held not in entry.cells:
        return dict(entry.cells)
    free = f"{held}_beside"
    while free in entry.cells:
        free += "_"
    cell = entry.cells[held]
    other = None if cell is None else domain.parse(str(cell))
    same = item is not None and other is not None and domain.text(other) == domain.text(item)
    return {**{name: value for name, value in entry.cells.items() if name != held}, free: None if same else cell}


def ids_of(data: Path, entries: Sequence[Entry[Any]]) -> list[str]:
    """The ids in the column `id`, every one different, or row-1 and so on where there is no such column."""
    from sciencegen.errors import DataError

    if not any("id" in entry.cells for entry in entries):
        return [f"row-{entry.row}" for entry in entries]
    rows: dict[str, int] = {}
    for entry in entries:
        cell = entry.cells.get("id")
        whole = isinstance(cell, float) and cell.is_integer()
        name = "" if cell is None else str(int(cell) if whole else cell).strip()
        if not name:
            raise DataError(f"{data}: row {entry.row} has no id: give it one, or rename the column id")
        if name in rows:
            raise DataError(f"{data}: rows {rows[name]} and {entry.row} have the id {name}: give each its own")
        rows[name] = entry.row
    return list(rows)


def named(data: Path) -> Path:
    """What a person knows the rows by."""
    return Path("standard input") if str(data) == "-" else data


def say_replaced(data: Path, entries: Sequence[Entry[Any]], added: Sequence[str]) -> None:
    """Say which columns of the rows are written anew."""
    found = [name for name in added if name in entries[0].cells]
    if found:
        print(f"note: {', '.join(found)} of {data}: written anew", file=sys.stderr)


class Output:
    """Where rows go: a file or standard output, in a table or in a format of the domain."""

    def __init__(self, domain: Domain[Any], out: Path | None, format_: str | None, data: Path) -> None:
        from sciencegen.core.files import check_writable
        from sciencegen.errors import RequestError
        from sciencegen.screen.write import table_format

        self.domain = domain
        self.path = None if out is None or str(out) == "-" else out
        self.format = table_format(self.path, format_, [*domain.formats, *domain.bundles])
        if self.path is None and self.format in domain.bundles:
            raise RequestError(f"{self.format} cannot be written to standard output: name a file")
        if self.path is not None:
            if self.path.exists() and data.exists() and self.path.samefile(data):
                raise RequestError(f"-o {self.path}: the items are read from there; choose another name")
            check_writable(self.path)

    def write(self, rows: Iterable[tuple[Any, Mapping[str, Any]]], columns: Sequence[str] = ()) -> int:
        """Write items with their rows as they come, and say how many there were; `columns` are those of a table that
        has no rows."""
        from sciencegen.screen.write import write_items, write_table

        own, bundle = self.domain.formats.get(self.format), self.domain.bundles.get(self.format)
        if bundle is not None and self.path is not None:
            whole = [(item, {**row, **self.domain.row(item)}) for item, row in rows]
            bundle(whole, self.path)
            return len(whole)
        if own is None:
            return write_table((row for _, row in rows), self.path, self.format, columns)
        return write_items(rows, self.path, own)
