"""What becomes of a sequence as it is read: its letters in upper case, or the reason why it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits, whitespace

from sciencegen.domains.sequences.codons import STOP, SYNONYMS
from sciencegen.domains.sequences.kinds import KINDS, Kind
from sciencegen.errors import RequestError, UnknownName

__all__ = ["Cleaned", "Cleaning", "Dropped", "cleaned", "other_kinds"]

_WAYS = {"ambiguous": ("refuse", "keep"), "gaps": ("remove", "refuse")}
_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
_BLANKS = str.maketrans("", "", whitespace + digits)
_GAPS = str.maketrans("", "", "-.")
_TELLING = 20
"""So many letters, and nothing but bases among them, are no protein."""


@dataclass(frozen=True)
class Cleaning:
    """What is done to sequences as they are read.

    `ambiguous`: refuse sequences with letters that stand for several, such as N or X, or keep them. `gaps`: remove the
    marks of an alignment, - and ., or refuse sequences that have some. `longest`: leave out sequences with more
    letters; 0 for no limit.
    """

    ambiguous: str = "refuse"
    gaps: str = "remove"
    longest: int = 100_000

    def __post_init__(self) -> None:
        for name, ways in _WAYS.items():
            if getattr(self, name) not in ways:
                raise UnknownName(f"way with {name}", str(getattr(self, name)), ways)
        if self.longest < 0:
            raise RequestError(f"longest={self.longest}: expected 1 or more letters, or 0 for no limit")


@dataclass(frozen=True)
class Cleaned:
    """A sequence, and what was done to it."""

    item: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dropped:
    """Why there is no sequence: in words that rows have in common, and what there is to say of this one; `wanted` where
    that is what the user asked for, not a fault of the data."""

    reason: str
    detail: str = ""
    wanted: bool = False

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def cleaned(text: str, kind: Kind, cleaning: Cleaning | None = None) -> Cleaned | Dropped:
    """The sequence of a text, or why it is left out.

    >>> cleaned("1 acg-t", KINDS["dna"]).item
    'ACGT'
    >>> cleaned("ACGX", KINDS["dna"]).detail
    "'X' at position 4, expected ACGT"
    """
    chosen = cleaning or Cleaning()
    item, changes = text, []
    if text.strip(kind.letters):  # strip leaves something wherever there is another letter
        for what, changed in _changed(text, kind, chosen):
            if changed != item:
                item = changed
                changes.append(what)
    fault = _fault(item, text, kind, chosen)
    return Cleaned(item, tuple(changes)) if fault is None else fault


def _changed(text: str, kind: Kind, cleaning: Cleaning) -> Iterator[tuple[str, str]]:
    """The text after each thing that is done to it, one after the other."""
    text = text.translate(_BLANKS)
    yield "had blanks or numbers between their letters", text
    text = text.translate(_UPPER)
    yield "had letters in lower case", text
    if cleaning.gaps == "remove":
        text = text.translate(_GAPS)
        yield "had gaps", text
    if not kind.nucleic:
        yield "had a * at the end", text.removesuffix("*")


def _fault(item: str, text: str, kind: Kind, cleaning: Cleaning) -> Dropped | None:
    if not item:
        return Dropped("no letters")
    strange = item.strip(kind.letters + kind.vague)
    if strange:
        return _strange(strange[0], text, kind)
    if not kind.nucleic and len(item) >= _TELLING and {*item} - {"N"} in ({*"ACGT"}, {*"ACGU"}):
        return Dropped("looks like DNA or RNA", f"nothing but {''.join(sorted({*item}))} in {len(item):,} letters")
    vague = item.strip(kind.letters)
    if vague and cleaning.ambiguous == "refuse":
        return Dropped("ambiguous letters", f"{_place(vague[0], text)}; ambiguous=keep keeps such sequences")
    if kind.name == "cds":
        fault = _out_of_frame(item)
        if fault is not None:
            return fault
    if cleaning.longest and len(item) > cleaning.longest:
        said = f"{len(item):,} letters; longest=0 keeps them"
        return Dropped(f"more than {cleaning.longest:,} letters", said, wanted=True)
    return None


def _strange(letter: str, text: str, kind: Kind) -> Dropped:
    other = {"U": "RNA", "T": "DNA"}.get(letter)
    if kind.nucleic and other is not None:
        return Dropped(f"has {letter}, which is {other} and not {kind.title}", _place(letter, text))
    return Dropped(f"letters that are none of {kind.title}", f"{_place(letter, text)}, expected {kind.letters}")


def _place(letter: str, text: str) -> str:
    """A letter as it stands in a text, and where."""
    place = text.translate(_UPPER).index(letter)
    return f"{text[place]!r} at position {place + 1:,}"


def _out_of_frame(item: str) -> Dropped | None:
    """Why a text is no coding sequence, nor a part of one that begins and ends with whole codons."""
    if len(item) % 3:
        return Dropped("no whole codons", f"{len(item):,} letters are no multiple of 3")
    for i in range(0, len(item) - 3, 3):
        if item[i : i + 3] in SYNONYMS[STOP]:
            said = f"{item[i : i + 3]} at position {i + 1:,}, codon {i // 3 + 1:,} of {len(item) // 3:,}"
            return Dropped("a stop codon inside", said)
    return None


def other_kinds(text: str, kind: Kind) -> list[str]:
    """The kinds a text would be, where it is none of this one."""
    return [name for name, other in KINDS.items() if other is not kind and isinstance(cleaned(text, other), Cleaned)]
