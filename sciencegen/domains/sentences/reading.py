"""Sentences from the files people have: what can be read is kept, and what cannot is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import zip_longest
from pathlib import Path

from sciencegen.core.domain import Items
from sciencegen.core.reading import Reading
from sciencegen.data.column import first_cells, items_of_column, texts_of_column
from sciencegen.data.records import Record, Records, opened, table_records
from sciencegen.data.rows import STANDARD_INPUT, bare_suffix, collected, read_bytes
from sciencegen.domains.sentences.language import Language
from sciencegen.errors import DataError, UnknownName

__all__ = ["FORMATS", "SENTENCE", "ReadingOptions", "SentenceRecords", "read_sentences", "sentence_records"]

FORMATS = (".txt", ".csv", ".tsv", ".parquet", ".jsonl")
SENTENCE = "sentence"
"""The column of sentences, where a file has no names for its columns."""
_NAMES = (SENTENCE, "text", "string", "expression", "formula", "program", "sequence", "smiles")


@dataclass(frozen=True)
class ReadingOptions:
    """How files of sentences are read.

    `column`: the column of sentences, found without it. `on_error`: skip rows that hold no sentence, or stop at the
    first file that has some.
    """

    column: str = ""
    on_error: str = "skip"

    def __post_init__(self) -> None:
        if self.on_error not in ("skip", "stop"):
            raise UnknownName("way with errors", self.on_error, ("skip", "stop"))

    @classmethod
    def of(cls, **options: str) -> ReadingOptions:
        """The options as a person types them."""
        known = sorted(one.name for one in fields(cls))
        for name in options:
            if name not in known:
                raise UnknownName("reading option", name, known)
        return cls(**options)


@dataclass(frozen=True)
class SentenceRecords:
    """The rows of a file one at a time, which of their cells holds the sentence, and how many lines were blank."""

    records: Records
    column: str
    blank: int = 0


def sentence_records(path: Path, language: Language, column: str = "") -> SentenceRecords:
    """The rows of a file before they are read as sentences; `-` is standard input."""
    suffix = bare_suffix(path)
    if path != STANDARD_INPUT and path.exists() and suffix not in FORMATS:
        raise DataError(f"{path}: expected a file ending in {', '.join(FORMATS)}, or these with .gz, .xz or .bz2")
    raw = read_bytes(path)
    suffix = _guessed(raw, language) if path == STANDARD_INPUT else suffix
    lines = suffix == ".txt"
    records = _from_lines(raw) if lines else table_records(path, raw, suffix, partial(_titled, language))
    if all(record.fault for record in records):
        broken = collected(records).broken
        if broken:
            raise DataError(f"{path}: none of the {len(broken):,} rows can be read: {broken[0]}")
        named = bool(records.names) and suffix in (".csv", ".tsv")
        raise DataError(f"{path}: the file {'has names of columns and no rows' if named else 'holds no sentences'}")
    if column and column not in records.names:
        raise UnknownName(f"column of {path}", column, list(records.names))
    if column or lines:
        return SentenceRecords(records, column or SENTENCE, _blank(raw) if lines else 0)
    return SentenceRecords(records, _found(path, records, language))


def _guessed(raw: bytes, language: Language) -> str:
    """The format of what came through a pipe: a table where its first line has columns and is no sentence."""
    if raw.startswith(b"PAR1"):
        return ".parquet"
    with opened(raw[:100_000]) as file:
        first = file.read().lstrip().split("\n", 1)[0]
    if language.read([first])[0].item is not None:
        return ".txt"
    if first.startswith("{"):
        return ".jsonl"
    return ".csv" if any(mark in first for mark in ",;\t") or first.strip().lower() in _NAMES else ".txt"


def _from_lines(raw: bytes) -> Records:
    """A sentence on each line; blank lines are none."""
    return Records([SENTENCE], partial(_lines, raw))


def _lines(raw: bytes) -> Iterator[Record]:
    with opened(raw) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield Record(number, [line.rstrip("\n")])


def _blank(raw: bytes) -> int:
    with opened(raw) as file:
        return sum(not line.strip() for line in file)


def _titled(language: Language, first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first line names the columns: one name is known, or none is a sentence above another."""
    if any(cell.lower() in _NAMES for cell in first):
        return True
    columns = list(zip_longest(first, second[: len(first)], fillvalue="") if second else zip(first, first, strict=True))
    return not any(all(one.item is not None for one in language.read(pair)) for pair in columns)


def _found(path: Path, records: Records, language: Language) -> str:
    """The column of sentences: by its name where the first rows agree, else the one whose first rows are sentences."""
    first = first_cells(records)
    named = [name for known in _NAMES for name in records.names if name.lower() == known]
    for name in (*named, *(name for name in first if name not in named)):
        reads = language.read([str(cell) for cell in first[name]])
        if reads and 2 * sum(one.item is not None for one in reads) > len(reads):
            return name
    if named or len(records.names) == 1:
        return (*named, *records.names)[0]  # its rows will be named, one by one
    said = f"the columns are {', '.join(records.names[:20])}" if records.names else "there are no columns"
    raise DataError(f"{path}: no column holds sentences of {language.source.name}: {said}; name it with column")


def read_sentences(
    path: Path, language: Language, options: ReadingOptions | None = None, beside: Sequence[str] = ()
) -> Items[str]:
    """The sentences of a file and the columns beside them, with a report of what was left out.

    Columns named in `beside` have to be there, and to be numbers or text throughout.
    """
    chosen = options or ReadingOptions()
    found = sentence_records(path, language, chosen.column)
    rows = collected(found.records)
    results = language.read(texts_of_column(path, rows, found.column, beside))
    changed = Counter(one.change for one in results if one.change)
    if found.blank:
        changed["blank lines passed over"] = found.blank
    lost = {row: one.reason for row, one in enumerate(results) if one.item is None}
    items = items_of_column(path, rows, found.column, [one.item for one in results], lost, beside, changed=changed)
    assert items.reading is not None
    _refuse(path, items.reading, chosen)
    return items


def _refuse(path: Path, reading: Reading, options: ReadingOptions) -> None:
    """Stop where the user wants no row lost, or where none is left."""
    lost = sum(reading.dropped.values())
    named = "; ".join(map(str, reading.examples))
    if options.on_error == "stop" and lost:
        raise DataError(f"{path}: {lost:,} of {reading.rows:,} rows hold no sentence: {named}")
    if not reading.kept:
        raise DataError(f"{path}: none of the {reading.rows:,} rows holds a sentence: {named}")
