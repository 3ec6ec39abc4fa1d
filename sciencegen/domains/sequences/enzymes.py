"""What must not occur in a sequence: restriction sites by the enzyme's name, words with IUPAC letters, long runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

from sciencegen.errors import RequestError

__all__ = ["IUPAC", "Forbidden", "forbidden", "reverse_complement", "sites"]

IUPAC: Mapping[str, str] = MappingProxyType(
    {"A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"}
    | {"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"}
)
"""The bases that each letter stands for (Cornish-Bowden, Nomenclature for incompletely specified bases, 1985)."""
_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")
_RUN = "homopolymer"
_LONGEST = 60
"""Letters in a word that is forbidden."""
_EXPECTED = "an enzyme such as EcoRI, a word such as GGTCTC, or homopolymer:6 for no run of 6"
Word = tuple[str, ...]
"""The letters that may stand at each place of a word."""


@dataclass(frozen=True)
class Forbidden:
    """Words that must not occur, by the name they were asked for."""

    name: str
    words: tuple[Word, ...]


def forbidden(text: str, letters: Sequence[str], double: bool = False) -> tuple[Forbidden, ...]:
    """What a list such as `EcoRI,GGTCTC,homopolymer:6` forbids in sequences of these letters.

    A word is looked for on both strands where there are two (`double`), the site of an enzyme always: RNA is copied
    from DNA that the enzyme could cut.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise RequestError(f"--forbid {text!r}: expected names with commas between them, each {_EXPECTED}")
    return tuple(_forbidden(name, letters, double) for name in dict.fromkeys(names))


def _forbidden(name: str, letters: Sequence[str], double: bool) -> Forbidden:
    if name.lower().startswith(f"{_RUN}:"):
        return _run(name, letters)
    if set(letters) <= set("ACGT") or set(letters) <= set("ACGU"):
        rna = "U" in letters
        plain = name.upper().replace("U", "T")
        spelled = set(plain) <= set(IUPAC) and (name.isupper() or name.islower())  # no enzyme is written so
        one_way = {plain} if spelled else set(sites(name))
        both = one_way | set(map(reverse_complement, one_way)) if double or not spelled else one_way
        words = [tuple(_bases(letter, rna) for letter in one) for one in sorted(both)]
    else:
        if not set(name) <= set(letters):
            raise RequestError(f"--forbid {name}: expected letters of {''.join(letters)}, or homopolymer:6")
        words = [tuple(name)]
    if len(words[0]) > _LONGEST:
        raise RequestError(f"--forbid {name}: a word of {len(words[0])} letters; expected {_LONGEST} or fewer")
    return Forbidden(name, tuple(words))


def _run(name: str, letters: Sequence[str]) -> Forbidden:
    number = name.partition(":")[2]
    length = int(number) if number.isdecimal() and number.isascii() else 0
    if not 2 <= length <= 1000:
        raise RequestError(f"--forbid {name}: expected homopolymer: and a length from 2 to 1000, such as {_RUN}:6")
    return Forbidden(name, tuple((letter,) * length for letter in letters))


def _bases(letter: str, rna: bool) -> str:
    return IUPAC[letter].replace("T", "U") if rna else IUPAC[letter]


def reverse_complement(word: str) -> str:
    """The other strand of DNA, read in its own direction; IUPAC letters are complemented as well."""
    return word.translate(_COMPLEMENT)[::-1]


def sites(enzyme: str) -> tuple[str, ...]:
    """The words that a restriction enzyme recognises, of IUPAC letters; for all but a few it is one."""
    found = _enzymes().get(enzyme.lower())
    if found is None:
        raise RequestError(_unknown(enzyme))
    return tuple(found.split("|"))


def _unknown(name: str) -> str:
    known = {str(one).lower(): str(one) for one in _named()}
    near = get_close_matches(name.lower(), known, 1, cutoff=0.6)
    hint = f"did you mean {known[near[0]]!r}?" if near else f"expected {_EXPECTED}"
    return f"--forbid {name}: no restriction enzyme, and no word of IUPAC letters: {hint}"


def _named() -> list[Any]:
    """Every enzyme there is (REBASE, by way of Biopython)."""
    try:
        from Bio import Restriction
    except ImportError:
        raise RequestError(
            "restriction sites need the package biopython: pip install 'sciencegen[sequences]'"
        ) from None
    every: Any = Restriction
    return list(every.AllEnzymes)


@cache
def _enzymes() -> Mapping[str, str]:
    """The sites of all enzymes, by their names in lower case."""
    return {str(enzyme).lower(): str(enzyme.site) for enzyme in _named() if enzyme.site}
