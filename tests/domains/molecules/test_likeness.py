"""How alike molecules are: what a diverse choice is made by."""

from __future__ import annotations

import lzma
import time
from itertools import islice
from pathlib import Path

import pytest
import torch
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from sciencegen.core.domain import Likeness
from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.similarity import MoleculeLikeness, Nearest, References

MOLECULES = ["CCO", "CCN", "c1ccccc1", "Cc1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "C", "CCO"]
REAL = Path(__file__).parents[4] / "shared" / "data" / "molecules" / "moses_test.smi.xz"


def rdkits(a: str, b: str) -> float:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    one, other = (generator.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in (a, b))
    return float(DataStructs.TanimotoSimilarity(one, other))


def test_likeness_is_the_tanimoto_similarity() -> None:
    likeness: Likeness = Molecules().likeness(MOLECULES)
    assert len(likeness) == len(MOLECULES)
    for i, molecule in enumerate(MOLECULES):
        expected = [rdkits(molecule, other) for other in MOLECULES]
        assert likeness.to(i).tolist() == pytest.approx(expected)


def test_likeness_is_mutual_and_whole_to_itself() -> None:
    likeness = MoleculeLikeness(MOLECULES)
    table = torch.stack([likeness.to(i) for i in range(len(likeness))])
    assert table.is_floating_point()
    assert torch.equal(table, table.T)
    assert torch.equal(table.diag(), torch.ones(len(MOLECULES), dtype=table.dtype))
    assert table[0, -1] == 1


def test_a_molecule_without_a_fingerprint_keeps_its_place() -> None:
    likeness = MoleculeLikeness(["CCO", "junk", "CCN"])
    assert len(likeness) == 3
    assert likeness.to(1).tolist() == [0, 0, 0]
    assert likeness.to(2).tolist() == pytest.approx([rdkits("CCN", "CCO"), 0, 1])


def test_there_is_nothing_beyond_the_last() -> None:
    with pytest.raises(IndexError, match="index=3: there are 3 molecules"):
        MoleculeLikeness(MOLECULES[:3]).to(3)


def test_the_nearest_reference_is_named() -> None:
    references = References(MOLECULES)
    for i, molecule in enumerate(MOLECULES):
        found = references.nearest_of(molecule)
        assert found == Nearest(MOLECULES.index(molecule), 1.0), i
    for other in ("CCCO", "c1ccncc1", "[Na+].[Cl-]"):
        expected = [rdkits(other, molecule) for molecule in MOLECULES]
        found = references.nearest_of(other)
        assert found is not None
        assert found.similarity == pytest.approx(max(expected)) == references.nearest(other)
        assert expected[found.index] == pytest.approx(max(expected))


def test_no_reference_is_the_nearest_of_none() -> None:
    assert References([]).nearest_of("CCO") is None
    assert len(MoleculeLikeness([])) == 0


@pytest.mark.slow
def test_a_choice_from_ten_thousand_takes_well_under_a_second() -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL} is not there")
    with lzma.open(REAL, "rt") as file:
        likeness = MoleculeLikeness([line.split()[0] for line in islice(file, 10_000)])
    start = time.process_time()
    nearest, picked = likeness.to(0).clone(), [0]
    while len(picked) < 384:
        picked.append(int(nearest.argmin()))
        torch.maximum(nearest, likeness.to(picked[-1]), out=nearest)
    assert time.process_time() - start < 1
    assert len(set(picked)) == 384
