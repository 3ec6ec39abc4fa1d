"""What the queries of a pattern ask of an atom or a bond, as far as it can be told from the atom or the bond alone."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["AtomFacts", "BondFacts", "Question", "read_question"]

_LEAF = re.compile(r"(\w+) (-?\d+) (!?=) val")
_ENVIRONMENT = {"RecursiveStructure val in ()": True, "RecursiveStructure val not in )": False}
"""How RDKit describes that an atom has an environment, or has not."""
_AROMATIC = 1000
"""What RDKit adds to the element in the type of an aromatic atom."""
_ORDERS = {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0, 12: 1.5, 17: 1.0}
"""Orders of bonds, by the numbers of RDKit's types that queries have."""
_SHARED = (1.0, 1.5)
"""Orders that bonds of several types have."""


class AtomFacts(NamedTuple):
    """What is known of an atom."""

    element: int
    aromatic: bool
    hydrogens: int
    charge: int
    degree: int
    total_degree: int
    in_ring: bool


class BondFacts(NamedTuple):
    """What is known of a bond."""

    order: float
    in_ring: bool


Facts = AtomFacts | BondFacts


class Question(ABC):
    """A question with the answers yes, no, and None for "that cannot be told"."""

    @abstractmethod
    def of(self, facts: Facts) -> bool | None: ...


@dataclass(frozen=True)
class _Unknown(Question):
    def of(self, facts: Facts) -> bool | None:
        return None


@dataclass(frozen=True)
class _All(Question):
    parts: Sequence[Question]

    def of(self, facts: Facts) -> bool | None:
        answers = {part.of(facts) for part in self.parts}
        return False if False in answers else None if None in answers else True


@dataclass(frozen=True)
class _Any(Question):
    parts: Sequence[Question]

    def of(self, facts: Facts) -> bool | None:
        answers = {part.of(facts) for part in self.parts}
        return True if True in answers else None if None in answers else False


@dataclass(frozen=True)
class _Environment(Question):
    """Whether an atom has an environment, by what its first atom is asked; `whole` where that is all."""

    first: Question
    whole: bool
    yes: bool

    def of(self, facts: Facts) -> bool | None:
        found = self.first.of(facts)
        return None if found is None or (found and not self.whole) else found == self.yes


@dataclass(frozen=True)
class _Is(Question):
    name: str
    value: int
    yes: bool

    def of(self, facts: Facts) -> bool | None:
        found = _asked(self.name, self.value, facts)
        return None if found is None else found == self.yes


def _asked(name: str, value: int, facts: Facts) -> bool | None:
    """Whether a fact, by RDKit's name for the question, has a value."""
    if isinstance(facts, BondFacts):
        return _asked_of_bond(name, value, facts)
    match name:
        case "AtomAtomicNum":
            return facts.element == value
        case "AtomType":
            return facts.element + _AROMATIC * facts.aromatic == value
        case "AtomIsAromatic":
            return facts.aromatic == value
        case "AtomIsAliphatic":
            return facts.aromatic != value
        case "AtomHCount":
            return facts.hydrogens == value
        case "AtomFormalCharge":
            return facts.charge == value
        case "AtomExplicitDegree":
            return facts.degree == value
        case "AtomTotalDegree":
            return facts.total_degree == value
        case "AtomInRing":
            return facts.in_ring == value
        case "AtomInNRings":
            return facts.in_ring if value < 0 else not facts.in_ring if value == 0 else None
    return None


def _asked_of_bond(name: str, value: int, facts: BondFacts) -> bool | None:
    match name:
        case "BondOrder" if value in _ORDERS:
            same = facts.order == _ORDERS[value]
            return None if same and facts.order in _SHARED else same
        case "SingleOrAromaticBond":
            return None if facts.order in _SHARED else False
        case "BondInRing":
            return facts.in_ring == value
    return None


def read_question(description: str, smarts: str = "") -> Question:
    """The question in RDKit's description of a query: a question on a line, and its parts below, further in. The SMARTS
    says what stands at an environment, of which a description holds no more than that there is one."""
    lines = [line for line in description.splitlines() if line.strip()]
    signs = [sign for sign in map(_ENVIRONMENT.get, map(str.strip, lines)) if sign is not None]
    found = _environments(smarts)
    known = [one.yes for one in found] == signs  # else they are not where they are expected
    return _read(lines, iter(found if known else []))[0] if lines else _Unknown()


def _read(lines: Sequence[str], environments: Iterator[Question]) -> list[Question]:
    """The questions that stand side by side in some lines."""
    depth = len(lines[0]) - len(lines[0].lstrip())
    starts = [i for i, line in enumerate(lines) if len(line) - len(line.lstrip()) == depth]
    return [_one(lines[start:end], environments) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _one(lines: Sequence[str], environments: Iterator[Question]) -> Question:
    asked, below = lines[0].strip(), lines[1:]
    if asked in _ENVIRONMENT:
        return next(environments, _Unknown())
    parts = _read(below, environments) if below else []
    if asked in ("AtomAnd", "BondAnd") and parts:
        return _All(parts)
    if asked in ("AtomOr", "BondOr") and parts:
        return _Any(parts)
    leaf = _LEAF.fullmatch(asked)
    return _Is(leaf[1], int(leaf[2]), leaf[3] == "=") if leaf and not below else _Unknown()


def _environments(smarts: str) -> list[_Environment]:
    """The environments $(...) of an atom's SMARTS, in order, without those inside of others."""
    from rdkit import Chem

    found: list[_Environment] = []
    end = 0
    while (start := smarts.find("$(", end)) >= 0:
        end = _closing(smarts, start + 1)
        pattern = Chem.MolFromSmarts(smarts[start + 2 : end])
        if pattern is None:
            return []
        root = pattern.GetAtomWithIdx(0)
        question = read_question(root.DescribeQuery(), root.GetSmarts())
        found.append(_Environment(question, pattern.GetNumAtoms() == 1, not smarts[:start].endswith("!")))
    return found


def _closing(text: str, opening: int) -> int:
    """Where the bracket that opens at a place is closed."""
    depth = 0
    for i in range(opening, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if not depth:
            return i
    return len(text)
