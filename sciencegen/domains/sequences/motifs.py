"""Motifs: short patterns of letters, of which some stand for several."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sciencegen.domains.sequences.identity import identities
from sciencegen.domains.sequences.kinds import Kind
from sciencegen.domains.sequences.reading import read_sequences
from sciencegen.errors import RequestError

__all__ = ["contains", "unlike", "without"]

_BASES = {
    **{"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"},
    **{"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"},
}
_RESIDUES = {"B": "DN", "J": "IL", "Z": "EQ", "X": "ACDEFGHIKLMNPQRSTVWY"}


def contains(kind: Kind, motif: str) -> Callable[[str], bool]:
    """Whether a sequence has a motif on the strand that is written."""
    return partial(_has, _pattern(kind, motif))


def without(kind: Kind, motif: str) -> Callable[[str], bool]:
    """Whether a sequence has no such motif."""
    return partial(_lacks, _pattern(kind, motif))


def unlike(kind: Kind, file: str, ceiling: float) -> Callable[[str], bool]:
    """Whether a sequence has at most such an identity to every sequence of a file."""
    if not 0 <= ceiling < 1:
        raise RequestError(f"ceiling={ceiling:g}: expected an identity from 0 to below 1, such as 0.8")
    return partial(_unlike, list(read_sequences(Path(file), kind).items), ceiling)


def _has(pattern: re.Pattern[str], item: str) -> bool:
    return pattern.search(item) is not None


def _lacks(pattern: re.Pattern[str], item: str) -> bool:
    return pattern.search(item) is None


def _unlike(known: list[str], ceiling: float, item: str) -> bool:
    return bool(identities([item] * len(known), known).max() <= ceiling)


def _pattern(kind: Kind, motif: str) -> re.Pattern[str]:
    letters = motif.strip().upper()
    odd = letters.strip(kind.letters + kind.vague)
    if not letters or odd:
        said = f"{odd[0]!r} is no letter of {kind.title}" if odd else "it is empty"
        raise RequestError(f"motif {motif!r}: {said}; expected letters such as {kind.letters}, or {kind.vague}")
    vague = _BASES if kind.nucleic else _RESIDUES
    several = {letter: vague.get(letter, letter) for letter in letters}
    if "U" in kind.letters:
        several = {letter: choice.replace("T", "U") for letter, choice in several.items()}
    return re.compile("".join(f"[{several[letter]}]" for letter in letters))
