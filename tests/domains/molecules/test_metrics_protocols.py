"""MOSES and GuacaMol, on small sets whose numbers are known."""

from __future__ import annotations

import gzip
import lzma
import math
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="molecules need RDKit")

from sciencegen.compare.frechet import frechet
from sciencegen.domains.molecules.metrics import GuacaMol, Moses, chemnet, moses
from sciencegen.domains.molecules.metrics.chemnet import chemnet_gaussian, guacamol_score
from sciencegen.domains.molecules.metrics.sets import smiles_of
from sciencegen.domains.molecules.molecule import canonical
from sciencegen.errors import DataError, RequestError

TAILS = ("C", "CC", "CCC", "CO", "CN", "CC(C)", "CCO", "F")
HEADS = ("c1ccc(-c2ccccc2)cc1", "c1ccc2[nH]ccc2c1", "C1CCN(c2ccccc2)CC1", "c1ccncc1")
HERE = [f"{tail}{head}" for head in HEADS[:3] for tail in TAILS]
THERE = [f"{tail}{HEADS[3]}" for tail in TAILS]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """A train and a test set that share nothing, and a test set of other scaffolds."""
    (tmp_path / "train.csv").write_text("SMILES,SPLIT\n" + "".join(f"{one},train\n" for one in HERE[::2]))
    with gzip.open(tmp_path / "test.csv.gz", "wt") as file:
        file.write("SMILES,SPLIT\n" + "".join(f"{one},test\n" for one in HERE[1::2]))
    with lzma.open(tmp_path / "moses_test_scaffolds.smi.xz", "wt") as file:
        file.write("".join(f"{one}\n" for one in THERE))
    return tmp_path


@pytest.fixture
def protocol() -> Moses:
    return Moses(unique_at=(5, 100), distance=False)


def drawn(smiles: list[str]) -> list[str | None]:
    return [canonical(one) for one in smiles]


def test_the_test_set_is_as_near_to_itself_as_can_be(sets: Path, protocol: Moses) -> None:
    metrics = protocol.judge(drawn(HERE[1::2]), sets).metrics
    for name in ("valid", "SNN/Test", "Frag/Test", "Scaf/Test", "Novelty"):
        assert metrics[name] == pytest.approx(1)
    for name in ("logP", "SA", "QED", "weight"):
        assert metrics[name] == pytest.approx(0)
    assert metrics["SNN/TestSF"] < 1
    assert math.isnan(metrics["Scaf/TestSF"])  # the other set has no molecule with two rings


def test_the_train_set_is_not_novel(sets: Path, protocol: Moses) -> None:
    assert protocol.judge(drawn(HERE[::2]), sets).metrics["Novelty"] == 0
    assert protocol.judge(drawn(HERE), sets).metrics["Novelty"] == 0.5


def test_invalid_and_repeated_draws_are_counted(sets: Path, protocol: Moses) -> None:
    draws = [None, *drawn([HERE[0]] * 4 + HERE[:5]), None]
    verdict = protocol.judge(draws, sets)
    assert verdict.metrics["valid"] == 9 / 11
    assert verdict.metrics["unique@5"] == 1 / 5
    assert verdict.missing["unique@100"] == "there are only 9 valid molecules"


def test_repeated_molecules_weigh_on_diversity(sets: Path, protocol: Moses) -> None:
    metrics = protocol.judge(drawn([HERE[0]] * 6), sets).metrics
    assert metrics["IntDiv"] == pytest.approx(0)
    assert metrics["IntDiv2"] == pytest.approx(0)
    mixed = protocol.judge(drawn([HERE[0], THERE[0]] * 3), sets).metrics
    assert mixed["IntDiv"] > mixed["IntDiv2"] > 0


def test_what_is_missing_is_said(sets: Path, protocol: Moses) -> None:
    (sets / "train.csv").unlink()
    (sets / "moses_test_scaffolds.smi.xz").unlink()
    verdict = protocol.judge(drawn(HERE), sets)
    assert verdict.missing["Novelty"] == "there is no train set here"
    assert verdict.missing["SNN/TestSF"] == "there is no such set here"
    assert verdict.missing["FCD/Test"] == "it was left out"
    assert not verdict.metrics.keys() & verdict.missing.keys()
    assert verdict.sets.keys() == {"Test"}
    assert verdict.sets["Test"]["items"] == 12


def test_the_distance_says_where_to_find_its_network(sets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moses, "has_chemnet", lambda: False)
    verdict = Moses(unique_at=()).judge(drawn(HERE), sets)
    assert verdict.missing["FCD/TestSF"] == "needs the package fcd-torch: pip install 'sciencegen[fcd]'"


def test_a_folder_without_a_test_set_is_refused(tmp_path: Path, protocol: Moses) -> None:
    with pytest.raises(DataError, match="expected the MOSES test set"):
        protocol.judge(drawn(HERE), tmp_path)
    with pytest.raises(DataError, match="expected a folder"):
        protocol.judge(drawn(HERE), tmp_path / "nowhere")


def test_draws_without_a_molecule_are_refused(sets: Path, protocol: Moses) -> None:
    with pytest.raises(DataError, match="none of 2 draws is a molecule"):
        protocol.judge([None, None], sets)


@pytest.mark.parametrize("name", ["hits.csv", "hits.tsv", "hits.smi", "hits.csv.gz", "hits.smi.xz", "hits.jsonl"])
def test_draws_are_read_with_the_invalid_ones(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = {"csv": "n,Smiles\n1,OCC\n2,nonsense\n", "tsv": "n\tSmiles\n1\tOCC\n2\tnonsense\n"}
    lines |= {"smi": "OCC first\nnonsense\n", "jsonl": '{"smiles": "OCC"}\n{"smiles": "nonsense"}\n'}
    opened = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opened(path, "wt") as file:
        file.write(lines[name.split(".")[1]])
    assert Moses().read(path) == ["CCO", None]


def test_files_without_molecules_are_refused(tmp_path: Path) -> None:
    for name, text, said in (
        ("a.csv", "x,y\n1,2\n", "expected a column named smiles"),
        ("a.smi", "\n", "holds no molecules"),
        ("a.doc", "C", "expected SMILES in a file ending in"),
        ("a.smi.gz", "C\n", "cannot be read"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError, match=said):
            smiles_of(tmp_path / name)


def test_the_train_set_scores_one_in_guacamol_but_for_novelty(sets: Path) -> None:
    metrics = GuacaMol(distance=False).judge(drawn(HERE[::2]), sets).metrics
    assert metrics["validity"] == metrics["uniqueness"] == 1
    assert metrics["novelty"] == 0
    assert metrics["KL divergence"] == pytest.approx(1)
    assert sum(name.startswith("KL/") for name in metrics) == 10


def test_a_sample_that_is_too_small_counts_against_a_model_in_guacamol(sets: Path) -> None:
    draws = [*drawn(HERE[1::2]), *[None] * 12]
    metrics = GuacaMol(distance=False).judge(draws, sets).metrics
    assert metrics["validity"] == metrics["uniqueness"] == metrics["novelty"] == 0.5
    assert metrics["KL divergence"] < 1


def test_guacamol_scores_the_distance() -> None:
    assert guacamol_score(0) == 1
    assert guacamol_score(5) == pytest.approx(math.exp(-1))


def test_one_molecule_has_no_distance() -> None:
    with pytest.raises(RequestError, match="needs 2 molecules"):
        chemnet_gaussian(["CCO"])


@pytest.mark.slow
def test_the_distance_is_that_of_the_package_it_comes_from() -> None:
    package = pytest.importorskip("fcd_torch", reason="the Frechet ChemNet distance is an optional extra")
    ours, theirs = drawn(HERE), drawn(THERE)
    distance = frechet(chemnet_gaussian(ours), chemnet_gaussian(theirs))
    assert distance == pytest.approx(package.FCD()(gen=ours, ref=theirs), rel=1e-4)
    assert chemnet.has_chemnet()
