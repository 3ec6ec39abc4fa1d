"""Files of sequences, record by record: FASTA, GenBank, and a sequence on each line."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciencegen.data.records import Cell, Records, aligned, opened
from sciencegen.domains.sequences.kinds import Kind
from sciencegen.errors import DataError, RequestError

if TYPE_CHECKING:
    from Bio.SeqFeature import SeqFeature
    from Bio.SeqRecord import SeqRecord

__all__ = ["SEQUENCE", "bio", "from_fasta", "from_genbank", "from_lines"]

SEQUENCE = "sequence"
"""The column of sequences, where a file has no names for its columns."""
_TAG = re.compile(r"\[([A-Za-z_]\w*)=((?:[^\[\]]|\[[^\[\]]*\])*)\]")
"""What stands beside a name in FASTA, as in [gene=lacZ]; a value may have a pair of brackets."""
_OWN = {SEQUENCE, "id", "description"}
_SHOWN = 200

Found = tuple[int, "dict[str, Cell] | None", str]


def bio() -> None:
    """Refuse to go on where Biopython is missing."""
    try:
        import Bio  # noqa: F401
    except ImportError:
        raise RequestError("GenBank files need the package biopython: pip install 'sciencegen[sequences]'") from None


def from_fasta(raw: bytes) -> Records:
    """A name after `>`, perhaps more about it, and lines of letters below: columns id, description and sequence, and
    one for every [name=value] among what is said."""
    found = aligned(partial(_fasta, raw), "letters before the first >")
    return found if SEQUENCE in found.names else Records([*found.names, SEQUENCE], found.again)


def _fasta(raw: bytes) -> Iterator[Found]:
    start, head = 0, ""
    parts: list[str] | None = None
    with opened(raw) as file:
        for number, line in enumerate(file, 1):
            if line.startswith(">"):
                if parts is not None:
                    yield start, _record(head, parts), ""
                start, head, parts = number, line[1:].strip(), []
            elif line.startswith(";"):  # remarks of the oldest files
                continue
            elif parts is not None:
                parts.append(line.rstrip())
            elif line.strip():
                yield number, None, line.strip()[:_SHOWN]
    if parts is not None:
        yield start, _record(head, parts), ""


def _record(head: str, parts: list[str]) -> dict[str, Cell]:
    name, said = [*head.split(None, 1), "", ""][:2]
    tags = {tag: value for tag, value in _TAG.findall(said) if tag not in _OWN}
    rest = " ".join(_TAG.sub(lambda match: match[0] if match[1] in _OWN else " ", said).split()) if tags else said
    cells: dict[str, Cell] = {"id": name or None, SEQUENCE: "".join(parts)}
    if rest.strip():
        cells["description"] = rest.strip()
    return cells | tags


def from_lines(raw: bytes, titled: bool) -> Records:
    """A sequence on each line, the first of which may be a title."""
    return aligned(partial(_lines, raw, int(titled)))


def _lines(raw: bytes, skipped: int) -> Iterator[Found]:
    with opened(raw) as file:
        for number, line in enumerate(file, 1):
            if number > skipped and line.strip() and not line.startswith("#"):
                yield number, {SEQUENCE: line.strip()}, ""


def from_genbank(path: Path, raw: bytes, kind: Kind) -> Records:
    """The sequences of GenBank records; of coding sequences those that are annotated, of proteins their
    translations."""
    bio()
    from Bio import BiopythonParserWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BiopythonParserWarning)  # of how fields are spaced
        warnings.filterwarnings("error", "Expected sequence length", BiopythonParserWarning)
        found = list(_genbank(path, raw, kind))
    return aligned(lambda: iter(found), "a record without letters")


def _genbank(path: Path, raw: bytes, kind: Kind) -> Iterator[Found]:
    from Bio import BiopythonParserWarning, SeqIO

    with opened(raw) as file:
        text = file.read()
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line.startswith("LOCUS")]
    reader: Any = SeqIO.parse
    try:
        for line, record in zip(chain(lines, repeat(0)), reader(io.StringIO(text), "genbank"), strict=False):
            for cells in _parts(record, kind):
                yield line, cells, record.id
    except (
        ValueError,
        LookupError,
        AssertionError,
        BiopythonParserWarning,
    ) as error:  # what Biopython raises for damaged files
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: not a readable GenBank file: {reason}") from error


def _parts(record: SeqRecord, kind: Kind) -> Iterator[dict[str, Cell] | None]:
    """What of a record is a sequence of this kind."""
    protein = "protein" in str(record.annotations.get("molecule_type", "")).lower()
    coding = [one for one in record.features if one.type == "CDS"]
    if coding and (kind.name == "cds" or (not kind.nucleic and not protein)):
        for number, feature in enumerate(coding, 1):
            letters = _coding(record, feature) if kind.nucleic else _said(feature, "translation")
            yield _cells(record, letters, feature, number)
    else:
        yield _cells(record, _letters(record.seq))


def _letters(seq: Any) -> str | None:
    from Bio.Seq import UndefinedSequenceError

    try:
        return str(seq)
    except UndefinedSequenceError:
        return None


def _coding(record: SeqRecord, feature: SeqFeature) -> str | None:
    """The letters of a coding sequence from its first whole codon on."""
    whole: Any = feature.extract
    try:
        letters = _letters(whole(record.seq))
    except ValueError:  # a part of it lies in another record
        return None
    return None if letters is None else letters[int(_said(feature, "codon_start") or 1) - 1 :]


def _said(feature: SeqFeature, name: str) -> str | None:
    found = feature.qualifiers.get(name)
    return str(found[0]) if found else None


def _cells(
    record: SeqRecord, letters: str | None, feature: SeqFeature | None = None, number: int = 0
) -> dict[str, Cell] | None:
    if letters is None:
        return None
    about: dict[str, Cell] = {"description": record.description}
    if feature is not None:
        name = _said(feature, "protein_id") or _said(feature, "locus_tag") or f"{record.id}_{number}"
        about = {"id": name, "gene": _said(feature, "gene"), "product": _said(feature, "product"), "record": record.id}
    said = {"id": record.id, SEQUENCE: letters, **about, "organism": record.annotations.get("organism")}
    return {name: str(cell) for name, cell in said.items() if cell and cell != "."}
