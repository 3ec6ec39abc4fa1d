"""Where a molecule's growth begins: parts of molecules to learn from, and scaffolds that are given."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from sciencegen.domains.molecules.built import Skeleton, skeleton
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.errors import RequestError

__all__ = ["Beginning", "beginning", "cut", "held"]

_FRAMEWORK, _PIECE, _RINGS = 0.35, 0.7, 0.9
"""How often a molecule begins with its framework, a piece or a system of rings; and otherwise with nothing."""
_MARKED = 0.5
_CUTS = (1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Beginning:
    """A scaffold written to be grown."""

    tokens: Sequence[str]
    atoms: int


def beginning(scaffold: str) -> Beginning:
    """A scaffold as it is given: SMILES, with [*] or [*:1] where it may grow, or anywhere if there is none."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(scaffold, sanitize=False) if scaffold else None
        if mol is None or not mol.GetNumAtoms():
            raise RequestError(f"{scaffold}: not a molecule: expected SMILES, such as c1ccc2[nH]ccc2c1")
        failed = Chem.SanitizeMol(mol, catchErrors=True)
    if failed:
        raise RequestError(f"{scaffold}: {_complaint(failed)}")
    mol = Chem.RemoveHs(mol)
    Chem.AssignStereochemistry(mol, cleanIt=True)
    if len(Chem.GetMolFrags(mol)) > 1:
        raise RequestError(f"{scaffold}: has several parts; expected one that is connected")
    marks = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    opened: dict[int, int] = {}
    for mark in marks:
        bonds = mark.GetBonds()
        if len(bonds) != 1 or bonds[0].GetBondTypeAsDouble() != 1 or bonds[0].GetOtherAtom(mark).GetAtomicNum() == 0:
            raise RequestError(f"{scaffold}: [*] stands for a group that is bound by one single bond to an atom")
        at = bonds[0].GetOtherAtomIdx(mark.GetIdx())
        opened[at] = opened.get(at, 0) + 1
    for atom in mol.GetAtoms():
        if atom.GetNumRadicalElectrons() or (atom.GetIsotope() and atom.GetAtomicNum()):
            raise RequestError(f"{scaffold}: unpaired electrons and isotopes are nothing the model knows")
    try:
        found = skeleton(mol)
    except ValueError as error:
        raise RequestError(f"{scaffold}: has {error}") from error
    order = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum()]
    order = list(_walk(found, order[0], set(order), None))
    return Beginning(found.written(order, [opened.get(atom, 0) for atom in order], len(order)), len(order))


def held(scaffold: str) -> Callable[[Molecule], bool]:
    """Says of molecules whether they hold a scaffold, grown where it says that it may, and there alone."""
    from rdkit import Chem

    wanted = Chem.MolFromSmiles(scaffold)
    if wanted is None:
        raise RequestError(f"{scaffold}: not a molecule")
    for atom in wanted.GetAtoms():
        atom.SetAtomMapNum(0)
    if "*" not in scaffold:
        return lambda molecule: bool(parsed(molecule).HasSubstructMatch(wanted, useChirality=True))
    how = Chem.AdjustQueryParameters.NoAdjustments()
    how.adjustDegree, how.adjustDegreeFlags = True, Chem.ADJUST_IGNOREDUMMIES
    how.makeDummiesQueries = True
    query = Chem.AdjustQueryProperties(wanted, how)
    return lambda molecule: bool(parsed(molecule).HasSubstructMatch(query, useChirality=True))


def _complaint(failed: object) -> str:
    if "KEKULIZE" in str(failed):
        return (
            "its aromatic rings cannot be written with single and double bonds in turn: is a hydrogen missing, as in "
            "[nH]?"
        )
    return "not a molecule: an atom has more bonds than it can"


def cut(found: Skeleton, source: random.Random) -> list[str]:
    """The molecule written as it may grow from a part of it, drawn at random."""
    part = _part(found, source)
    if not part:
        return found.written(range(len(found.atoms)))
    begun = list(_walk(found, source.choice(sorted(part)), part, source))
    opened = [sum(b not in part for b in found.neighbours[atom]) for atom in begun]
    rest = set(range(len(found.atoms))) - part
    order, left = list(begun), set(rest)
    for atom in begun:
        for near in sorted(found.neighbours[atom]):
            if near in left:
                grown = list(_walk(found, near, left, None))
                order += grown
                left -= set(grown)
    return found.written(order, opened if source.random() < _MARKED else (), len(begun))


def _walk(found: Skeleton, start: int, inside: Collection[int], source: random.Random | None) -> Iterator[int]:
    """The atoms that are reached from one, depth first, within some; neighbours in order, or at random."""
    seen, waiting = set[int](), [start]
    while waiting:
        atom = waiting.pop()
        if atom in seen:
            continue
        seen.add(atom)
        yield atom
        near = sorted((b for b in found.neighbours[atom] if b in inside and b not in seen), reverse=True)
        if source is not None:
            source.shuffle(near)
        waiting += near


def _part(found: Skeleton, source: random.Random) -> set[int]:
    """Atoms that hang together: the framework of rings and chains between them, a piece, rings, or nothing."""
    kind, whole = source.random(), set(range(len(found.atoms)))
    if kind < _FRAMEWORK:
        return _framework(found)
    single = found.joints
    if kind < _PIECE:
        gone = set(source.sample(single, min(source.choice(_CUTS), len(single))))
        return source.choice(_pieces(found, whole, gone))
    if kind < _RINGS:
        rings = [piece for piece in _pieces(found, whole, set(single)) if len(piece) > 2]
        return source.choice(rings) if rings else set()
    return set()


def _framework(found: Skeleton) -> set[int]:
    """Rings and the chains between them, with what is bound to them by more than a single bond, as scaffolds of Bemis
    and Murcko are; nothing where there is no ring."""
    left = set(range(len(found.atoms)))
    while ends := {atom for atom in left if sum(b in left for b in found.neighbours[atom]) < 2}:
        left -= ends
    new = set(left)
    while new := {b for atom in new for b in found.neighbours[atom] if found.bonds[atom, b] != "-"} - left:
        left |= new
    return left


def _pieces(found: Skeleton, whole: set[int], gone: Collection[tuple[int, int]]) -> list[set[int]]:
    """The parts a molecule falls into without some bonds."""
    pieces, left = [], set(whole)
    while left:
        start = min(left)
        piece, waiting = {start}, [start]
        while waiting:
            atom = waiting.pop()
            for near in found.neighbours[atom]:
                if near not in piece and (min(atom, near), max(atom, near)) not in gone:
                    piece.add(near)
                    waiting.append(near)
        pieces.append(piece)
        left -= piece
    return pieces
