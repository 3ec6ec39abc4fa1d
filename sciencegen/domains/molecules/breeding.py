"""New molecules of others: pieces of two put together, and small changes to one, on molecular graphs.

In the manner of A graph-based genetic algorithm and generative model/Monte Carlo tree search for the exploration of
chemical space (Jensen; 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from sciencegen.domains.molecules.molecule import Molecule, parsed

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["offspring"]

_TRIES = 20
"""So many times as many are tried as are wanted, before there are fewer."""
_LARGEST_RING = 8
_MOST_ATOMS = 80
_MUTATED = 0.3
"""The share of crossed molecules that is changed too."""
_CROSSED = 0.7
"""The share of new molecules that has two parents."""
_ATOMS = ("C", "C", "C", "N", "N", "O", "O", "F", "S", "Cl")
_INNER = ("C", "C", "N", "O", "S")

Change = Callable[["Chem.RWMol", Random], "Chem.Mol | None"]


def offspring(parents: Sequence[Molecule], n: int, seed: int) -> list[Molecule]:
    """At most `n` new molecules of these; those that stand first come more often."""
    if not parents:
        return []
    random, known = Random(seed), set(parents)
    found: list[Molecule] = []
    for _ in range(_TRIES * n):
        if len(found) == n:
            break
        child = _child(parents, random)
        if child is not None and child not in known:
            known.add(child)
            found.append(child)
    return found


def _child(parents: Sequence[Molecule], random: Random) -> Molecule | None:
    one, other = (parents[int(len(parents) * random.random() ** 2)] for _ in range(2))
    mol: Chem.Mol | None = _kekulised(parsed(one))
    if one != other and random.random() < _CROSSED:
        mol = _crossed(mol, _kekulised(parsed(other)), random)
        mol = _clean(mol)
        if mol is None or random.random() >= _MUTATED:
            return _named(mol)
        mol = _kekulised(mol)
    return _named(_clean(random.choice(_CHANGES)(_editable(mol), random)))


def _kekulised(mol: Chem.Mol) -> Chem.Mol:
    """A copy with single and double bonds in place of aromatic ones, so that bonds can be cut and joined."""
    from rdkit import Chem

    copied = Chem.Mol(mol)
    Chem.Kekulize(copied, clearAromaticFlags=True)
    return copied


def _editable(mol: Chem.Mol) -> Chem.RWMol:
    from rdkit import Chem

    return Chem.RWMol(mol)


def _clean(mol: Chem.Mol | None) -> Chem.Mol | None:
    """The molecule as it should be, or None where it is none that anybody wants."""
    from rdkit import Chem, rdBase

    if mol is None or not 2 < mol.GetNumAtoms() <= _MOST_ATOMS:
        return None
    for atom in mol.GetAtoms():
        if not atom.GetFormalCharge():  # hydrogens follow from the bonds, which have changed
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
    with rdBase.BlockLogs():
        if Chem.SanitizeMol(mol, catchErrors=True) != Chem.SanitizeFlags.SANITIZE_NONE:
            return None
    if any(len(ring) > _LARGEST_RING for ring in mol.GetRingInfo().AtomRings()) or len(Chem.GetMolFrags(mol)) > 1:
        return None
    return mol if not any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()) else None


def _named(mol: Chem.Mol | None) -> Molecule | None:
    """The canonical SMILES, where it can be read again."""
    from rdkit import Chem

    from sciencegen.domains.molecules.molecule import canonical

    return None if mol is None else canonical(Chem.MolToSmiles(mol))


def _crossed(one: Chem.Mol, other: Chem.Mol, random: Random) -> Chem.Mol | None:
    """A piece of one joined to a piece of the other, by a bond or by two that make a ring."""
    in_ring = random.random() < 0.5
    pieces = [_piece(mol, in_ring, random) for mol in (one, other)]
    return None if pieces[0] is None or pieces[1] is None else _joined(pieces[0], pieces[1], random)


def _piece(mol: Chem.Mol, in_ring: bool, random: Random) -> Chem.Mol | None:
    """A piece of a molecule, with a dummy atom where each bond was cut."""
    from rdkit import Chem

    cut = _ring_bonds(mol, random) if in_ring else _chain_bond(mol, random)
    if not cut:
        return None
    parts = Chem.GetMolFrags(Chem.FragmentOnBonds(mol, cut), asMols=True, sanitizeFrags=False)
    parts = [part for part in parts if sum(atom.GetAtomicNum() == 0 for atom in part.GetAtoms()) == len(cut)]
    return random.choice(parts) if parts else None


def _chain_bond(mol: Chem.Mol, random: Random) -> list[int]:
    """A single bond outside rings."""
    bonds = [bond.GetIdx() for bond in mol.GetBonds() if not bond.IsInRing() and _single(bond)]
    return [random.choice(bonds)] if bonds else []


def _ring_bonds(mol: Chem.Mol, random: Random) -> list[int]:
    """Two single bonds of a ring that do not touch."""
    rings = mol.GetRingInfo().BondRings()
    if not rings:
        return []
    bonds = [mol.GetBondWithIdx(i) for i in random.choice(rings)]
    single = [bond for bond in bonds if _single(bond)]
    if len(single) < 2:
        return []
    one, other = random.sample(single, 2)
    ends = {one.GetBeginAtomIdx(), one.GetEndAtomIdx()} & {other.GetBeginAtomIdx(), other.GetEndAtomIdx()}
    return [] if ends else [one.GetIdx(), other.GetIdx()]


def _single(bond: Chem.Bond) -> bool:
    return bool(bond.GetBondTypeAsDouble() == 1.0)


def _joined(one: Chem.Mol, other: Chem.Mol, random: Random) -> Chem.Mol:
    """Two pieces, joined where their dummy atoms are."""
    from rdkit import Chem

    mol = Chem.RWMol(Chem.CombineMols(one, other))
    dummies = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    first, second = dummies[: len(dummies) // 2], dummies[len(dummies) // 2 :]
    random.shuffle(second)
    for a, b in zip(first, second, strict=True):
        left, right = (mol.GetAtomWithIdx(i).GetNeighbors()[0].GetIdx() for i in (a, b))
        if mol.GetBondBetweenAtoms(left, right) is None:
            mol.AddBond(left, right, Chem.BondType.SINGLE)
    for i in sorted(dummies, reverse=True):
        mol.RemoveAtom(i)
    return mol.GetMol()


def _free(mol: Chem.Mol, least: int = 1) -> list[int]:
    """The atoms that have at least so many hydrogens to give away."""
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetTotalNumHs() >= least]


def _new_atom(symbol: str) -> Chem.Atom:
    from rdkit import Chem

    return Chem.Atom(symbol)


def _append(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    from rdkit import Chem

    double = random.random() < 0.2
    free = _free(mol, 2 if double else 1)
    if not free:
        return None
    new = mol.AddAtom(_new_atom(random.choice(_INNER if double else _ATOMS)))
    mol.AddBond(random.choice(free), new, Chem.BondType.DOUBLE if double else Chem.BondType.SINGLE)
    return mol.GetMol()


def _insert(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    from rdkit import Chem

    bonds = [bond for bond in mol.GetBonds() if _single(bond)]
    if not bonds:
        return None
    bond = random.choice(bonds)
    ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    mol.RemoveBond(*ends)
    new = mol.AddAtom(_new_atom(random.choice(_INNER)))
    for end in ends:
        mol.AddBond(end, new, Chem.BondType.SINGLE)
    return mol.GetMol()


def _delete(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    """Take an atom out; where it had two neighbours, they become neighbours of each other."""
    from rdkit import Chem

    few = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetDegree() <= 2]
    if not few or mol.GetNumAtoms() < 2:
        return None
    atom = mol.GetAtomWithIdx(random.choice(few))
    near = [one.GetIdx() for one in atom.GetNeighbors()]
    if len(near) == 2 and mol.GetBondBetweenAtoms(*near) is None:
        mol.AddBond(near[0], near[1], Chem.BondType.SINGLE)
    mol.RemoveAtom(atom.GetIdx())
    return mol.GetMol()


def _change_atom(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    atom = mol.GetAtomWithIdx(random.randrange(mol.GetNumAtoms()))
    symbols = sorted({*(_ATOMS if atom.GetDegree() == 1 else _INNER)} - {atom.GetSymbol()})
    if atom.GetFormalCharge():
        return None
    atom.SetAtomicNum(_new_atom(random.choice(symbols)).GetAtomicNum())
    return mol.GetMol()


def _change_bond(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    from rdkit import Chem

    if not mol.GetNumBonds():
        return None
    bond = mol.GetBondWithIdx(random.randrange(mol.GetNumBonds()))
    kinds: dict[float, Any] = {1.0: Chem.BondType.DOUBLE, 2.0: Chem.BondType.SINGLE, 3.0: Chem.BondType.DOUBLE}
    order = bond.GetBondTypeAsDouble()
    if order == 2.0 and not bond.IsInRing() and random.random() < 0.2:
        bond.SetBondType(Chem.BondType.TRIPLE)
    else:
        bond.SetBondType(kinds[order])
    return mol.GetMol()


def _close_ring(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    from rdkit import Chem

    distances: Any = Chem.GetDistanceMatrix(mol)
    free = _free(mol)
    pairs = [(a, b) for a in free for b in free if a < b and distances[a][b] in (4, 5)]
    if not pairs:
        return None
    mol.AddBond(*random.choice(pairs), Chem.BondType.SINGLE)
    return mol.GetMol()


def _open_ring(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    bonds = [bond for bond in mol.GetBonds() if bond.IsInRing() and _single(bond)]
    if not bonds:
        return None
    bond = random.choice(bonds)
    mol.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return mol.GetMol()


def _move(mol: Chem.RWMol, random: Random) -> Chem.Mol | None:
    """Cut off a piece and put it somewhere else."""
    from rdkit import Chem

    cut = _chain_bond(mol, random)
    if not cut:
        return None
    bond = mol.GetBondWithIdx(cut[0])
    ends = [bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()]
    random.shuffle(ends)
    free = set(_free(mol))
    mol.RemoveBond(*ends)
    for part in Chem.GetMolFrags(mol):
        places = [i for i in part if i in free]
        if ends[0] not in part and places:
            mol.AddBond(ends[0], random.choice(places), Chem.BondType.SINGLE)
            return mol.GetMol()
    return None


_CHANGES: tuple[Change, ...] = (
    _append,
    _insert,
    _delete,
    _change_atom,
    _change_atom,
    _change_bond,
    _close_ring,
    _open_ring,
    _move,
)
