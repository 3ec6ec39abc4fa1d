"""Molecules bred of others are new, sound, and the same for the same seed."""

from __future__ import annotations

import pytest

from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.breeding import offspring
from sciencegen.domains.molecules.molecule import canonical

PARENTS = [
    "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1",
    "COc1cc(N(C)CCN(C)C)c(NC(=O)C=C)cc1Nc1nccc(-c2cn(C)c3ccccc23)n1",
    "O=C(O)c1ccccc1[N+](=O)[O-]",
    "CC1CCC(C(C)C)C(O)C1",
    "C[C@H](N)C(=O)O",
]


def test_offspring_are_new_molecules_without_radicals() -> None:
    from rdkit import Chem

    parents = [str(canonical(parent)) for parent in PARENTS]
    found = Molecules().offspring(parents, 200, 0)
    assert len(found) == len(set(found)) == 200
    assert not set(found) & set(parents)
    for molecule in found:
        mol = Chem.MolFromSmiles(molecule)
        assert Chem.MolToSmiles(mol) == molecule
        assert "." not in molecule
        assert not any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms())
        assert max((len(ring) for ring in mol.GetRingInfo().AtomRings()), default=0) <= 8


def test_the_seed_decides() -> None:
    assert offspring(PARENTS, 20, 3) == offspring(PARENTS, 20, 3)
    assert offspring(PARENTS, 20, 3) != offspring(PARENTS, 20, 4)


def test_two_parents_leave_pieces_of_both() -> None:
    parents = ["FC(F)(F)CCCCCC", "BrCCCCCCBr"]
    found = offspring(parents, 200, 0)
    assert any("Br" in child and "F" in child for child in found)


@pytest.mark.parametrize("parents", [[], ["C"], ["[Na+].[Cl-]"], ["[He]"]])
def test_what_cannot_breed_has_no_offspring(parents: list[str]) -> None:
    assert offspring(parents, 5, 0) == []


def test_one_parent_is_changed() -> None:
    assert len(offspring(["c1ccc2[nH]ccc2c1"], 10, 0)) == 10
