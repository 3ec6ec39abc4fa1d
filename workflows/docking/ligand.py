"""A molecule made ready for docking: three dimensions, and the bonds that turn."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers, rdMolDescriptors

__all__ = ["Ligand", "Undocked", "prepared"]

LONGEST, LARGEST = 500, 100
"""The most characters, and the most heavy atoms."""
CONFORMERS = 10
_CONVERTING = 60.0  # seconds, where Open Babel takes a fraction of one


class Undocked(Exception):
    """Why a molecule has no score."""


@dataclass(frozen=True)
class Ligand:
    """What Vina docks, and what is to be known of it."""

    pdbqt: str
    heavy: int
    name: str
    """Its InChIKey."""
    open_marks: int
    """Stereocentres and double bonds the SMILES says nothing of: one isomer is docked, the one the embedding gave."""


def prepared(smiles: str, seed: int, seconds: float) -> Ligand:
    """A molecule embedded by ETKDG, minimised by MMFF94, its turning bonds found by Open Babel."""
    with rdBase.BlockLogs():
        mol = _read(smiles)
        heavy, name = mol.GetNumAtoms(), Chem.MolToInchiKey(mol)
        open_marks = _open_marks(mol)
        block = Chem.MolToMolBlock(_embedded(mol, seed, seconds))
    return Ligand(_converted(block), heavy, name or "unnamed", open_marks)


def _read(smiles: str) -> Chem.Mol:
    if not smiles.isascii() or not smiles.isprintable() or len(smiles.split()) != 1:  # RDKit would read a part of it
        raise Undocked("not one SMILES")
    if len(smiles) > LONGEST:
        raise Undocked(f"{len(smiles):,} characters, more than {LONGEST}")
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        raise Undocked("not a molecule")
    if len(Chem.GetMolFrags(mol)) > 1:
        raise Undocked("several molecules: take the salt away first")
    mol = Chem.RemoveHs(mol)
    if mol.GetNumAtoms() > LARGEST:
        raise Undocked(f"{mol.GetNumAtoms()} heavy atoms, more than {LARGEST}")
    return mol


def _open_marks(mol: Chem.Mol) -> int:
    """Centres that are such by themselves: where a ring is cis or trans, as in 4-methylcyclohexanol, is not counted."""
    centres = rdMolDescriptors.CalcNumUnspecifiedAtomStereoCenters(mol)
    double = Chem.StereoType.Bond_Double
    bonds = [one for one in Chem.FindPotentialStereo(mol) if one.type == double]
    return int(centres) + sum(one.specified == Chem.StereoSpecified.Unspecified for one in bonds)


def _embedded(mol: Chem.Mol, seed: int, seconds: float) -> Chem.Mol:
    mol = Chem.AddHs(mol)
    if not rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol):
        raise Undocked("MMFF94 does not know all its atoms")
    how = rdDistGeom.ETKDGv3()
    how.randomSeed = seed
    how.timeout = max(1, int(seconds))
    for random in (False, True):  # the second way finds coordinates for more cages and large rings
        how.useRandomCoords = random
        if len(rdDistGeom.EmbedMultipleConfs(mol, CONFORMERS, how)):
            return _lowest(mol)
    raise Undocked(f"no three-dimensional structure within {how.timeout} s")


def _lowest(mol: Chem.Mol) -> Chem.Mol:
    """The molecule in its conformer of least energy: Vina turns bonds, but leaves rings as they are."""
    energies = [energy for _, energy in rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(mol, maxIters=2000)]
    conformers = [conformer.GetId() for conformer in mol.GetConformers()]
    return Chem.Mol(mol, confId=conformers[energies.index(min(energies))])


def _converted(block: str) -> str:
    command = ["obabel", "-imol", "-opdbqt"]
    try:
        done = subprocess.run(command, input=block, capture_output=True, text=True, timeout=_CONVERTING, check=False)
    except subprocess.TimeoutExpired:
        raise Undocked("Open Babel timed out") from None
    if done.returncode or "ROOT" not in done.stdout:
        said = done.stderr.strip().splitlines()
        raise Undocked(f"Open Babel did not convert it: {said[-1] if said else 'it says nothing'}")
    return done.stdout
