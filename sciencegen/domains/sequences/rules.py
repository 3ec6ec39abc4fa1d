"""Sequences as the rules of a grammar: that of their kind, or any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from sciencegen.domains.sentences.rules import Ruled, Rules
from sciencegen.domains.sequences.kinds import Kind, KindName, kind_called
from sciencegen.domains.sequences.representations import Codons
from sciencegen.grammar import Grammar, Guard, Source, guards_of, source_of

__all__ = ["SHIPPED", "CodonRules", "DNARules", "ProteinRules", "RNARules", "SequenceRules", "letters", "ruled"]

SHIPPED: Mapping[KindName, str] = MappingProxyType({"cds": "coding_dna", "peptide": "peptide"})
"""The kinds whose grammar is more than their letters, and what it is called."""


@dataclass(frozen=True)
class SequenceRules(Rules[str]):
    """Sequences by the rules of a grammar, under the guards that stand in its file."""

    @classmethod
    def spell(cls, items: Sequence[str], grammar: Grammar) -> list[str]:
        return list(items)

    @classmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        return guards_of(grammar)


@dataclass(frozen=True)
class DNARules(SequenceRules):
    """DNA by the rules of a grammar."""

    @classmethod
    def read(cls, sentence: str) -> str | None:
        return _of("dna", sentence)


@dataclass(frozen=True)
class RNARules(SequenceRules):
    """RNA by the rules of a grammar."""

    @classmethod
    def read(cls, sentence: str) -> str | None:
        return _of("rna", sentence)


@dataclass(frozen=True)
class ProteinRules(SequenceRules):
    """Proteins and peptides by the rules of a grammar."""

    @classmethod
    def read(cls, sentence: str) -> str | None:
        return _of("protein", sentence)


@dataclass(frozen=True)
class CodonRules(SequenceRules):
    """Coding sequences by the rules of a grammar; one with a stop codon inside is none."""

    @classmethod
    def read(cls, sentence: str) -> str | None:
        found = _of("cds", sentence)
        return None if found is None else Codons.read(found)


_RULES: Mapping[KindName, type[SequenceRules]] = MappingProxyType(
    {
        "cds": CodonRules,
        "dna": DNARules,
        "peptide": ProteinRules,
        "promoter": DNARules,
        "protein": ProteinRules,
        "rna": RNARules,
    }
)


def ruled(kind: KindName, grammar: str = "", length: int = 0) -> Ruled[str]:
    """Sequences of a kind by a .lark file or a grammar that is shipped; by that of the kind where none is named."""
    return Ruled(_RULES[kind_called(kind).name], partial(_source, kind, grammar), length)


def letters(kind: Kind) -> Source:
    """The grammar of all sequences of a kind, letter by letter."""
    text = f"""// {kind.title}, letter by letter.
start: LETTER rest -> letter

rest:              -> end
    | LETTER rest  -> letter

LETTER: /[{kind.letters}]/
"""
    return Source(f"letters of {kind.title}", text)


def _source(kind: KindName, grammar: str) -> Source:
    named = grammar or SHIPPED.get(kind, "")
    return source_of(named) if named else letters(kind_called(kind))


def _of(kind: KindName, sentence: str) -> str | None:
    """A sentence of the letters of a kind."""
    known = kind_called(kind)
    return None if sentence.strip(known.letters + known.vague) else sentence  # strip leaves what holds another letter
