"""Designing sequences: everything that was asked as one language, drawn from exactly, or proved to be empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, floor

from sciencegen.core.interval import Interval
from sciencegen.domains.sequences.codons import CODE, CODONS, START, STOP, SYNONYMS, Usage
from sciencegen.domains.sequences.enzymes import Forbidden
from sciencegen.errors import BudgetExhausted, RequestError
from sciencegen.grammar.automaton import Automaton, without
from sciencegen.grammar.reach import Counter, Reach, Slots

__all__ = ["ALPHABETS", "Design", "Infeasible", "coding", "free", "gc", "sentences"]

ALPHABETS: Mapping[str, tuple[str, ...]] = {
    "dna": tuple("ACGT"),
    "rna": tuple("ACGU"),
    "cds": tuple("ACGT"),
    "peptide": tuple("ACDEFGHIKLMNPQRSTVWY"),
}
"""The letters of each kind of sequence."""
_GC = "GC"
_FAR = 1000
"""How much longer than asked a sentence of a grammar is looked for."""


class Infeasible(BudgetExhausted):
    """A request that is proved to have no answer."""


@dataclass(frozen=True)
class Design:
    """What sequences are to be like: letters for every place, a language, letters counted, words that must not occur.

    A letter is a character, or a codon of three.
    """

    title: str
    """What one of them is, for people: `cds of 300 nt`."""
    rows: tuple[Mapping[str, float], ...]
    """For every place the letters that may stand there, and what each weighs."""
    characters: tuple[str, ...]
    language: Automaton | None = None
    gc: Interval | None = None
    forbidden: tuple[Forbidden, ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        """What could be left out."""
        asked = (self._window,) if self.gc is not None else ()
        return (*asked, *(one.name for one in self.forbidden))

    @property
    def described(self) -> str:
        """What one of them is, with all that was asked, for people."""
        window = f" with {self._window}" if self.gc is not None else ""
        words = f" without {', '.join(one.name for one in self.forbidden)}" if self.forbidden else ""
        return self.title + window + words

    @property
    def _window(self) -> str:
        if self.gc is None:
            return ""
        return f"GC {self.gc.low:g}" if self.gc.low == self.gc.high else f"GC {self.gc}"

    def leaving_out(self, requirement: str) -> Design:
        """The same with one requirement less."""
        kept = tuple(one for one in self.forbidden if one.name != requirement)
        return replace(self, gc=None if requirement == self._window else self.gc, forbidden=kept)

    def reach(self) -> Reach:
        """All these sequences."""
        letters = list(dict.fromkeys(letter for row in self.rows for letter in row))
        words = [word for one in self.forbidden for word in one.words]
        automaton = without(self.characters, words)
        if self.language is not None:
            automaton = self.language.both(automaton)
        if "" in letters:
            automaton = automaton.ended()
        elif any(len(letter) > 1 for letter in letters):
            automaton = automaton.grouped(letters)
        at = {letter: number for number, letter in enumerate(automaton.letters)}
        same = {id(row): {at[letter]: weight for letter, weight in row.items() if letter in at} for row in self.rows}
        return Reach(automaton, Slots.of([same[id(row)] for row in self.rows]), self._counters())

    def checked(self) -> Reach:
        """All these sequences; where there are none, why."""
        reach = self.reach()
        if not reach.possible:
            raise Infeasible(self._why(reach))
        return reach

    def _counters(self) -> tuple[Counter, ...]:
        if self.gc is None:
            return ()
        length = sum(len(next(iter(row))) for row in self.rows)
        low, high = ceil(self.gc.low * length - 1e-9), floor(self.gc.high * length + 1e-9)
        if low > high:
            near = f"{high} of {length} is {high / length:.4g}, {low} of {length} is {low / length:.4g}"
            raise Infeasible(f"no {self.title} with {self._window} exists: {near}")
        return (Counter(_GC, low, high),)

    def _why(self, reach: Reach) -> str:
        """What stands in the way."""
        asked = self.requirements
        enough = [one for one in asked if self.leaving_out(one).reach().possible] if len(asked) > 1 else []
        if len(asked) == 1:
            advice = ""
        elif enough:
            advice = f"; there would be without {' or without '.join(enough)}"
        else:
            advice = "; leaving out any one of these is not enough"
        stuck = ""
        if reach.farthest < len(self.rows) and self.forbidden:
            place = f"{'codon' if len(next(iter(self.rows[0]))) == len(START) else 'letter'} {reach.farthest + 1}"
            stuck = f": none gets past {place} without these words"
        return f"no {self.described} exists{stuck}{advice}"


def free(kind: str, low: int, high: int) -> Design:
    """Any letters of a kind, of one length or of lengths in a range."""
    letters = dict.fromkeys(ALPHABETS[kind], 1.0)
    unit = "aa" if kind == "peptide" else "nt"
    return Design(f"{kind} of {_said(low, high)} {unit}", _rows(letters, low, high), ALPHABETS[kind])


def coding(length: int, usage: Usage | None = None) -> Design:
    """Coding DNA: a start, codons, and a stop, the only one.

    All are equally likely; with codon usage amino acids weigh alike, and their codons what the organism makes of them.
    """
    if length < 6 or length % 3:
        near = sorted({max(6, length - length % 3), max(6, length + -length % 3)})
        exist = f"the nearest length is {near[0]}" if len(near) == 1 else f"the nearest are {near[0]} and {near[1]}"
        raise Infeasible(f"no cds of {length} nt exists: from the start to the stop it is whole codons; {exist}")
    weight = dict.fromkeys(CODONS, 1.0) if usage is None else {codon: usage.weight(codon) for codon in CODONS}
    sense = {codon: weight[codon] for codon in CODONS if CODE[codon] != STOP}
    stops = {codon: weight[codon] for codon in SYNONYMS[STOP]}
    rows = ({START: 1.0}, *[sense] * (length // 3 - 2), stops)
    return Design(f"cds of {length} nt", rows, ALPHABETS["cds"])


def sentences(name: str, language: Automaton, low: int | None, high: int | None) -> Design:
    """The sentences of a regular grammar, of one length or of lengths in a range; where none is given, of all."""
    if low is None or high is None:
        if language.endless:
            shortest = int(language.lengths(len(language)).argmax())
            raise RequestError(f"{name}: there is no longest sentence: say --length, {shortest} or more, or low..high")
        possible = language.lengths(len(language)).nonzero()[0]
        low, high = (int(possible[0]), int(possible[-1])) if len(possible) else (0, 0)
    existing = language.lengths(high + _FAR).nonzero()[0].tolist()
    if not any(low <= length <= high for length in existing):
        below = [length for length in existing if length < low][-1:]
        above = [length for length in existing if length > high][:1]
        near = " and ".join(str(length) for length in (*below, *above)) or "none at all"
        raise Infeasible(f"no sentence of {name} of {_said(low, high)} letters exists; the nearest lengths are {near}")
    letters = dict.fromkeys(language.letters, 1.0)
    title = f"sentence of {name} of {_said(low, high)} letters"
    return Design(title, _rows(letters, low, high), language.letters, language)


def _rows(letters: Mapping[str, float], low: int, high: int) -> tuple[Mapping[str, float], ...]:
    """A letter at every place; from `low` on it may be the empty one."""
    maybe = {**letters, "": 1.0}
    return (*[letters] * low, *[maybe] * (high - low))


def _said(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def gc(sequence: str) -> float | None:
    """The part of a sequence that is G or C; None where there is none."""
    return sum(letter in _GC for letter in sequence) / len(sequence) if sequence else None
