"""Codons: the standard genetic code both ways, and how often organisms use each codon."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from math import exp, log
from types import MappingProxyType

from sciencegen.errors import DataError, UnknownName

__all__ = ["CODE", "CODONS", "START", "STOP", "SYNONYMS", "Usage", "organisms", "translated", "usage"]

CODONS = tuple("".join(bases) for bases in product("ACGT", repeat=3))
START = "ATG"
STOP = "*"
"""What stops a protein, among amino acids."""
# NCBI translation table 1, its codons in the order of the bases TCAG
_TABLE = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE: Mapping[str, str] = MappingProxyType(
    {"".join(bases): amino for bases, amino in zip(product("TCAG", repeat=3), _TABLE, strict=True)}
)
"""The amino acid of each codon."""
SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {amino: tuple(codon for codon in CODONS if CODE[codon] == amino) for amino in sorted(set(_TABLE))}
)
"""The codons of each amino acid, and of the stop."""
_FLOOR = 0.001
"""What a codon counts for that a table rounds to nothing."""
_COMMON = {"chicken": "g_gallus", "fly": "d_melanogaster", "human": "h_sapiens", "mouse": "m_musculus"} | {
    "worm": "c_elegans",
    "yeast": "s_cerevisiae",
}


@dataclass(frozen=True)
class Usage:
    """How often an organism uses each codon, as a part of all codons of the same amino acid."""

    organism: str
    frequency: Mapping[str, float]

    def weight(self, codon: str) -> float:
        """The frequency of a codon, never nothing."""
        return max(self.frequency[codon], _FLOOR)

    def adaptiveness(self, codon: str) -> float:
        """The frequency of a codon over that of the one used most for its amino acid."""
        return self.weight(codon) / max(self.weight(other) for other in SYNONYMS[CODE[codon]])

    def cai(self, sequence: str) -> float | None:
        """The codon adaptation index: the geometric mean of the adaptiveness of the codons (Sharp and Li 1987).

        Methionine, tryptophan and stops, where nothing can be chosen or nothing adapts, do not count; None where
        nothing else is left, or a codon is none.
        """
        codons = _codons(sequence)
        logs = [self._logs.get(codon) for codon in codons if codon not in _UNCOUNTED]
        known = [one for one in logs if one is not None]
        return exp(sum(known) / len(known)) if known and len(known) == len(logs) else None

    @cached_property
    def _logs(self) -> Mapping[str, float]:
        return {codon: log(self.adaptiveness(codon)) for codon in CODONS}

    def best(self, protein: str) -> str:
        """The gene of a protein made of the codons used most."""
        return "".join(max(SYNONYMS[amino], key=self.weight) for amino in protein)


_UNCOUNTED = {*SYNONYMS["M"], *SYNONYMS["W"], *SYNONYMS[STOP]}


def translated(sequence: str) -> str:
    """The protein of a coding sequence, DNA or RNA, stops as `*`; X for a codon that is none, and for letters left
    over at the end."""
    return "".join(CODE.get(codon, "X") for codon in _codons(sequence))


def _codons(sequence: str) -> list[str]:
    whole = sequence.upper().replace("U", "T")
    return [whole[i : i + 3] for i in range(0, len(whole), 3)]


def organisms() -> tuple[str, ...]:
    """The organisms whose codon usage is known."""
    return tuple(_tables())


@cache
def usage(organism: str) -> Usage:
    """The codon usage of an organism: `e_coli`, `E. coli` or `yeast`."""
    words = "".join(letter if letter.isalnum() else " " for letter in organism.lower()).split()
    name = "_".join(words)
    name = _COMMON.get(name, name)
    if name not in _tables():
        raise UnknownName("organism", organism, [*_tables(), *_COMMON])
    return Usage(name, _tables()[name])


@cache
def _tables() -> Mapping[str, Mapping[str, float]]:
    from sciencegen.data.cards import found

    path = found("codon_usage")
    if path is None:
        raise DataError("the table of codon usage that comes with sciencegen is missing: install it again")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in ("codon", "amino_acid")]
    return {name: MappingProxyType({row["codon"]: float(row[name]) for row in rows}) for name in names}
