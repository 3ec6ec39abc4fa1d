"""Molecules as the rules of a grammar of SMILES."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sciencegen.domains.molecules.bonding import OPEN
from sciencegen.domains.molecules.chemistry import RADICALS, Chemistry
from sciencegen.domains.molecules.hydrogens import filled, opened
from sciencegen.domains.molecules.kekule import kekule
from sciencegen.domains.molecules.molecule import Molecule, canonical
from sciencegen.domains.molecules.written import written
from sciencegen.domains.sentences.rules import Rules
from sciencegen.grammar import Grammar, Guard, Source, guards_of

__all__ = ["KekuleRules", "SmilesRules", "with_radicals"]

_UNPAIRED = ("[CH3]", "[CH2]", "[CH]", "[C]", "[NH2]", "[NH]", "[N]", "[OH]", "[O]", "[SH]", "[S]")
"""Atoms that are written in brackets where they have unpaired electrons."""


def with_radicals(source: Source) -> Source:
    """The same grammar of Kekulé SMILES with atoms that may have unpaired electrons."""
    atoms = " | ".join(f'"{token}"' for token in _UNPAIRED if f'"{token}"' not in source.text)
    extended = f"\n// Unpaired electrons were asked for.\n//! {RADICALS}\n"
    return Source(source.name, source.text + extended + (f"%extend ATOM: {atoms}\n" if atoms else ""))


@dataclass(frozen=True)
class KekuleRules(Rules[Molecule]):
    """Kekulé SMILES by the rules of their grammar, under valence: every draw is a molecule."""

    @classmethod
    def spell(cls, items: Sequence[Molecule], grammar: Grammar) -> list[str]:
        sentences = written(items, kekule, "Kekulé SMILES", ("rdkit",))
        derived = frozenset(rule.text for rule in grammar.rules if OPEN in rule.text)
        return [opened(sentence, derived) for sentence in sentences] if derived else sentences

    @classmethod
    def read(cls, sentence: str) -> Molecule | None:
        return canonical(filled(sentence))

    @classmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        return (Chemistry(grammar, length), *guards_of(grammar, (RADICALS,)))


@dataclass(frozen=True)
class SmilesRules(Rules[Molecule]):
    """Canonical SMILES by the rules of their grammar: every draw is well written, and some are molecules."""

    @classmethod
    def spell(cls, items: Sequence[Molecule], grammar: Grammar) -> list[str]:
        return list(items)

    @classmethod
    def read(cls, sentence: str) -> Molecule | None:
        return canonical(sentence)

    @classmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        return guards_of(grammar)
