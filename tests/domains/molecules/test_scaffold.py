"""Series: the scaffolds of molecules."""

from __future__ import annotations

import pytest
from rdkit import Chem

from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.domains.molecules.scaffold import scaffold

DRUGS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CC(C)Cc1ccc(C(C)C(=O)O)cc1",
    "CN1CCC[C@H]1c1cccnc1",
    "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",
    "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
    "O=C(/C=C/c1ccccc1)c1ccccc1",
)


@pytest.mark.parametrize(
    ("molecule", "expected"),
    [
        ("CC(C)Cc1ccc(C(C)C(=O)O)cc1", "c1ccccc1"),
        ("CN1CCC[C@H]1c1cccnc1", "c1cncc(C2CCCN2)c1"),
        ("Cc1ccc(CC2CC2)cc1F", "c1ccc(CC2CC2)cc1"),
        ("O=C1CCCCC1", "O=C1CCCCC1"),
        ("[13CH2]1CC1C", "C1CC1"),
        ("c1ccccc1.C1CC1C", "C1CC1.c1ccccc1"),
        ("CCO", ""),
        ("C[C@H](N)C(=O)O", ""),
        ("[Na+].[Cl-]", ""),
    ],
)
def test_scaffolds_are_known(molecule: str, expected: str) -> None:
    assert scaffold(molecule) == Molecules().group(molecule) == expected


@pytest.mark.parametrize("molecule", DRUGS)
def test_a_scaffold_is_its_own(molecule: str) -> None:
    found = scaffold(molecule)
    assert found == canonical(found) == scaffold(found)


@pytest.mark.parametrize("molecule", DRUGS)
def test_what_hangs_on_a_ring_does_not_matter(molecule: str) -> None:
    """A methyl in the place of any hydrogen of a ring, but on atoms that would be charged by it."""
    mol = Chem.MolFromSmiles(molecule)
    for atom in mol.GetAtoms():
        if atom.GetSymbol() == "C" and atom.IsInRing() and atom.GetTotalNumHs():
            larger = Chem.RWMol(mol)
            larger.AddBond(atom.GetIdx(), larger.AddAtom(Chem.Atom("C")), Chem.BondType.SINGLE)
            larger.GetAtomWithIdx(atom.GetIdx()).SetNumExplicitHs(0)
            Chem.SanitizeMol(larger)
            assert scaffold(str(Chem.MolToSmiles(larger))) == scaffold(molecule)


def test_mirror_images_are_of_one_series() -> None:
    assert scaffold("CN1CCC[C@H]1c1cccnc1") == scaffold("CN1CCC[C@@H]1c1cccnc1") == scaffold("CN1CCCC1c1cccnc1")
