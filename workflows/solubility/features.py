"""What the solubility model sees of a molecule: counted Morgan fragments, and a dozen numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import Crippen, Descriptors, rdFingerprintGenerator, rdMolDescriptors

__all__ = ["DESCRIPTORS", "Features", "Unreadable", "features"]

LONGEST = 500
DESCRIPTORS = (
    *("logp", "refractivity", "weight", "tpsa", "rotatable", "donors", "acceptors"),
    *("aromatic share", "rings", "sp3 share", "hetero atoms", "heavy atoms"),
)
_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=8192, countSimulation=True)
"""Four bits a fragment say whether it is there once, twice, four or eight times."""


class Unreadable(Exception):
    """Why a molecule has no features."""


@dataclass(frozen=True)
class Features:
    """A molecule as the model sees it."""

    bits: NDArray[np.uint8]  # [8192]
    numbers: NDArray[np.float64]  # [descriptors]


def features(smiles: str) -> Features:
    """The features of a molecule; raises Unreadable where the text is none, or several."""
    if not smiles.isascii() or not smiles.isprintable() or len(smiles.split()) != 1:  # RDKit would read a part of it
        raise Unreadable("not one SMILES")
    if len(smiles) > LONGEST:
        raise Unreadable(f"{len(smiles):,} characters, more than {LONGEST}")
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        raise Unreadable("not a molecule")
    if len(Chem.GetMolFrags(mol)) > 1:
        raise Unreadable("several molecules: the model knows single ones")
    return Features(_MORGAN.GetFingerprintAsNumPy(mol), np.array(_numbers(mol), dtype=np.float64))


def _numbers(mol: Chem.Mol) -> list[float]:
    aromatic = sum(atom.GetIsAromatic() for atom in mol.GetAtoms())
    return [
        Crippen.MolLogP(mol),
        Crippen.MolMR(mol),
        Descriptors.MolWt(mol),
        rdMolDescriptors.CalcTPSA(mol),
        rdMolDescriptors.CalcNumRotatableBonds(mol),
        rdMolDescriptors.CalcNumHBD(mol),
        rdMolDescriptors.CalcNumHBA(mol),
        aromatic / mol.GetNumAtoms(),
        rdMolDescriptors.CalcNumRings(mol),
        rdMolDescriptors.CalcFractionCSP3(mol),
        rdMolDescriptors.CalcNumHeteroatoms(mol),
        mol.GetNumHeavyAtoms(),
    ]
