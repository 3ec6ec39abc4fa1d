"""Molecules built atom by atom and bond by bond, and taken apart in the same way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sciencegen.domains.molecules.molecule import Molecule, canonical

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["BONDS", "Skeleton", "atom_token", "bond_token", "built", "skeleton"]

BONDS = {"-": 1, "=": 2, "#": 3, "c": 2, "t": 2}
"""Kinds of bonds and their orders. Double bonds may be cis or trans: where the first other neighbours of their ends
are, in the order in which bonds are made."""
_ATOM = re.compile(r"\[([A-Z][a-z]?)(@{0,2})([+-]?)(\d*)\]")
_BOND = re.compile(r"\[([-=#ct])(\d+)\]")


def atom_token(symbol: str, hand: str = "", charge: int = 0) -> str:
    """The token of an atom; its hydrogens follow from its bonds."""
    sign = "" if not charge else ("+" if charge > 0 else "-") + (str(abs(charge)) if abs(charge) > 1 else "")
    return f"[{symbol}{hand}{sign}]"


def bond_token(kind: str, distance: int) -> str:
    """The token of a bond to the atom so many before."""
    return f"[{kind}{distance}]"


@dataclass(frozen=True)
class Skeleton:
    """A molecule as its atoms and bonds, with single and double bonds in turn."""

    atoms: Sequence[tuple[str, int]]  # symbol and charge
    bonds: Mapping[tuple[int, int], str]  # by both ends, either way round
    neighbours: Sequence[Sequence[int]]
    hands: Mapping[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    """For handed atoms, @ or @@, and the order of neighbours that it holds for."""
    sides: Mapping[tuple[int, int], tuple[bool, int, int]] = field(default_factory=dict)
    """For double bonds, whether two neighbours are on the same side, one of the first and one of the second end."""

    @cached_property
    def joints(self) -> list[tuple[int, int]]:
        """The single bonds that are in no ring: what a molecule falls apart at."""
        ring = [False] * len(self.atoms)
        parent, order, depth = {0: -1}, list[int](), dict[int, int]()
        waiting = [(0, -1)]
        while waiting:  # depth first: a bond back to where the way came through closes a ring
            atom, before = waiting.pop()
            if atom in depth:
                continue
            parent[atom], depth[atom] = before, len(order)
            order.append(atom)
            waiting += [(near, atom) for near in self.neighbours[atom] if near not in depth]
        for atom in order:
            for near in self.neighbours[atom]:
                if near != parent[atom] and depth[near] < depth[atom] and parent.get(near) != atom:
                    step = atom
                    while step != near and step >= 0:
                        ring[step] = True  # the bond to its parent
                        step = parent[step]
        return sorted(
            (min(atom, before), max(atom, before))
            for atom, before in parent.items()
            if before >= 0 and not ring[atom] and self.bonds[atom, before] == "-"
        )

    def written(self, order: Sequence[int], opened: Sequence[int] = (), first: int = 0) -> list[str]:
        """The tokens of atoms in an order, of which `first` are given; `opened` says how many bonds to each of these
        are still to be made."""
        place = {atom: i for i, atom in enumerate(order)}
        tokens: list[str] = []
        for i, atom in enumerate(order):
            symbol, charge = self.atoms[atom]
            tokens.append(atom_token(symbol, self._hand(atom, place), charge))
            earlier = sorted((place[b] for b in self.neighbours[atom] if place.get(b, i) < i), reverse=True)
            tokens += [bond_token(self._bond(atom, order[j], place), i - j) for j in earlier]
            if i < first:
                tokens += ["[*]"] * (opened[i] if i < len(opened) else 0)
            if i == first - 1:
                tokens.append("[>]")
        return tokens if first else ["[>]", *tokens]

    def _met(self, atom: int, place: Mapping[int, int]) -> list[int]:
        """The neighbours of an atom in the order in which bonds to them are made, those that are not there last."""
        own = place[atom]

        def when(near: int) -> tuple[int, int]:
            if near not in place:
                return 2, near
            return (1, place[near]) if place[near] > own else (0, -place[near])

        return sorted(self.neighbours[atom], key=when)

    def _hand(self, atom: int, place: Mapping[int, int]) -> str:
        hand, held = self.hands.get(atom, ("", ()))
        other = {"": "", "@": "@@", "@@": "@"}
        return other[hand] if _odd([held.index(near) for near in self._met(atom, place)] if hand else ()) else hand

    def _bond(self, atom: int, to: int, place: Mapping[int, int]) -> str:
        kind = self.bonds[atom, to]
        ends = (atom, to) if (atom, to) in self.sides else (to, atom)
        if ends not in self.sides:
            return kind
        same, *stated = self.sides[ends]
        for end, other, named in zip(ends, reversed(ends), stated, strict=True):
            met = [b for b in self._met(end, place) if b != other]
            if not met:
                return kind
            same ^= met[0] != named
        return "c" if same else "t"


def _odd(order: Sequence[int]) -> bool:
    """Whether an order is an odd number of exchanges away from the sorted one."""
    return bool(sum(order[j] > order[i] for i in range(len(order)) for j in range(i)) % 2)


def skeleton(mol: Chem.Mol) -> Skeleton:
    """The atoms and bonds of RDKit's molecule."""
    from rdkit import Chem

    mol = Chem.Mol(mol)
    Chem.Kekulize(mol, clearAromaticFlags=True)
    kinds = {Chem.BondType.SINGLE: "-", Chem.BondType.DOUBLE: "=", Chem.BondType.TRIPLE: "#"}
    tags = {Chem.ChiralType.CHI_TETRAHEDRAL_CCW: "@", Chem.ChiralType.CHI_TETRAHEDRAL_CW: "@@"}
    same = {Chem.BondStereo.STEREOZ: True, Chem.BondStereo.STEREOCIS: True}
    same |= {Chem.BondStereo.STEREOE: False, Chem.BondStereo.STEREOTRANS: False}
    bonds: dict[tuple[int, int], str] = {}
    sides: dict[tuple[int, int], tuple[bool, int, int]] = {}
    for bond in mol.GetBonds():
        a, b, kind = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), kinds.get(bond.GetBondType())
        if kind is None:
            raise ValueError(f"a bond of type {bond.GetBondType()}, which graphs do not have")
        bonds[a, b] = bonds[b, a] = kind
        if bond.GetStereo() in same:
            sides[a, b] = (same[bond.GetStereo()], *bond.GetStereoAtoms())
    hands = {}
    for atom in mol.GetAtoms():
        if atom.GetChiralTag() in tags:
            near = tuple(bond.GetOtherAtomIdx(atom.GetIdx()) for bond in atom.GetBonds())
            hands[atom.GetIdx()] = (tags[atom.GetChiralTag()], near)
    atoms = [(atom.GetSymbol(), atom.GetFormalCharge()) for atom in mol.GetAtoms()]
    neighbours = [[b.GetIdx() for b in atom.GetNeighbors()] for atom in mol.GetAtoms()]
    return Skeleton(atoms, bonds, neighbours, hands, sides)


def built(tokens: Sequence[str]) -> Molecule | None:
    """The molecule that tokens build, or None where they build none."""
    from rdkit import Chem, rdBase

    mol = Chem.RWMol()
    sides: list[tuple[int, bool]] = []
    kinds = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    tags = {"@": Chem.ChiralType.CHI_TETRAHEDRAL_CCW, "@@": Chem.ChiralType.CHI_TETRAHEDRAL_CW}
    here = -1
    for token in tokens:
        if bond := _BOND.fullmatch(token):
            there = here - int(bond[2])
            if there < 0 or mol.GetBondBetweenAtoms(here, there) is not None:
                return None
            many = mol.AddBond(there, here, kinds[BONDS[bond[1]]])
            if bond[1] in "ct":
                sides.append((many - 1, bond[1] == "c"))
        elif atom := _ATOM.fullmatch(token):
            new = Chem.Atom(atom[1])
            new.SetFormalCharge(int(f"{atom[3]}{atom[4] or 1}") if atom[3] else 0)
            if atom[2]:
                new.SetChiralTag(tags[atom[2]])
            here = mol.AddAtom(new)
    if here < 0:
        return None
    with rdBase.BlockLogs():
        if Chem.SanitizeMol(mol, catchErrors=True) != Chem.SanitizeFlags.SANITIZE_NONE:
            return None
        if sides:
            _set_sides(mol, sides)
        return canonical(Chem.MolToSmiles(mol))


def _set_sides(mol: Chem.RWMol, sides: Sequence[tuple[int, bool]]) -> None:
    from rdkit import Chem

    for number, same in sides:
        bond = mol.GetBondWithIdx(number)
        ends = []
        for atom, other in ((bond.GetBeginAtom(), bond.GetEndAtomIdx()), (bond.GetEndAtom(), bond.GetBeginAtomIdx())):
            near = [one.GetOtherAtomIdx(atom.GetIdx()) for one in atom.GetBonds()]  # in the order they were made
            ends.append(next((b for b in near if b != other), -1))
        if min(ends) >= 0 and not bond.GetIsAromatic():
            bond.SetStereoAtoms(*ends)
            bond.SetStereo(Chem.BondStereo.STEREOCIS if same else Chem.BondStereo.STEREOTRANS)
    Chem.SetDoubleBondNeighborDirections(mol)
