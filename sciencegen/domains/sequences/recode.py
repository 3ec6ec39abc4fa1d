"""Recoding: genes of a given protein, chosen among all its synonymous ones."""

from __future__ import annotations

import sys
from pathlib import Path

from sciencegen.domains.sequences.codons import STOP, SYNONYMS, Usage
from sciencegen.domains.sequences.design import ALPHABETS, Design
from sciencegen.errors import DataError

__all__ = ["proteins", "recoded"]


def recoded(name: str, protein: str, usage: Usage | None = None) -> Design:
    """Genes of a protein, with a stop at the end; codons weigh alike, or what the organism makes of them."""
    rows = {
        amino: {codon: 1.0 if usage is None else usage.weight(codon) for codon in SYNONYMS[amino]}
        for amino in {*protein, STOP}
    }
    return Design(f"gene of {name}", tuple(rows[amino] for amino in (*protein, STOP)), ALPHABETS["cds"])


def proteins(path: Path) -> dict[str, str]:
    """The proteins of a FASTA file, or of standard input for `-`, by their ids; a stop at the end is left out."""
    found: dict[str, str] = {}
    name = None
    for number, line in enumerate(_lines(path), 1):
        text = line.strip()
        if text.startswith(">"):
            name = (text[1:].split() or [""])[0]
            if not name:
                raise DataError(f"{path}, line {number}: a protein without a name; expected > and a name")
            if name in found:
                raise DataError(f"{path}, line {number}: {name} is there twice: give every protein a name of its own")
            found[name] = ""
        elif text:
            if name is None:
                raise DataError(f"{path}, line {number}: expected FASTA: a line of > and a name, then the protein")
            found[name] += "".join(text.split()).upper()
    if not found:
        raise DataError(f"{path}: holds no protein; expected FASTA: a line of > and a name, then the protein")
    return {name: _checked(path, name, text) for name, text in found.items()}


def _lines(path: Path) -> list[str]:
    if path == Path("-"):
        return sys.stdin.read().splitlines()
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text: {error}") from error


def _checked(path: Path, name: str, text: str) -> str:
    protein = text.removesuffix(STOP)
    if not protein:
        raise DataError(f"{path}: {name} is empty")
    for place, letter in enumerate(protein, 1):
        if letter not in ALPHABETS["peptide"]:
            known = "".join(ALPHABETS["peptide"])
            raise DataError(f"{path}: {name}, position {place}: {letter!r} is none of the 20 amino acids {known}")
    return protein
