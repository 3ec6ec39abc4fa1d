"""Reading, naming, comparing, drawing and writing expressions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from sciencegen.core.domain import Domain, Entry, Items, Likeness, Property, Standard
from sciencegen.core.files import atomic
from sciencegen.data.column import column_entries
from sciencegen.domains.expressions.draw import MOST, draw_curves, svg
from sciencegen.domains.expressions.properties import measured, properties_of
from sciencegen.domains.expressions.reading import EXPRESSION, entry_of, expression_records, read_expressions
from sciencegen.domains.expressions.target import Target
from sciencegen.domains.expressions.tree import parsed, written
from sciencegen.errors import DataError, UnknownName

__all__ = ["Expressions"]

_DIGITS = 9
"""Equal functions may differ beyond these, by the order in which they are added up."""


@dataclass(frozen=True, eq=False)
class Expressions(Domain[str]):
    """Functions of x as text without blanks: + - * / ^, numbers, and functions such as sin and exp.

    `target` is what `error` is measured against. Files: .csv, .tsv, .parquet and .jsonl with a column of expressions;
    .txt with one on each line.
    """

    target: Target = field(default_factory=Target)
    reading_column: str = field(default="", repr=False)
    on_error: str = field(default="skip", repr=False)
    properties: Mapping[str, Property[str]] = field(init=False, repr=False)

    name = "expressions"
    distinct = True
    usual = ("length", "depth", "error")
    column = EXPRESSION
    pictures = (".png", ".svg")
    most_pictured = MOST

    def __post_init__(self) -> None:
        if self.on_error not in ("skip", "stop"):
            raise UnknownName("way with errors", self.on_error, ("skip", "stop"))
        object.__setattr__(self, "properties", properties_of(self.target))

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[str]:
        return read_expressions(path, self.reading_column, self.on_error, beside)

    def reading(self, **options: str) -> Self:
        known = {"expression_column": "reading_column", "on_error": "on_error"}
        for name in options:
            if name not in known:
                raise UnknownName("reading option", name, sorted(known))
        changes: dict[str, Any] = {known[name]: value for name, value in options.items()}
        return replace(self, **changes)

    def entries(self, path: Path, column: str = "") -> Sequence[Entry[str]]:
        return [entry if entry.complaint else self._read(entry) for entry in self.rows(path, column)]

    def rows(self, path: Path, column: str = "") -> Iterator[Entry[str]]:
        found = expression_records(path, column or self.reading_column)
        return column_entries(found.records, found.column)

    def entry(self, row: int, text: str) -> Entry[str]:
        return entry_of(row, text)

    def _read(self, entry: Entry[str]) -> Entry[str]:
        return replace(entry_of(entry.row, entry.text), cells=entry.cells)

    def write(self, items: Iterable[str], path: Path) -> None:
        kind = path.suffix.lower()
        if kind not in (".csv", ".txt"):
            raise DataError(f"{path}: expected a file ending in .csv or .txt")
        with atomic(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            if kind == ".csv":
                file.write(f"{EXPRESSION}\n")
            file.writelines(f"{item}\n" for item in items)

    def parse(self, text: str) -> str | None:
        return entry_of(1, text).item

    def text(self, item: str) -> str:
        return item

    def row(self, item: str) -> Mapping[str, float | str]:
        return {EXPRESSION: item}

    def measure(self, items: Sequence[str], names: Sequence[str]) -> Mapping[str, Sequence[float | str | None]]:
        return measured(items, names, self.target)

    def compare(self, ours: Sequence[str], theirs: Sequence[str]) -> dict[str, float]:
        from sciencegen.domains.expressions.metrics import compare  # it needs torch

        return compare(ours, theirs, self.target)

    def draw(self, items: Sequence[str], path: Path) -> None:
        draw_curves(items, path, self.target)

    def captioned(self, items: Sequence[str], captions: Sequence[str], path: Path) -> None:
        draw_curves(items, path, self.target, captions)

    def standard(self, item: str) -> Standard[str]:
        """The expression without needless brackets, and a key of its values where the target is compared: the same
        for functions that are equal there, however they are written."""
        values = self.target.values(item)
        plain = [f"{value:.{_DIGITS - 1}e}" for value in (values.round(_DIGITS) + 0.0).tolist()]  # -0 + 0 is 0
        digest = hashlib.sha256("\n".join(plain).encode()).hexdigest()
        return Standard(written(parsed(item)), digest[:32])

    def likeness(self, items: Sequence[str]) -> Likeness:
        from sciencegen.domains.expressions.metrics import ValueLikeness

        return ValueLikeness(items, self.target)

    def svg(self, item: str) -> str:
        return svg(item, self.target)
