"""Molecules as Kekulé SMILES, of which every draw is a molecule."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from sciencegen.domains.molecules.bonding import BONDS
from sciencegen.domains.molecules.molecule import Molecule, canonical, parsed
from sciencegen.domains.molecules.strings import Strings, tokens
from sciencegen.domains.molecules.valence import FILLERS, ValenceConstraint
from sciencegen.domains.molecules.written import written

__all__ = ["KekuleSmiles", "kekule"]

_ROOM = 12
"""The most tokens a row is made longer, where a molecule of the data would not be allowed to end in time."""
_TOGETHER = 8192
_FLIPPED = {"/": "\\", "\\": "/"}
"""Directions as the other end of the bond sees them."""


@dataclass(frozen=True)
class KekuleSmiles(Strings):
    """SMILES whose rings have single and double bonds in turn, so that valence can be counted as they are read.

    Under its constraint every row is a molecule. A molecule of the data that the constraint would not let pass (with
    unpaired electrons, say) can be learned from, and is never drawn; there is a warning that says how many.
    """

    @classmethod
    def fit(cls, items: Sequence[Molecule]) -> Self:
        fitted = super().fit(items)
        vocabulary = ("", *sorted({*fitted.vocabulary[1:], *FILLERS}))
        return cls(vocabulary, fitted.length)._lengthened(items)

    @classmethod
    def spell(cls, molecules: Sequence[Molecule]) -> list[str]:
        return written(molecules, kekule, "Kekulé SMILES", ("rdkit",))

    @classmethod
    def read(cls, text: str) -> Molecule | None:
        return canonical(text)

    @property
    def constraint(self) -> ValenceConstraint:
        return ValenceConstraint(self.vocabulary, self.length)

    def accepted(self, items: Sequence[Molecule]) -> Tensor:
        """Which molecules could be drawn."""
        return _accepted(self.constraint, self.encode(items))

    def _lengthened(self, items: Sequence[Molecule]) -> Self:
        """The representation with as much room as its constraint needs to accept what it can of the items."""
        x = self.encode(items)
        rows = (~_accepted(self.constraint, x)).nonzero()[:, 0]
        if not len(rows):
            return self
        longer = [replace(self, length=self.length + more) for more in range(_ROOM + 1)]
        refused = [~_accepted(one.constraint, x[rows]) for one in longer]
        counts = [int(each.sum()) for each in refused]
        best = counts.index(min(counts))
        if counts[best]:
            first = items[int(rows[refused[best]][0])]
            warnings.warn(
                f"{counts[best]:,} of {len(items):,} molecules can be learned from but not drawn, as they have "
                "unpaired electrons, bonds to a metal, a double bond of a halogen or a triple bond that closes a ring; "
                f"the first is {first}",
                stacklevel=3,
            )
        return longer[best]


def _accepted(constraint: ValenceConstraint, x: Tensor) -> Tensor:
    parts = [constraint.accepts(part) for part in x.split(_TOGETHER)]
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.bool)


def kekule(molecule: Molecule) -> str:
    """The Kekulé SMILES of a molecule; bonds of rings are named where the ring opens."""
    from rdkit import Chem

    mol = Chem.Mol(parsed(molecule))
    Chem.Kekulize(mol, clearAromaticFlags=True)
    text = Chem.MolToSmiles(mol, kekuleSmiles=True)
    return "".join(_named_where_opened(tokens(text))) if _names_a_ring(text) else str(text)


def _names_a_ring(text: str) -> bool:
    return any(
        bond in BONDS[1:] and (digit.isdigit() or digit == "%") for bond, digit in zip(text, text[1:], strict=False)
    )


def _named_where_opened(spelled: Sequence[str]) -> Iterator[str]:
    """The tokens with the bond symbol of each ring before its first number only."""
    opened: dict[str, int] = {}
    bonds: dict[int, str] = {}
    ends = set()
    for i, token in enumerate(spelled):
        if not (token.isdigit() or token.startswith("%")):
            continue
        named = spelled[i - 1] if spelled[i - 1] in BONDS[1:] else ""
        if token not in opened:
            opened[token] = i
            bonds[i] = named
        else:
            start = opened.pop(token)
            bonds[start] = bonds[start] or _FLIPPED.get(named, named)
            ends.add(i)
    for i, token in enumerate(spelled):
        if token in BONDS[1:] and (i + 1 in bonds or i + 1 in ends):
            continue
        yield bonds.get(i, "") + token
