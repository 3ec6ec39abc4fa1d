"""The bonds an atom of a SMILES may make: a small automaton whose valences are RDKit's.

An atom is complete when its bond orders sum to a valence that RDKit accepts without unpaired electrons, and, for atoms
outside brackets, without hydrogens on a raised valence (S with three bonds would be SH). Between two complete sums
an atom owes bonds, which have to be paid before the spelling may leave it. An atom whose token leaves its hydrogens
open, such as `[NH?+]`, has as many as its valence asks for once its bonds are known, and owes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

__all__ = ["BONDS", "OPEN", "ORDERS", "TRIPLE", "Atoms", "Bonding", "atoms_of", "bonding", "hydrogens", "named"]

BONDS = ("", "-", "=", "#", "/", "\\")
"""Bonds by their number; 0 is none."""
TRIPLE = BONDS.index("#")
ORDERS = (0, 1, 2, 3, 1, 1)
"""Their orders."""
OPEN = "H?"
"""What stands in a token whose hydrogens follow from its bonds."""
_MOST = 8  # no atom has more bonds
_COVALENT = frozenset(("*", "H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Ge", "As", "Se", "Br", "Te", "I"))
"""Elements that form bonds; all others stand alone as ions, as RDKit makes dative bonds of theirs after counting."""
_HALOGENS = frozenset(("F", "Cl", "Br", "I"))
"""Elements kept from double bonds, as RDKit rewrites X=O by charges, and fails where that oxygen has one."""


@dataclass(frozen=True)
class Bonding:
    """An atom with the bonds it has made.

    `sums` are the sums of bond orders at which it is complete, `top` is the highest order it takes. Directions count
    as single bonds: where two contradict each other, RDKit leaves the geometry open.
    """

    sums: tuple[int, ...]
    top: int
    made: int = 0

    def after(self, bond: int) -> Bonding | None:
        """The atom with one more bond; None where it cannot be made."""
        order = ORDERS[bond]
        if order > self.top or self.made + order > self.sums[-1]:
            return None
        return replace(self, made=self.made + order)

    @property
    def owed(self) -> int:
        """The fewest bond orders that make it complete."""
        return min(total for total in self.sums if total >= self.made) - self.made

    @property
    def room(self) -> int:
        """How many more bond orders it can take."""
        return self.sums[-1] - self.made

    @property
    def cost(self) -> int:
        """How many tokens it takes at most to leave the atom complete, whether or not the chain has to go on from it.

        A bond is paid by a branch of one atom, three tokens, and the last one by going on, one token. A complete atom
        that would owe again if the chain went on is charged for those branches, and for one step to get there.
        """
        if self.owed:
            return 3 * self.owed - 2
        if not self.room:
            return 0
        owed = replace(self, made=self.made + 1).owed
        return 3 * owed + 1 if owed else 0


@cache
def bonding(token: str, radicals: bool = False) -> Bonding | None:
    """A fresh atom of a token; None where that is no atom, an aromatic one, or one that is never complete. With
    `radicals`, unpaired electrons of an atom in brackets are nothing missing."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(named(token, 0), sanitize=False)
        if mol is None or mol.GetNumAtoms() != 1 or mol.GetAtomWithIdx(0).GetIsAromatic():
            return None
        atom = mol.GetAtomWithIdx(0)
        handed, written = "@" in token, atom.GetNumExplicitHs()
        if handed and not token.split("@")[-1].startswith(("]", "H", "+", "-")):
            return None  # squares and octahedra
        if atom.GetSymbol() not in _COVALENT:
            return Bonding((0,), 1) if atom.GetFormalCharge() and not handed else None
        if OPEN in token:
            sums = _usual(list(hydrogens(token)))
        else:
            possible = range(max(3 - written, 0) if handed else 0, _MOST + 1)
            sums = _usual([n for n in possible if _complete(token, n, radicals)])
    if not sums:
        return None
    four = handed and sums[-1] + written <= 4  # a handed atom of four neighbours has no double bond
    return Bonding(sums, 1 if four or atom.GetSymbol() in _HALOGENS else 3)


def _usual(sums: list[int]) -> tuple[int, ...]:
    """The sums up to the first wide gap: beyond it RDKit accepts what chemistry does not, such as Na+ with 8 bonds."""
    wide = next((i for i, (one, other) in enumerate(pairwise(sums), 1) if other - one > 2), len(sums))
    return tuple(sums[:wide])


@cache
def hydrogens(token: str) -> Mapping[int, int]:
    """How many hydrogens an atom has whose token leaves them open, for every sum of bonds at which it is complete: as
    many as its lowest valence asks for, and none on a raised one."""
    handed, found = "@" in token, dict[int, int]()
    lowest = next((n for n in range(_MOST + 1) if _complete(named(token, 0), n)), 0)
    for n in range(3 if handed else 0, _MOST + 1):
        many = max(lowest - n, 0)
        if many <= (1 if handed else _MOST) and _complete(named(token, many), n):
            found[n] = many
    return found


def named(token: str, many: int) -> str:
    """A token that leaves its hydrogens open, with so many of them."""
    return token.replace(OPEN, "" if not many else "H" if many == 1 else f"H{many}")


def _complete(token: str, bonds: int, radicals: bool = False) -> bool:
    """Whether RDKit finds nothing missing in an atom with so many single bonds."""
    from rdkit import Chem

    reading = Chem.SmilesParserParams()
    reading.removeHs = False
    mol = Chem.MolFromSmiles(token + "(C)" * bonds, reading)
    if mol is None or (mol.GetAtomWithIdx(0).GetNumRadicalElectrons() and not radicals):
        return False
    atom = mol.GetAtomWithIdx(0)
    usual = Chem.GetPeriodicTable().GetDefaultValence(atom.GetAtomicNum())
    return token.startswith("[") or not atom.GetTotalNumHs() or bonds <= usual


@dataclass(frozen=True)
class Atoms:
    """All the states atoms of a vocabulary can be in, by number; 0 is none, from which nothing leads on.

    `fresh[token][bond]` is the state of a new atom reached by a bond (0: the first atom); `after[state][bond]` that of
    an atom which makes one.
    """

    fresh: tuple[tuple[int, ...], ...]
    after: tuple[tuple[int, ...], ...]
    cost: tuple[int, ...]
    room: tuple[int, ...]
    complete: tuple[bool, ...]


def atoms_of(vocabulary: Sequence[str], radicals: bool = False) -> Atoms:
    """The states of the atoms of a vocabulary."""
    numbers: dict[Bonding, int] = {}
    fresh = tuple(tuple(_numbered(numbers, _reached(token, radicals))) for token in vocabulary)
    after = [(0,) * len(BONDS)]
    states: list[Bonding] = []
    while len(states) < len(numbers):
        states += list(numbers)[len(states) :]
        for state in states[len(after) - 1 :]:
            after.append((0, *_numbered(numbers, (state.after(bond) for bond in range(1, len(BONDS))))))
    return Atoms(
        fresh,
        tuple(after),
        (0, *(state.cost for state in states)),
        (0, *(state.room for state in states)),
        (False, *(not state.owed for state in states)),
    )


def _reached(token: str, radicals: bool) -> Iterator[Bonding | None]:
    """A new atom at the start and at the end of every bond."""
    atom = bonding(token, radicals) if token not in (*BONDS, "(", ")", ".") else None
    yield atom
    for bond in range(1, len(BONDS)):
        yield None if atom is None else atom.after(bond)


def _numbered(numbers: dict[Bonding, int], states: Iterator[Bonding | None]) -> Iterator[int]:
    for state in states:
        yield 0 if state is None else numbers.setdefault(state, len(numbers) + 1)
