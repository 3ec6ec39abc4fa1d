"""Reading, naming, comparing, drawing and writing sequences."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from sciencegen.core.domain import Domain, Entry, Filter, Items, Likeness, Property, Standard, WriteRows
from sciencegen.core.files import atomic
from sciencegen.data.column import column_entries
from sciencegen.domains.sequences.cleaning import Cleaning, Dropped, cleaned
from sciencegen.domains.sequences.codons import usage
from sciencegen.domains.sequences.draw import MOST, draw_rows, svg
from sciencegen.domains.sequences.kinds import Kind, KindName, kind_called
from sciencegen.domains.sequences.motifs import contains, unlike, without
from sciencegen.domains.sequences.properties import measured, properties_of
from sciencegen.domains.sequences.reading import ReadingOptions, read_sequences, sequence_records
from sciencegen.domains.sequences.sources import SEQUENCE
from sciencegen.domains.sequences.written import fasta, genbank
from sciencegen.errors import DataError, RequestError

__all__ = ["Sequences"]

_USUAL = {
    "cds": ("length", "gc", "cai", "coding"),
    "dna": ("length", "gc", "tm"),
    "promoter": ("length", "gc", "tm"),
    "rna": ("length", "gc", "tm"),
    "peptide": ("length", "charge", "hydrophobicity", "moment"),
    "protein": ("length", "mw", "pi", "hydrophobicity", "instability"),
}
_NOTHING_LOST = Cleaning(ambiguous="keep", longest=0)
_CEILING = 0.8


@dataclass(frozen=True, eq=False)
class Sequences(Domain[str]):
    """DNA, RNA, proteins or peptides, as strings of upper-case letters; each domain is of one kind.

    Files: FASTA (.fasta, .fa, .fna, .faa, ...); .csv, .tsv, .parquet and .jsonl with a column of sequences; .txt with
    one on each line; GenBank (.gb, .gbk), with Biopython; packed or not.
    """

    kind: KindName = "dna"
    organism: str = "e_coli"
    """Whose use of codons coding sequences are measured by."""
    options: ReadingOptions = field(default_factory=ReadingOptions, repr=False)
    name: str = field(init=False)
    properties: Mapping[str, Property[str]] = field(init=False, repr=False)
    usual: tuple[str, ...] | None = field(init=False, repr=False)
    filters: Mapping[str, Filter[str]] = field(init=False, repr=False)
    formats: Mapping[str, WriteRows[str]] = field(init=False, repr=False)

    distinct = True
    column = SEQUENCE
    key = "refget"
    pictures = (".png", ".svg")
    most_pictured = MOST

    def __post_init__(self) -> None:
        kind = kind_called(self.kind)
        usage(self.organism)  # refuse an unknown one now
        records = partial(genbank, molecule_type=kind.title)
        found: dict[str, Any] = {
            "name": f"sequences/{kind.name}",
            "properties": properties_of(kind, self.organism),
            "usual": _USUAL[kind.name],
            "filters": _filters(kind),
            "formats": {**dict.fromkeys(("fasta", "fa", "fna", "faa"), fasta), "gb": records, "gbk": records},
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def alphabet(self) -> Kind:
        """The letters of this kind."""
        return kind_called(self.kind)

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[str]:
        return read_sequences(path, self.alphabet, self.options, beside)

    def reading(self, **options: str) -> Self:
        asked = options.pop("kind", self.kind)
        if asked != self.kind:
            kind_called(asked)
            said = f"kind={asked}: these are sequences of kind {self.kind}"
            raise RequestError(f"{said}; train with --set kind={asked}, elsewhere say --domain sequences/{asked}")
        return replace(self, options=ReadingOptions.of(**options))

    def entries(self, path: Path, column: str = "") -> Sequence[Entry[str]]:
        return [entry if entry.complaint else self._read(entry, _NOTHING_LOST) for entry in self.rows(path, column)]

    def rows(self, path: Path, column: str = "") -> Iterator[Entry[str]]:
        found = sequence_records(path, self.alphabet, column or self.options.sequence_column)
        return column_entries(found.records, found.column)

    def entry(self, row: int, text: str) -> Entry[str]:
        return self._read(Entry(row, text), self.options.cleaning)

    def _read(self, entry: Entry[str], cleaning: Cleaning) -> Entry[str]:
        found = cleaned(entry.text, self.alphabet, cleaning)
        if isinstance(found, Dropped):
            return replace(entry, complaint=str(found))
        return replace(entry, item=found.item)

    def write(self, items: Iterable[str], path: Path) -> None:
        kind = path.suffix.lower()[1:]
        if kind not in (*self.formats, "csv"):
            raise DataError(f"{path}: expected a file ending in .csv, .fasta, .fa, .fna, .faa, .gb or .gbk")
        with atomic(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            if kind == "csv":
                file.writelines((f"{SEQUENCE}\n", *(f"{item}\n" for item in items)))
            else:
                self.formats[kind](((item, {}) for item in items), file)

    def parse(self, text: str) -> str | None:
        found = cleaned(text, self.alphabet, _NOTHING_LOST)
        return None if isinstance(found, Dropped) else found.item

    def text(self, item: str) -> str:
        return item

    def row(self, item: str) -> Mapping[str, float | str]:
        return {SEQUENCE: item}

    def measure(self, items: Sequence[str], names: Sequence[str]) -> Mapping[str, Sequence[float | str | None]]:
        return measured(items, self.alphabet, names, self.organism)

    def compare(self, ours: Sequence[str], theirs: Sequence[str]) -> dict[str, float]:
        from sciencegen.domains.sequences.metrics import compare  # it needs torch

        return compare(ours, theirs, self.alphabet)

    def draw(self, items: Sequence[str], path: Path) -> None:
        draw_rows(items, path, self.alphabet.nucleic)

    def captioned(self, items: Sequence[str], captions: Sequence[str], path: Path) -> None:
        draw_rows(items, path, self.alphabet.nucleic, captions)

    def standard(self, item: str) -> Standard[str]:
        """The sequence and its refget identifier (GA4GH): the first 24 bytes of SHA-512, in letters for addresses."""
        digest = hashlib.sha512(item.encode("ascii")).digest()[:24]
        return Standard(item, f"SQ.{base64.urlsafe_b64encode(digest).decode('ascii')}")

    def likeness(self, items: Sequence[str]) -> Likeness:
        from sciencegen.domains.sequences.identity import SequenceLikeness

        return SequenceLikeness(items, self.alphabet)

    def svg(self, item: str) -> str:
        return svg(item, self.alphabet.nucleic)


def _filters(kind: Kind) -> dict[str, Filter[str]]:
    return {
        "contains": Filter(partial(contains, kind), "only sequences with this motif, letters of IUPAC"),
        "without": Filter(partial(without, kind), "only sequences without this motif, letters of IUPAC"),
        "unlike": Filter(
            partial(unlike, kind), "only sequences unlike all of a file's, by their identity", {"ceiling": _CEILING}
        ),
    }
