"""Drug-likeness is the number RDKit gives."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from rdkit.Chem import QED

from sciencegen.domains.molecules.molecule import canonical, parsed
from sciencegen.domains.molecules.qed import drug_likeness

DATA = Path(__file__).parents[4] / "shared" / "data" / "molecules"
SOME = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "c1ccc2c(c1)Cc1ccccc1-2",  # the middle ring of fluorene
    "O=[N+]([O-])c1ccc(N=Nc2ccccc2)cc1",
    "CCOC(=O)C=CC(=O)Cl",
    "C[N+](C)(C)CC(=O)[O-]",
    "SCC(I)P(=O)(O)OS(=O)(=O)C(F)(F)F",
    "C1CCC2(CC1)OCCO2",
    "N#CC(C#N)=C1C=CC(=O)c2ccccc21",
    "C",
]


@pytest.mark.parametrize("smiles", SOME)
def test_it_is_the_number_of_rdkit(smiles: str) -> None:
    molecule = canonical(smiles)
    assert molecule is not None
    assert drug_likeness(parsed(molecule), molecule) == pytest.approx(QED.qed(parsed(molecule)), abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zinc250k.smi.xz", "chembl_drugs_patwalters.smi.xz"])
def test_it_is_the_number_of_rdkit_on_real_molecules(name: str) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not here")
    with lzma.open(DATA / name, "rt") as file:
        texts = [line.split()[0] for _, line in zip(range(3000), file, strict=False)]
    molecules = [one for one in map(canonical, texts) if one is not None]
    assert len(molecules) > 1000
    for one in molecules:
        assert drug_likeness(parsed(one), one) == pytest.approx(QED.qed(parsed(one)), abs=1e-12)
