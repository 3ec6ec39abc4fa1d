"""What patterns need of a molecule at the least: most of a long list are ruled out before one is searched for.

A match sends atoms of a query to different atoms of a molecule, and bonds to bonds. So wherever an atom of the query
has two neighbours, some atom of the molecule that it may stand for has two that those may stand for. The surroundings
of an atom are of few kinds: what each of them satisfies is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations, count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.domains.molecules.query import AtomFacts, BondFacts, Question, read_question

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["Needs", "Surroundings", "surroundings"]

_MOST = 200_000
"""So many kinds of surroundings are remembered; real molecules have some thousands."""


class _Kinds(dict[tuple[Any, ...], int]):
    """The numbers of what was met in this process, and what they stand for."""

    def __init__(self) -> None:
        self.met: dict[int, tuple[Any, ...]] = {}
        self._free = count()

    def __missing__(self, kind: tuple[Any, ...]) -> int:
        number = next(self._free)
        self.met[number] = kind
        return self.setdefault(kind, number)


_ATOMS, _ARMS = _Kinds(), _Kinds()
Surroundings = tuple[int, ...]
"""The number of an atom's kind, and those of its arms: the bonds it has, each with the atom at its end."""


@lru_cache(maxsize=256)
def surroundings(molecule: Molecule) -> frozenset[Surroundings]:
    """The kinds of surroundings in a molecule."""
    mol = parsed(molecule)
    atoms: list[int] = []
    for index in range(mol.GetNumAtoms()):  # RDKit's own loop over atoms takes six times as long
        atom = mol.GetAtomWithIdx(index)
        kind = (
            atom.GetAtomicNum(), atom.GetIsAromatic(), atom.GetTotalNumHs(True), atom.GetFormalCharge(),
            atom.GetDegree(), atom.GetTotalDegree(), atom.IsInRing(),
        )  # fmt: skip
        atoms.append(_ATOMS[kind])
    arms: list[list[int]] = [[] for _ in atoms]
    for index in range(mol.GetNumBonds()):
        bond = mol.GetBondWithIdx(index)
        one, other = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        order, ring = bond.GetBondTypeAsDouble(), bond.IsInRing()
        arms[one].append(_ARMS[order, ring, atoms[other]])
        arms[other].append(_ARMS[order, ring, atoms[one]])
    return frozenset((atom, *sorted(around)) for atom, around in zip(atoms, arms, strict=True))


class _Corner(NamedTuple):
    """An atom of a query with two of its neighbours, or with the one it has, or alone: numbers of tests."""

    atom: int
    first: tuple[int, int] | None = None
    second: tuple[int, int] | None = None


class Needs:
    """What each of some queries needs.

    A query without atoms, or None where nothing is known of one, needs nothing.
    """

    def __init__(self, queries: Sequence[Chem.Mol | None]) -> None:
        atoms: dict[tuple[str, str], int] = {}
        bonds: dict[str, int] = {}
        corners: dict[_Corner, int] = {}
        self._of_queries = [
            sum(1 << corners.setdefault(corner, len(corners)) for corner in _corners(query, atoms, bonds))
            for query in queries
        ]
        self._atom_tests, self._bond_tests = (
            [read_question(*said) for said in atoms],
            [read_question(text) for text in bonds],
        )
        self._centre = np.array([corner.atom for corner in corners], dtype=np.int64)
        self._has_first = np.array([corner.first is not None for corner in corners], dtype=bool)
        self._has_second = np.array([corner.second is not None for corner in corners], dtype=bool)
        self._first = np.array([corner.first or (0, 0) for corner in corners], dtype=np.int64).reshape(-1, 2)
        self._second = np.array([corner.second or (0, 0) for corner in corners], dtype=np.int64).reshape(-1, 2)
        self._satisfied: dict[Surroundings, int] = {}
        self._fit_atoms: dict[int, NDArray[np.bool_]] = {}
        self._fit_bonds: dict[tuple[Any, ...], NDArray[np.bool_]] = {}

    def possible(self, around: Iterable[Surroundings]) -> list[int]:
        """The numbers, in order, of the queries that a molecule with such surroundings may match; the others it does
        not."""
        satisfied = 0
        for one in around:
            found = self._satisfied.get(one)
            satisfied |= self._remembered(one) if found is None else found
        missing = ~satisfied
        return [number for number, needed in enumerate(self._of_queries) if not needed & missing]

    def _remembered(self, one: Surroundings) -> int:
        if len(self._satisfied) >= _MOST:
            self._satisfied.clear()
        found = self._satisfied[one] = self._satisfies(one)
        return found

    def _satisfies(self, one: Surroundings) -> int:
        """The corners that are found at an atom, as bits of a number."""
        centre = self._atom(one[0])[self._centre]
        shape = (len(one) - 1, len(self._centre))
        first, second = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        for i, arm in enumerate(one[1:]):
            order, in_ring, atom = _ARMS.met[arm]
            bonds, atoms = self._bond((order, in_ring)), self._atom(atom)
            first[i] = bonds[self._first[:, 0]] & atoms[self._first[:, 1]]
            second[i] = bonds[self._second[:, 0]] & atoms[self._second[:, 1]]
        one_arm = first.any(0)
        only = (first.sum(0) == 1) & (second.sum(0) == 1) & (first & second).any(0)  # the same arm for both
        two_arms = one_arm & second.any(0) & ~only
        found = centre & (~self._has_first | one_arm) & (~self._has_second | two_arms)
        return int.from_bytes(np.packbits(found, bitorder="little").tobytes(), "little")

    def _atom(self, kind: int) -> NDArray[np.bool_]:
        """Which tests of atoms an atom of a kind may pass."""
        if kind not in self._fit_atoms:
            facts = AtomFacts(*_ATOMS.met[kind])
            self._fit_atoms[kind] = _passed(self._atom_tests, facts)
        return self._fit_atoms[kind]

    def _bond(self, kind: tuple[Any, ...]) -> NDArray[np.bool_]:
        if kind not in self._fit_bonds:
            self._fit_bonds[kind] = _passed(self._bond_tests, BondFacts(*kind))
        return self._fit_bonds[kind]


def _passed(tests: Sequence[Question], facts: AtomFacts | BondFacts) -> NDArray[np.bool_]:
    return np.array([*(test.of(facts) is not False for test in tests), True], dtype=bool)  # never empty


def _corners(query: Chem.Mol | None, atoms: dict[tuple[str, str], int], bonds: dict[str, int]) -> set[_Corner]:
    """The corners of a query; tests that are met for the first time are numbered."""
    if query is None:
        return set()
    tests = [atoms.setdefault((atom.DescribeQuery(), atom.GetSmarts()), len(atoms)) for atom in query.GetAtoms()]
    arms: list[list[tuple[int, int]]] = [[] for _ in tests]
    for bond in query.GetBonds():
        test = bonds.setdefault(bond.DescribeQuery(), len(bonds))
        one, other = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        arms[one].append((test, tests[other]))
        arms[other].append((test, tests[one]))
    found: set[_Corner] = set()
    for atom, around in zip(tests, arms, strict=True):
        if len(around) < 2:
            found.add(_Corner(atom, *around))
        found |= {_Corner(atom, one, other) for one, other in combinations(sorted(around), 2)}
    return found
