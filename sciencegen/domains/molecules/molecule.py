"""Molecules: a molecule is its canonical SMILES, a plain string; RDKit's view of it is made when somebody asks."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["Molecule", "canonical", "parsed"]

Molecule = str
"""A canonical SMILES."""


@lru_cache(maxsize=256)
def parsed(molecule: Molecule) -> Chem.Mol:
    """RDKit's molecule, parsed once for everything that is measured of it in a row."""
    found = _mol(molecule)
    if found is None:
        raise ValueError(f"{molecule}: not a molecule")
    return found


def canonical(smiles: str) -> Molecule | None:
    """The canonical SMILES of a string, or None where it stands for no molecule."""
    from rdkit import Chem

    found = _mol(smiles)
    return None if found is None else Chem.MolToSmiles(found)


def _mol(smiles: str) -> Chem.Mol | None:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        found = Chem.MolFromSmiles(smiles)
    return found if found is not None and found.GetNumAtoms() else None
