"""Reading, naming, comparing, drawing and writing sentences of any language."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TextIO

from sciencegen.core.domain import Domain, Entry, Filter, Items, Likeness, Property, Standard, WriteRows
from sciencegen.core.files import atomic
from sciencegen.data.column import column_entries
from sciencegen.domains.sentences.draw import MOST, draw_rows, svg
from sciencegen.domains.sentences.language import Language
from sciencegen.domains.sentences.properties import measured, properties_of
from sciencegen.domains.sentences.reading import (
    SENTENCE,
    ReadingOptions,
    read_sentences,
    sentence_records,
)
from sciencegen.errors import DataError

__all__ = ["Sentences"]


def _lines(rows: Iterable[tuple[str, Mapping[str, Any]]], file: TextIO) -> int:
    """A sentence on each line."""
    count = 0
    for count, (item, _) in enumerate(rows, 1):
        if "\n" in item or "\r" in item:
            raise DataError(f"sentence {count} has several lines, {item[:60]!r}: write .csv or .jsonl")
        file.write(f"{item}\n")
    return count


def _contains(text: str) -> Callable[[str], bool]:
    return lambda item: text in item


def _without(text: str) -> Callable[[str], bool]:
    return lambda item: text not in item


_FILTERS: dict[str, Filter[str]] = {
    "contains": Filter(_contains, "only sentences in which this text occurs"),
    "without": Filter(_without, "only sentences in which this text does not occur"),
}


@dataclass(frozen=True, eq=False)
class Sentences(Domain[str]):
    """Sentences of a language, as strings.

    Files: .txt with a sentence on each line, where blank lines are passed over; .csv, .tsv, .parquet and .jsonl with a
    column of sentences; packed or not.
    """

    language: Language
    options: ReadingOptions = field(default_factory=ReadingOptions, repr=False)
    properties: Mapping[str, Property[str]] = field(init=False, repr=False)

    name = "sentences"
    distinct = True
    filters: Mapping[str, Filter[str]] = field(init=False, repr=False)
    formats: Mapping[str, WriteRows[str]] = field(init=False, repr=False)
    column = SENTENCE
    pictures = (".png", ".svg")
    most_pictured = MOST

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", properties_of(self.language))
        object.__setattr__(self, "filters", _FILTERS)
        object.__setattr__(self, "formats", {"txt": _lines})

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[str]:
        return read_sentences(path, self.language, self.options, beside)

    def reading(self, **options: str) -> Self:
        return replace(self, options=ReadingOptions.of(**options))

    def recalled(self, state: Mapping[str, Any]) -> Self:
        return replace(self, language=self.language.recalled(state))

    def entries(self, path: Path, column: str = "") -> Sequence[Entry[str]]:
        rows = list(self.rows(path, column))
        whole = [i for i, entry in enumerate(rows) if not entry.complaint]
        for i, one in zip(whole, self.language.read([rows[i].text for i in whole]), strict=True):
            rows[i] = replace(rows[i], item=one.item, complaint=one.reason)
        return rows

    def rows(self, path: Path, column: str = "") -> Iterator[Entry[str]]:
        found = sentence_records(path, self.language, column or self.options.column)
        return column_entries(found.records, found.column)

    def entry(self, row: int, text: str) -> Entry[str]:
        (found,) = self.language.read([text])
        return Entry(row, text, found.item, found.reason)

    def write(self, items: Iterable[str], path: Path) -> None:
        kind = path.suffix.lower()
        if kind not in (".txt", ".csv"):
            raise DataError(f"{path}: expected a file ending in .txt or .csv")
        with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            if kind == ".txt":
                _lines(((item, {}) for item in items), file)
            else:
                csv.writer(file, lineterminator="\n").writerows(([SENTENCE], *([item] for item in items)))

    def parse(self, text: str) -> str | None:
        return self.language.read([text])[0].item

    def text(self, item: str) -> str:
        return item

    def row(self, item: str) -> Mapping[str, float | str]:
        return {SENTENCE: item}

    def measure(self, items: Sequence[str], names: Sequence[str]) -> Mapping[str, Sequence[float | str | None]]:
        return measured(items, self.language, names)

    def compare(self, ours: Sequence[str], theirs: Sequence[str]) -> dict[str, float]:
        from sciencegen.domains.sentences.metrics import compare

        return compare(ours, theirs, self.language)

    def draw(self, items: Sequence[str], path: Path) -> None:
        draw_rows(items, path)

    def captioned(self, items: Sequence[str], captions: Sequence[str], path: Path) -> None:
        draw_rows(items, path, captions)

    def standard(self, item: str) -> Standard[str]:
        return Standard(item, hashlib.sha256(item.encode("utf-8", "surrogatepass")).hexdigest()[:32])

    def likeness(self, items: Sequence[str]) -> Likeness:
        from sciencegen.domains.sentences.likeness import SentenceLikeness

        return SentenceLikeness(items)

    def svg(self, item: str) -> str:
        return svg(item)
