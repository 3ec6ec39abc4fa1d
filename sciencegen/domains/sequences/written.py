"""Sequences as biologists' files hold them: FASTA and GenBank, with the cells of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from sciencegen.domains.sequences.sources import SEQUENCE, bio

__all__ = ["fasta", "genbank"]

_WIDTH = 60
_OWN = ("id", SEQUENCE, "description")
_NAME = re.compile(r"[^A-Za-z_0-9]+")
_LOCUS = 16
_PAIRS = re.compile(r"\[[^\[\]]*\]")

Rows = Iterable[tuple[str, Mapping[str, Any]]]


def fasta(rows: Rows, file: TextIO) -> int:
    """A name after `>`, what is said of it, the other cells as [name=value], and lines of sixty letters."""
    count = 0
    for count, (item, cells) in enumerate(rows, 1):
        said = [_id(cells, count), _line(cells.get("description"))]
        said += [f"[{_tag(name)}={_value(cell)}]" for name, cell in cells.items() if name not in _OWN and _has(cell)]
        file.write(f">{' '.join(filter(None, said))}\n")
        file.writelines(f"{item[i : i + _WIDTH]}\n" for i in range(0, len(item), _WIDTH))
    return count


def genbank(rows: Rows, file: TextIO, molecule_type: str = "DNA") -> int:
    """GenBank records, with the other cells as notes of the source."""
    bio()
    from Bio import SeqIO
    from Bio.Seq import Seq
    from Bio.SeqFeature import FeatureLocation, SeqFeature
    from Bio.SeqRecord import SeqRecord

    made: Any = (SeqRecord, SeqFeature, FeatureLocation, Seq, SeqIO.write)
    count = 0
    for count, (item, cells) in enumerate(rows, 1):
        name = _id(cells, count)
        notes = [f"{_tag(key)}={_line(cell)}" for key, cell in cells.items() if key not in _OWN and _has(cell)]
        source = made[1](made[2](0, len(item)), type="source", qualifiers={"note": notes} if notes else {})
        record = made[0](
            made[3](item),
            id=name,
            name=_NAME.sub("_", name)[:_LOCUS] or "sequence",
            description=_line(cells.get("description")),
            annotations={"molecule_type": molecule_type},
            features=[source],
        )
        made[4]([record], file, "genbank")
    return count


def _has(cell: object) -> bool:
    return cell is not None and cell != "" and cell == cell  # missing is missing


def _id(cells: Mapping[str, Any], number: int) -> str:
    """What a row calls its sequence, as one word, or a name made of its number."""
    said = ("_".join(str(cells[name]).split()) for name in ("id", "name") if _has(cells.get(name)))
    return next((name for name in said if name), f"sciencegen-{number}")


def _tag(name: str) -> str:
    plain = _NAME.sub("_", name)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"


def _value(cell: object) -> str:
    """A value on one line, in which brackets come in pairs so that it ends where it ends; others become round."""
    text = _line(cell)
    odd = _PAIRS.sub("", text)
    return text.replace("[", "(").replace("]", ")") if "[" in odd or "]" in odd else text


def _line(value: object) -> str:
    return " ".join(str(value).split()) if _has(value) else ""
