"""Tanimoto similarities to many references at once."""

from __future__ import annotations

import lzma
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from sciencegen.domains.molecules.similarity import CEILING, References, unlike
from sciencegen.errors import RequestError

REFERENCES = ["CCO", "CCN", "c1ccccc1", "Cc1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C)C(=O)N2C", "C"]
OTHERS = ["CCCO", "c1ccncc1", "CC(=O)Oc1ccccc1", "[Na+].[Cl-]", "C[Si](C)(C)C"]
REAL = Path(__file__).parents[4] / "shared" / "data" / "molecules" / "moses_test.smi.xz"


def rdkits(a: str, b: str) -> float:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    one, other = (generator.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in (a, b))
    return float(DataStructs.TanimotoSimilarity(one, other))


def test_similarities_are_those_of_rdkit() -> None:
    references = References(REFERENCES)
    assert len(references) == len(REFERENCES)
    for molecule in REFERENCES + OTHERS:
        expected = [rdkits(molecule, reference) for reference in REFERENCES]
        assert np.allclose(references.similarities(molecule), expected)
        assert references.nearest(molecule) == pytest.approx(max(expected))


def test_a_molecule_is_most_like_itself() -> None:
    references = References(REFERENCES)
    for i, molecule in enumerate(REFERENCES):
        assert references.similarities(molecule)[i] == 1.0
        assert (references.similarities(molecule) <= 1.0).all()


def test_nothing_is_like_an_empty_set() -> None:
    assert References([]).nearest("CCO") == 0.0


def test_similarity_does_not_depend_on_the_spelling() -> None:
    references = References(REFERENCES)
    assert references.nearest("OCC") == references.nearest("CCO") == 1.0


@pytest.mark.parametrize("ceiling", [0.0, 0.3, CEILING, 0.99])
def test_what_is_more_alike_than_the_ceiling_is_left_out(ceiling: float) -> None:
    passes = unlike(REFERENCES, ceiling)
    for molecule in REFERENCES + OTHERS:
        nearest = max(rdkits(molecule, reference) for reference in REFERENCES)
        assert passes(molecule) == (nearest <= ceiling)


@pytest.mark.parametrize("ceiling", [-0.1, 1.0, 1.5, float("nan")])
def test_a_ceiling_is_a_similarity_below_1(ceiling: float) -> None:
    with pytest.raises(RequestError, match="expected a similarity from 0 to below 1"):
        unlike(REFERENCES, ceiling)


@pytest.mark.slow
def test_many_references_are_compared_in_milliseconds() -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL} is not there")
    with lzma.open(REAL, "rt") as file:
        molecules = [line.split()[0] for line in islice(file, 20_100)]
    references = References(molecules[:20_000])
    start = time.process_time()
    nearest = [references.nearest(molecule) for molecule in molecules[20_000:]]
    assert (time.process_time() - start) / 100 < 0.01
    assert 0.3 < np.mean(nearest) < 0.9
