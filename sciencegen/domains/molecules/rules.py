"""Molecules as the rules of a grammar of SMILES."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sciencegen.domains.molecules.chemistry import Chemistry
from sciencegen.domains.molecules.kekule import kekule
from sciencegen.domains.molecules.molecule import Molecule, canonical
from sciencegen.domains.molecules.written import written
from sciencegen.domains.sentences.rules import Rules
from sciencegen.grammar import Grammar, Guard, guards_of

__all__ = ["KekuleRules", "SmilesRules"]


@dataclass(frozen=True)
class KekuleRules(Rules[Molecule]):
    """Kekulé SMILES by the rules of their grammar, under valence: every draw is a molecule."""

    @classmethod
    def spell(cls, items: Sequence[Molecule]) -> list[str]:
        return written(items, kekule, "Kekulé SMILES", ("rdkit",))

    @classmethod
    def read(cls, sentence: str) -> Molecule | None:
        return canonical(sentence)

    @classmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        return (Chemistry(grammar, length), *guards_of(grammar))


@dataclass(frozen=True)
class SmilesRules(Rules[Molecule]):
    """Canonical SMILES by the rules of their grammar: every draw is well written, and some are molecules."""

    @classmethod
    def spell(cls, items: Sequence[Molecule]) -> list[str]:
        return list(items)

    @classmethod
    def read(cls, sentence: str) -> Molecule | None:
        return canonical(sentence)

    @classmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        return guards_of(grammar)
