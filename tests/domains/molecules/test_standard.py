"""Parents and keys: equal molecules written differently have one key, different ones do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.domains.molecules.standard import standard
from sciencegen.errors import DataError

PARENTS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H](N)C(=O)O",
    "CN1CCC[C@H]1c1cccnc1",
    "O=C(O)/C=C/c1ccccc1",
    "C[N+](C)(C)CC(=O)[O-]",
    "C[N+](=O)[O-]",
    "CS(=O)(=O)O",
    "c1ccc(-c2ccccc2)cc1",
    "[13CH3]C(=O)O",
    "N=C(N)NCCC[C@H](N)C(=O)O",
    "CC(C)NCC(O)COc1cccc2ccccc12",
    "O=c1cccc[nH]1",
    "C[n+]1ccccc1",
)
COUNTERIONS = ("", "[Na+]", "[Cl-]", "Cl", "[K+].[K+]", "O", "CC", "[NH4+]", "[Br-].[Ca+2].[Br-]")
parents = st.sampled_from(PARENTS)


def in_other_order(smiles: str, seed: int) -> str:
    return str(Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed)[0])


def in_other_protons(smiles: str, chosen: list[bool]) -> str:
    """The same molecule where acids gave protons and bases took them."""
    mol = Chem.MolFromSmiles(smiles)
    acids = Chem.MolFromSmarts("[O;H1][C,S]=O")
    bases = Chem.MolFromSmarts("[N;X3;+0;!$(N[C,S]=[O,N])]")
    places = {at[0]: -1 for at in mol.GetSubstructMatches(acids)} | {at[0]: 1 for at in mol.GetSubstructMatches(bases)}
    for (place, sign), moved in zip(places.items(), chosen, strict=False):
        if moved:
            atom = mol.GetAtomWithIdx(place)
            hydrogens = atom.GetTotalNumHs()
            atom.SetFormalCharge(sign)
            atom.SetNoImplicit(True)
            atom.SetNumExplicitHs(hydrogens + sign)
    Chem.SanitizeMol(mol)
    return str(Chem.MolToSmiles(mol))


@pytest.mark.parametrize(
    ("written", "parent", "key"),
    [
        ("CCO", "CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
        ("CC(=O)Oc1ccccc1C(=O)[O-].[Na+]", "CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),
        ("C[C@H]([NH3+])C(=O)[O-]", "C[C@H](N)C(=O)O", "QNAYBMKLOCPYGJ-REOHCLBHSA-N"),
        ("C[C@@H]([NH3+])C(=O)O.[Cl-]", "C[C@@H](N)C(=O)O", "QNAYBMKLOCPYGJ-UWTATZPHSA-N"),
        ("Cn1c(=O)c2c(ncn2C)n(C)c1=O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "RYYVLZVUVIJVGH-UHFFFAOYSA-N"),
        ("C[N+](C)(C)CC(=O)O.[Cl-]", "C[N+](C)(C)CC(=O)[O-]", "KWIUHFFTVRNATP-UHFFFAOYSA-N"),
        ("CC[N+](C)(C)c1cccc(O)c1.[Cl-]", "CC[N+](C)(C)c1cccc(O)c1", "VWLHWLSRQJQWRG-UHFFFAOYSA-O"),
        ("[Na+].[Cl-]", "Cl", "VEXZGXHMUGYJMC-UHFFFAOYSA-N"),
        ("CN=[N+]=[N-]", "CN=[N+]=[N-]", "PBTHJVDBCFJQGG-UHFFFAOYSA-N"),
        ("Oc1ccccn1", "Oc1ccccn1", "UBQKCCHYAOITMY-UHFFFAOYSA-N"),
    ],
)
def test_parents_are_known(written: str, parent: str, key: str) -> None:
    molecule = canonical(written)
    assert molecule is not None
    found = standard(molecule)
    assert (found.item, found.key) == (parent, key)


@given(parents, st.sampled_from(COUNTERIONS), st.lists(st.booleans(), min_size=5, max_size=5), st.integers(1, 2**20))
def test_the_salt_the_protons_and_the_order_of_atoms_do_not_matter(
    parent: str, counterion: str, moved: list[bool], seed: int
) -> None:
    if counterion.count("C") > parent.count("C"):
        counterion = ""
    written = in_other_order(in_other_protons(parent, moved), seed)
    for text in (f"{counterion}.{written}", f"{written}.{counterion}"):
        molecule = canonical(text.strip("."))
        assert molecule is not None
        assert standard(molecule) == standard(parent)


@pytest.mark.parametrize("parent", PARENTS)
def test_a_parent_is_its_own(parent: str) -> None:
    found = standard(parent)
    assert found.item == parent == canonical(parent)
    assert len(found.key) == 27


def test_what_is_another_molecule_has_another_key() -> None:
    others = [
        *PARENTS,
        "C[C@@H](N)C(=O)O",
        "CC(N)C(=O)O",
        "O=C(O)/C=C\\c1ccccc1",
        "O=C(O)C=Cc1ccccc1",
        "CC(=O)O",
        "[2H]C(=O)O",
        "O=CO",
        "CNC",
        "C[NH+]1CCC[C@@H]1c1cccnc1",
    ]
    keys = [standard(molecule).key for molecule in others]
    assert len(set(keys)) == len(keys)


def test_rings_that_need_their_charge_keep_it() -> None:
    ferrocene = canonical("[Fe+2].[cH-]1cccc1.[cH-]1cccc1")
    assert ferrocene is not None
    assert standard(ferrocene).item == "c1cc[cH-]c1"


def test_what_no_register_knows_is_an_error_of_the_data() -> None:
    with pytest.raises(DataError, match=r"attachment point"):
        standard("*CC.[Na+]")


def test_the_domain_knows_parents() -> None:
    assert Molecules().standard("CC(=O)[O-].[Na+]") == standard("CC(=O)O")
