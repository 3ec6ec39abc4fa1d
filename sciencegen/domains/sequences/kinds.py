"""The kinds of sequences: which letters each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sciencegen.errors import UnknownName

__all__ = ["KINDS", "Kind", "KindName", "kind_called"]

KindName = Literal["cds", "dna", "peptide", "promoter", "protein", "rna"]
_AMBIGUOUS = "RYSWKMBDHVN"
_RESIDUES = "ACDEFGHIKLMNPQRSTVWY"


@dataclass(frozen=True)
class Kind:
    """A kind of sequences, by the letters IUPAC gives it (Nomenclature for Incompletely Specified Bases; 1984; and
    Nomenclature and Symbolism for Amino Acids and Peptides; 1983)."""

    name: KindName
    letters: str
    """The letters that stand for one base or residue each."""
    vague: str
    """The letters that stand for one of several, or for a residue beyond the twenty."""
    nucleic: bool
    double: bool = False
    """Whether the strand that is not written is read too."""

    @property
    def title(self) -> str:
        """What a person calls the alphabet."""
        if not self.nucleic:
            return "protein"
        return "RNA" if "U" in self.letters else "DNA"


def _kinds() -> dict[str, Kind]:
    return {
        "cds": Kind("cds", "ACGT", _AMBIGUOUS, True),
        "dna": Kind("dna", "ACGT", _AMBIGUOUS, True, double=True),
        "peptide": Kind("peptide", _RESIDUES, "BJOUXZ", False),
        "promoter": Kind("promoter", "ACGT", _AMBIGUOUS, True, double=True),
        "protein": Kind("protein", _RESIDUES, "BJOUXZ", False),
        "rna": Kind("rna", "ACGU", _AMBIGUOUS, True),
    }


KINDS: Mapping[str, Kind] = MappingProxyType(_kinds())


def kind_called(name: str) -> Kind:
    """The kind of a name."""
    if name not in KINDS:
        raise UnknownName("kind of sequences", name, KINDS)
    return KINDS[name]
