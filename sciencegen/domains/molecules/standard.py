"""Molecules as a register knows them: the parent, without its salt and with its protons in place, and its InChIKey."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from sciencegen.core.domain import Standard
from sciencegen.domains.molecules.cleaning import Cleaning, Dropped, cleaned
from sciencegen.domains.molecules.molecule import Molecule, canonical, parsed
from sciencegen.errors import DataError

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["standard"]

_SALT = re.compile(r"[.+]|-\d*\]")
"""Where a SMILES has fragments or charges; a bond that is written out is no charge."""
_ACIDS = ("[O;H1]S(=O)=O", "[O;H1]P=O", "[O;H1]C=O", "[n;H1]1nnnc1", "[n;H1]1cnnn1", "[N;H1](S(=O)=O)C=O")
"""What gives a proton in water, the strongest first."""


def standard(molecule: Molecule) -> Standard[Molecule]:
    """The parent of a molecule, and its InChIKey.

    Of several fragments the largest; charges that a proton takes away are taken away, and where one has to stay, an
    acid of the same molecule makes up for it. Marks of stereo and isotopes stay, tautomers stay as they are drawn.

    >>> standard("CC(=O)[O-].[Na+]")
    Standard(item='CC(=O)O', key='QTBSBXVTEAMEQO-UHFFFAOYSA-N')
    """
    from rdkit import Chem, rdBase

    parent = _parent(molecule) if _SALT.search(molecule) else molecule
    with rdBase.BlockLogs():
        key = Chem.MolToInchiKey(parsed(parent))
    if not key:
        raise DataError(f"{parent}: InChI has no key for it")
    return Standard(parent, key)


def _parent(molecule: Molecule) -> Molecule:
    from rdkit import Chem, rdBase

    largest = cleaned(molecule, Cleaning()) if "." in molecule else molecule
    if isinstance(largest, Dropped):
        raise DataError(f"{molecule}: {largest.reason}")
    if not _SALT.search(largest):
        return largest
    with rdBase.BlockLogs():
        neutral = _balanced(_uncharger().uncharge(parsed(largest)))
        found = canonical(Chem.MolToSmiles(neutral))
    return found or largest  # rings of some metal complexes are nothing without their charge


@cache
def _uncharger() -> Any:
    """Takes every charge away that protons can: whether an acid makes up for what stays must not depend on how the
    molecule came."""
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return rdMolStandardize.Uncharger(canonicalOrder=True, force=True)


def _balanced(mol: Chem.Mol) -> Chem.Mol:
    """The molecule with as many acids ionised as it has charges that stay."""
    from rdkit import Chem
    from rdkit.Chem.rdmolops import GetFormalCharge

    charge = GetFormalCharge(mol)
    if charge <= 0:
        return mol
    ranks = list(Chem.CanonicalRankAtoms(mol))
    changed = Chem.Mol(mol)
    for acid in _acids():
        for place in sorted({match[0] for match in changed.GetSubstructMatches(acid)}, key=ranks.__getitem__):
            atom = changed.GetAtomWithIdx(place)
            if charge == 0 or atom.GetFormalCharge() or not atom.GetTotalNumHs():
                continue
            atom.SetFormalCharge(-1)
            atom.SetNumExplicitHs(0)
            atom.UpdatePropertyCache()
            charge -= 1
    return changed


@cache
def _acids() -> tuple[Chem.Mol, ...]:
    from rdkit import Chem

    return tuple(Chem.MolFromSmarts(smarts) for smarts in _ACIDS)
