"""What the commands that take a table and give one have in common: rows in, rows out, other columns untouched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciencegen.core.domain import Domain, Entry

__all__ = ["Output", "cells_of", "domain_called", "read_entries", "row_of"]


def domain_called(name: str) -> Domain[Any]:
    """The domain of a name."""
    from sciencegen.recipes import domain_of

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


class Output:
    """Where rows go: a file or standard output, in a table or in a format of the domain."""

    def __init__(self, domain: Domain[Any], out: Path | None, format_: str | None, data: Path) -> None:
        from sciencegen.core.files import check_writable
        from sciencegen.errors import RequestError
        from sciencegen.screen.write import table_format

        self.domain = domain
        self.path = None if out is None or str(out) == "-" else out
        self.format = table_format(self.path, format_, domain.formats)
        if self.path is not None:
            if self.path.exists() and data.exists() and self.path.samefile(data):
                raise RequestError(f"-o {self.path}: the items are read from there; choose another name")
            check_writable(self.path)

    def write(self, rows: Iterable[tuple[Any, Mapping[str, Any]]], columns: Sequence[str] = ()) -> int:
        """Write items with their rows as they come, and say how many there were; `columns` are those of a table that
        has no rows."""
        from sciencegen.screen.write import write_items, write_table

        own = self.domain.formats.get(self.format)
        if own is None:
            return write_table((row for _, row in rows), self.path, self.format, columns)
        return write_items(rows, self.path, own)
