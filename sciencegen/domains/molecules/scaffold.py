"""The scaffold of a molecule: its rings and what joins them (The Properties of Known Drugs; Bemis, Murcko; 1996)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sciencegen.domains.molecules.molecule import Molecule, parsed

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["scaffold"]


def scaffold(molecule: Molecule) -> Molecule:
    """The scaffold's canonical SMILES, without marks of stereo and isotopes; nothing where there is no ring.

    >>> scaffold("Cc1ccc(CC2CC2)cc1F")
    'c1ccc(CC2CC2)cc1'
    """
    mol = parsed(molecule)
    if not mol.GetRingInfo().NumRings():
        return ""
    from rdkit import Chem
    from rdkit.Chem.Scaffolds import MurckoScaffold

    murcko: Any = MurckoScaffold  # it says nothing of types
    found: Chem.Mol = murcko.GetScaffoldForMol(mol)
    return str(Chem.CanonSmiles(Chem.MolToSmiles(found, isomericSmiles=False)))
