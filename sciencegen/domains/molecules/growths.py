"""Molecules as graphs that grow, atom by atom and bond by bond; a scaffold may be where growth begins."""

from __future__ import annotations

import random
from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from sciencegen.core.batch import seed_at
from sciencegen.core.growth import Growth, Layout
from sciencegen.core.space import Space, Tokens
from sciencegen.domains.molecules.begun import beginning, cut, held
from sciencegen.domains.molecules.built import BONDS, Skeleton, bond_token, built, skeleton
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.domains.molecules.strings import END, Strings, tokens
from sciencegen.domains.molecules.written import unwritten, written
from sciencegen.errors import RequestError

__all__ = ["PLAIN", "Growing", "Growths", "Scaffolded", "plain"]

_SIGNS = ("", "[>]", "[*]")
PLAIN = ("graphs", ("rdkit",))
"""The name of texts of whole molecules, and what decides how they are."""
_AT_ONCE = 4
"""So many ways to begin a molecule are written together: taking it apart costs more than writing it."""
_MARKS = 6
"""The room left for bonds to given atoms that are marked as open."""


@dataclass(frozen=True)
class Growing(Strings, ABC):
    """Graphs of at most so many atoms, with what bonds may take of each kind of atom."""

    nodes: int
    capacity: tuple[int, ...]

    given: ClassVar[bool]
    """Whether growth may begin with something that is given."""

    @classmethod
    def fit(cls, items: Sequence[Molecule]) -> Self:
        texts = cls.spell(items)
        used: dict[str, int] = {}
        orders, longest, nodes = {"-"}, 1, 2
        for text in texts:
            written = tokens(text)
            atoms = _used(written, used, orders)
            longest, nodes = max(longest, len(written)), max(nodes, atoms)
        # which hand and which side it is depends on the order atoms are written in: both may be met
        for kind in [kind for kind in used if "@" in kind]:
            other = kind.replace("@@", "@") if "@@" in kind else kind.replace("@", "@@")
            used[kind] = used[other] = max(used[kind], used.get(other, 0))
        orders |= set("ct") if orders & set("ct") else set()
        kinds = sorted(used)
        capacity = tuple(min(used[kind], _most(kind)) for kind in kinds)
        bonds = [bond_token(kind, far) for kind in BONDS if kind in orders for far in range(1, nodes)]
        return cls((*_SIGNS, *kinds, *bonds), longest + 1 + _MARKS * cls.given, nodes, capacity)

    @classmethod
    def spell(cls, molecules: Sequence[Molecule]) -> list[str]:
        texts = written(molecules, plain, *PLAIN)
        return [_SIGNS[1] + text for text in texts] if cls.given else texts

    @classmethod
    def read(cls, text: str) -> Molecule | None:
        return built(tokens(text))

    @classmethod
    def outside(cls, items: Sequence[Molecule]) -> Mapping[int, str]:
        return unwritten(items, plain, *PLAIN)

    def extended(self, items: Sequence[Molecule]) -> Self:
        other = type(self).fit(items)
        new = [token for token in other.vocabulary[: len(_SIGNS) + len(other.capacity)] if token not in self.vocabulary]
        if new or other.nodes > self.nodes or other.length > self.length:
            more = f"{', '.join(new)}; " if new else ""
            raise RequestError(
                f"the data have {more}up to {other.nodes} atoms: the model was made for {self.nodes}, and cannot be "
                "given room for more; leave those molecules out, or train a new one"
            )
        most = dict(zip(other.vocabulary[len(_SIGNS) :], other.capacity, strict=False))
        kinds = self.vocabulary[len(_SIGNS) :]
        return replace(self, capacity=tuple(max(n, most.get(k, 0)) for k, n in zip(kinds, self.capacity, strict=False)))

    @property
    def layout(self) -> Layout:
        """What the tokens mean."""
        kinds = len(self.capacity)
        first = [token[1:-1] for token in self.vocabulary[len(_SIGNS) + kinds :]]
        orders = list(dict.fromkeys(token[0] for token in first))
        return Layout(self.nodes, self.capacity, tuple(BONDS[one] for one in orders))

    @property
    def space(self) -> Space:
        return Tokens((self.length,), len(self.vocabulary), END, self.constraint)

    @property
    def constraint(self) -> Growth:
        return Growth(self.layout, self.length, self.given)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "nodes": self.nodes, "capacity": list(self.capacity)}


@dataclass(frozen=True)
class Growths(Growing):
    """Whole molecules, in the order of their canonical SMILES."""

    given = False


@dataclass(frozen=True)
class Scaffolded(Growing):
    """Molecules that may grow from a part of theirs, which is written first, in some order of its atoms.

    Half of the parts say where the rest of the molecule is bound to them. A molecule that is given none of itself is
    in the order of its canonical SMILES.
    """

    given = True

    def spelled(self, items: Sequence[Molecule], seed: int) -> Tensor:
        block, place = divmod(seed - 1, _AT_ONCE)
        write = partial(_begun, block=block)
        texts = written(items, write, f"graphs begun with frameworks {block}", ("rdkit",))
        ways = [text.split("\n")[place] for text in texts]
        usual = [way if len(tokens(way)) < self.length else None for way in ways]
        whole = iter(type(self).spell([item for item, way in zip(items, usual, strict=True) if way is None]))
        return self.encode_texts([next(whole) if way is None else way for way in usual])

    def begun(self, scaffold: str) -> Tensor:
        """The row of a scaffold that is to grow, SMILES with the places where it may written as [*] or [*:1]; without
        any it grows wherever there is room."""
        if not scaffold:
            return self._row(scaffold, _SIGNS[1:2])
        found = beginning(scaffold)
        row = self._row(scaffold, found.tokens)
        debt = found.tokens.count("[*]")
        if found.atoms + max(debt, 1) > self.nodes or len(found.tokens) + 2 * max(debt, 1) + 1 > self.length:
            raise RequestError(
                f"{scaffold}: has {found.atoms} atoms and {debt} places to grow: the model was made for molecules of "
                f"up to {self.nodes} atoms, and {self.length - 1} atoms and bonds"
            )
        return row

    def holds(self, named: str) -> Callable[[Molecule], bool]:
        return held(named) if named else lambda molecule: True

    def _row(self, scaffold: str, written: Sequence[str]) -> Tensor:
        numbers = {token: i for i, token in enumerate(self.vocabulary)}
        unseen = [token for token in dict.fromkeys(written) if token not in numbers]
        if unseen and len([one for one in written if one[1].isupper()]) <= self.nodes:
            raise RequestError(f"{scaffold}: has atoms or bonds not seen in training: {', '.join(unseen)}")
        row = torch.full((self.length,), END)
        known = torch.tensor([numbers.get(token, END) for token in written])[: self.length]
        row[: len(known)] = known
        return row


def _used(written: Sequence[str], used: dict[str, int], orders: set[str]) -> int:
    """Note what bonds take of each kind of atom; how many atoms there are."""
    atoms: list[str] = []
    sums: list[int] = []
    for token in written:
        if token in _SIGNS:
            continue
        if token[1].isupper():
            atoms.append(token)
            sums.append(0)
            continue
        kind, far = token[1], int(token[2:-1])
        orders.add(kind)
        for end in (-1, -1 - far):
            sums[end] += BONDS[kind]
    for atom, total in zip(atoms, sums, strict=True):
        used[atom] = max(used.get(atom, 0), total)
    return len(atoms)


@cache
def _most(kind: str) -> int:
    """The most single bonds of an atom up to which RDKit finds nothing missing, however many there are."""
    from rdkit import Chem

    for many in range(1, 9):
        molecule = built([kind.replace("@", ""), *(token for i in range(many) for token in ("[C]", f"[-{i + 1}]"))])
        if molecule is None or any(atom.GetNumRadicalElectrons() for atom in Chem.MolFromSmiles(molecule).GetAtoms()):
            return many - 1
    return 8


def _skeleton(molecule: Molecule) -> Skeleton:
    found = skeleton(parsed(molecule))
    if "." in molecule:
        raise ValueError("it has several parts, and a graph grows in one")
    return found


def plain(molecule: Molecule) -> str:
    """A molecule written in the order of its SMILES; a ValueError where it would come back as another."""
    found = _skeleton(molecule)
    text = found.written(range(len(found.atoms)))[1:]
    back = built(text)
    if back != molecule:
        raise ValueError(f"written as a graph it would come back as {back}")
    return "".join(text)


def _begun(molecule: Molecule, block: int) -> str:
    """Several ways in which a molecule may grow from a part of itself."""
    found = _skeleton(molecule)
    source = random.Random(seed_at(block, *molecule.encode()) if molecule else 0)
    return "\n".join("".join(cut(found, source)) for _ in range(_AT_ONCE))
