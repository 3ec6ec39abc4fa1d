"""Sequences from the files people have: what can be read is kept, and what cannot is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import zip_longest
from pathlib import Path

from sciencegen.core.domain import Items
from sciencegen.core.reading import Reading
from sciencegen.data.column import first_cells, items_of_column, texts_of_column
from sciencegen.data.records import Cell, Records, opened, table_records
from sciencegen.data.rows import STANDARD_INPUT, Rows, bare_suffix, collected, read_bytes
from sciencegen.domains.sequences.cleaning import Cleaned, Cleaning, Dropped, cleaned, other_kinds
from sciencegen.domains.sequences.kinds import Kind
from sciencegen.domains.sequences.sources import SEQUENCE, from_fasta, from_genbank, from_lines
from sciencegen.errors import DataError, RequestError, UnknownName

__all__ = ["FORMATS", "ReadingOptions", "SequenceRecords", "read_sequences", "sequence_records"]

_FASTA = (".fasta", ".fa", ".fna", ".faa", ".ffn", ".frn", ".fas")
_GENBANK = (".gb", ".gbk", ".genbank")
FORMATS = (".csv", ".tsv", ".parquet", ".jsonl", ".txt", *_FASTA, *_GENBANK)
_NAMES = (
    *("sequence", "seq", "sequences", "aa_sequence", "amino_acid_sequence", "nt_sequence", "dna_sequence"),
    *("protein_sequence", "peptide_sequence", "rna_sequence", "promoter_sequence", "cds", "orf", "promoter"),
    *("peptide", "protein", "dna", "rna", "oligo", "primer", "insert"),
)
"""What people call the column of sequences, the surest first; any other name with `seq` in it comes last."""
_TRIED, _TRIED_LENGTH, _SHORT = 30, 5000, 4


@dataclass(frozen=True)
class ReadingOptions:
    """How files of sequences are read.

    `sequence_column`: the column of sequences, found without it. `on_error`: skip rows that hold no sequence, or stop
    at the first file that has some. `duplicates`: keep rows whose sequence an earlier row has, or drop them.
    """

    sequence_column: str = ""
    on_error: str = "skip"
    duplicates: str = "keep"
    cleaning: Cleaning = field(default_factory=Cleaning)

    def __post_init__(self) -> None:
        if self.on_error not in ("skip", "stop"):
            raise UnknownName("way with errors", self.on_error, ("skip", "stop"))
        if self.duplicates not in ("keep", "drop"):
            raise UnknownName("way with duplicates", self.duplicates, ("keep", "drop"))

    @classmethod
    def of(cls, **options: str) -> ReadingOptions:
        """The options as a person types them, those of cleaning among them.

        >>> ReadingOptions.of(ambiguous="keep", longest="50").cleaning.longest
        50
        """
        own = {one.name for one in fields(cls)} - {"cleaning"}
        known = {one.name for one in fields(Cleaning)}
        for name in options:
            if name not in own | known:
                raise UnknownName("reading option", name, sorted(own | known))
        cleaning: dict[str, object] = {name: value for name, value in options.items() if name in known}
        if "longest" in cleaning:
            if not options["longest"].isdecimal():
                raise RequestError(f"longest={options['longest']}: expected a whole number of letters, 0 for no limit")
            cleaning["longest"] = int(options["longest"])
        chosen = {name: value for name, value in options.items() if name in own}
        return cls(cleaning=Cleaning(**cleaning), **chosen)  # type: ignore[arg-type]


@dataclass(frozen=True)
class SequenceRecords:
    """The rows of a file one at a time, and which of their cells holds the sequence."""

    records: Records
    column: str


def sequence_records(path: Path, kind: Kind, column: str = "") -> SequenceRecords:
    """The rows of a file before they are read as sequences; `-` is standard input."""
    suffix = bare_suffix(path)
    if path != STANDARD_INPUT and path.exists() and suffix not in FORMATS:
        raise DataError(f"{path}: expected a file ending in {', '.join(FORMATS)}, or these with .gz, .xz or .bz2")
    raw = read_bytes(path)
    suffix = _guessed(raw) if path == STANDARD_INPUT else suffix
    records = _taken_apart(path, raw, suffix, kind)
    if column:
        if column not in records.names:
            raise UnknownName(f"column of {path}", column, list(records.names))
        return SequenceRecords(records, column)
    table = suffix in (".csv", ".tsv", ".parquet", ".jsonl")
    return SequenceRecords(records, _found(path, records, kind) if table else SEQUENCE)


def _guessed(raw: bytes) -> str:
    """The format of what came through a pipe."""
    if raw.startswith(b"PAR1"):
        return ".parquet"
    with opened(raw[:100_000]) as file:
        first = file.read().lstrip().split("\n", 1)[0]
    if first.startswith((">", ";")):
        return ".fasta"
    if first.startswith("LOCUS"):
        return ".gb"
    if first.startswith("{"):
        return ".jsonl"
    return ".csv" if any(mark in first for mark in ",;\t") else ".txt"


def _taken_apart(path: Path, raw: bytes, suffix: str, kind: Kind) -> Records:
    if suffix in _FASTA:
        records = from_fasta(raw)
    elif suffix in _GENBANK:
        records = from_genbank(path, raw, kind)
    elif suffix == ".txt":
        with opened(raw) as file:
            records = from_lines(raw, titled=_known(file.readline()))
    else:
        records = table_records(path, raw, suffix, partial(_titled, kind))
    if all(record.fault for record in records):
        broken = collected(records).broken
        if broken:
            raise DataError(f"{path}: none of the {len(broken):,} rows can be read: {broken[0]}")
        named = bool(records.names) and suffix in (".csv", ".tsv")
        raise DataError(f"{path}: the file {'has names of columns and no rows' if named else 'holds no sequences'}")
    return records


def _titled(kind: Kind, first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first line names the columns: one name is known, or stands above what looks otherwise, or none is a
    sequence above another."""
    if any(map(_known, first)):
        return True
    columns = list(zip_longest(first, second[: len(first)], fillvalue="") if second else zip(first, first, strict=True))
    if any(_unlike(above, below) for above, below in columns):
        return True
    return not any(_are_sequences([above], kind) and _are_sequences([below], kind) for above, below in columns)


def _unlike(above: str, below: str) -> bool:
    """Whether a name stands above a number, or small letters above capitals."""
    return (above[:1].isalpha() and below[:1].isdigit()) or (above.islower() and below.isupper())


def read_sequences(
    path: Path, kind: Kind, options: ReadingOptions | None = None, beside: Sequence[str] = ()
) -> Items[str]:
    """The sequences of a file and the columns beside them, with a report of what was left out.

    Columns named in `beside` have to be there, and to be numbers or text throughout.
    """
    chosen = options or ReadingOptions()
    found = sequence_records(path, kind, chosen.sequence_column)
    rows = collected(found.records)
    texts = texts_of_column(path, rows, found.column, beside)
    results = [cleaned(text, kind, chosen.cleaning) for text in texts]
    if chosen.duplicates == "drop":
        results = _once(results)
    kept = [one.item if isinstance(one, Cleaned) else None for one in results]
    lost = {row: str(one) for row, one in enumerate(results) if isinstance(one, Dropped)}
    items = items_of_column(path, rows, found.column, kept, lost, beside, changed=_changed(found.column, rows, results))
    assert items.reading is not None
    _refuse(path, items.reading, kind, texts, results, chosen)
    return items


def _once(results: Sequence[Cleaned | Dropped]) -> list[Cleaned | Dropped]:
    """The same with every sequence only where it comes first."""
    seen: set[str] = set()
    found: list[Cleaned | Dropped] = []
    for one in results:
        again = isinstance(one, Cleaned) and one.item in seen
        found.append(Dropped("in an earlier row already", wanted=True) if again else one)
        if isinstance(one, Cleaned):
            seen.add(one.item)
    return found


def _found(path: Path, records: Records, kind: Kind) -> str:
    """The column of sequences: by its name where the first rows agree, else the one whose first rows are sequences."""
    first = first_cells(records)
    named = sorted((name for name in records.names if _known(name)), key=_rank)
    for name in (*named, *(name for name in first if name not in named)):
        if _are_sequences(first[name], kind):
            return name
    if named:
        return named[0]  # its rows will be named, one by one
    said = f"the columns are {', '.join(records.names[:20])}" if records.names else "there are no columns"
    raise DataError(f"{path}: no column holds {kind.title} sequences: {said}; name it with sequence_column")


def _known(name: str) -> bool:
    return _plain(name) in _NAMES or "seq" in _plain(name).split("_")


def _rank(name: str) -> int:
    plain = _plain(name)
    return _NAMES.index(plain) if plain in _NAMES else len(_NAMES)


def _plain(name: str) -> str:
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split())


def _are_sequences(cells: Sequence[Cell], kind: Kind) -> bool:
    """Whether most of the first cells that say something are sequences."""
    tried = [str(cell)[:_TRIED_LENGTH] for cell in cells if cell is not None and str(cell).strip()][:_TRIED]
    lenient = Cleaning(ambiguous="keep")
    fine = sum(len(text) >= _SHORT and isinstance(cleaned(text, kind, lenient), Cleaned) for text in tried)
    return bool(tried) and 2 * fine > len(tried)


def _changed(column: str, rows: Rows, results: Sequence[Cleaned | Dropped]) -> Counter[str]:
    """What was done to sequences, and how many bear a name twice."""
    changed = Counter(what for one in results if isinstance(one, Cleaned) for what in one.changes)
    ids = [cell for cell in rows.columns.get("id", ()) if cell is not None] if column != "id" else []
    if len(set(ids)) < len(ids):
        changed["have an id that an earlier row has"] = len(ids) - len(set(ids))
    return changed


def _refuse(
    path: Path,
    reading: Reading,
    kind: Kind,
    texts: Sequence[str],
    results: Sequence[Cleaned | Dropped],
    options: ReadingOptions,
) -> None:
    """Stop where the user wants no row lost, or where none is left."""
    wanted = {one.reason for one in results if isinstance(one, Dropped) and one.wanted}
    faults = {reason: count for reason, count in reading.dropped.items() if reason not in wanted}
    named = "; ".join(str(one) for one in reading.examples if not any(one.reason.startswith(why) for why in wanted))
    if options.on_error == "stop" and faults:
        raise DataError(f"{path}: {sum(faults.values()):,} of {reading.rows:,} rows hold no sequence: {named}")
    if not reading.kept:
        others = Counter(name for text in texts[:_TRIED] for name in other_kinds(text[:_TRIED_LENGTH], kind))
        near = [name for name, count in others.items() if 2 * count > min(len(texts), _TRIED)]
        hint = f"; as kind={' or '.join(near)} they can be read" if near else ""
        shown = named or "; ".join(str(one) for one in reading.examples)
        raise DataError(
            f"{path}: none of the {reading.rows:,} rows gives a sequence of kind {kind.name}: {shown}{hint}"
        )
