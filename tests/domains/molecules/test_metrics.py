"""What the metrics look at in each molecule."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

pytest.importorskip("rdkit", reason="molecules need RDKit")

from sciencegen.data.fetch import found
from sciencegen.domains.molecules.metrics import compare
from sciencegen.domains.molecules.metrics import traits as module
from sciencegen.domains.molecules.metrics.content import Known, flat
from sciencegen.domains.molecules.metrics.filters import GROUPS, passes
from sciencegen.domains.molecules.metrics.sets import smiles_of
from sciencegen.domains.molecules.metrics.traits import recalled, traits
from sciencegen.domains.molecules.molecule import canonical, parsed

ASPIRIN, CAFFEINE, BIPHENYL = "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "c1ccc(-c2ccccc2)cc1"
EXAMPLES = {
    "unsaturated nitrile": "C=CC#N",
    "vinyl sulfone": "C=CS(C)(=O)=O",
    "acrylamide": "CC=CC(=O)NC",
    "primary halide": "CCCBr",
    "epoxide": "C1CO1",
    "aziridine": "C1CN1",
    "isocyanate": "CN=C=O",
    "aldehyde": "CC=O",
    "imine": "CC(C)=N",
    "hydrazine": "CNNC",
    "azo": "CC(C)N=NC",
    "chain of three nitrogens": "CN(C)NN",
    "disulfide": "CSSC",
    "aminal": "CNCNC",
    "acetal": "COCOC",
    "activated aryl halide": "Clc1ccccn1",
    "thiophene dioxide": "CC1=CC=CS1(=O)=O",
}
FINE = (ASPIRIN, CAFFEINE, BIPHENYL, "Cc1ccco1", "Nc1ccccc1", "CC(C)Br", "Clc1cccnc1", "CC(C)=NC", "COCCOC", "CC#N")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path / "cache"))


def test_every_group_has_an_example() -> None:
    assert EXAMPLES.keys() == GROUPS.keys()


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_is_found_in_its_example_and_in_nothing_fine(name: str) -> None:
    from rdkit import Chem

    group = Chem.MolFromSmarts(GROUPS[name])
    assert parsed(EXAMPLES[name]).HasSubstructMatch(group)
    assert not passes(parsed(EXAMPLES[name]))
    assert not any(parsed(smiles).HasSubstructMatch(group) for smiles in FINE)


@pytest.mark.parametrize("smiles", FINE)
def test_what_is_fine_passes(smiles: str) -> None:
    assert passes(parsed(smiles))


@pytest.mark.parametrize(
    "smiles",
    [
        "CC[NH3+]",  # a charge
        "C[N+](=O)[O-]",  # charges that cancel
        "CP(C)C",  # another element
        "CI",
        "C1CCCCCCC1",  # a ring of eight
        "FC(F)(F)C(F)(F)C(F)(F)C",  # too much fluorine
        "O=C1C=CC(=O)C=C1",  # a quinone, a PAINS
    ],
)
def test_what_made_no_moses_set_does_not_pass(smiles: str) -> None:
    assert not passes(parsed(smiles))


def test_a_ring_of_seven_passes() -> None:
    assert passes(parsed("C1CCCCCC1"))


def test_fragments_are_cut_where_bonds_are_easy_to_make() -> None:
    counts = traits([ASPIRIN, ASPIRIN], ("fragments",)).counts["fragments"]
    assert counts == {"[1*]C(C)=O": 2, "[3*]O[3*]": 2, "[16*]c1ccccc1[16*]": 2, "[6*]C(=O)O": 2}
    assert traits(["CC"], ("fragments",)).counts["fragments"] == {"CC": 1}


def test_scaffolds_have_two_rings() -> None:
    counts = traits([ASPIRIN, BIPHENYL, CAFFEINE, "Cc1ccc(-c2ccccc2)cc1"], ("scaffolds",)).counts["scaffolds"]
    assert counts == {BIPHENYL: 2, "O=c1[nH]c(=O)c2[nH]cnc2[nH]1": 1}


def test_fingerprints_are_those_of_rdkit() -> None:
    from rdkit.Chem import rdFingerprintGenerator
    from rdkit.DataStructs import TanimotoSimilarity

    from sciencegen.compare.tanimoto import nearest

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    bits = traits([ASPIRIN, CAFFEINE], ("morgan1024",)).bits["morgan1024"]
    a, b = (generator.GetFingerprint(parsed(one)) for one in (ASPIRIN, CAFFEINE))
    assert float(nearest(bits[:1], bits[1:])) == pytest.approx(TanimotoSimilarity(a, b))


def test_a_set_that_was_measured_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("morgan1024", "fragments", "scaffolds", "logp")
    first = recalled([ASPIRIN, BIPHENYL], names)
    monkeypatch.setattr(module, "traits", None)
    again = recalled([ASPIRIN, BIPHENYL], names)
    assert torch.equal(first.bits["morgan1024"], again.bits["morgan1024"])
    assert torch.equal(first.values["logp"], again.values["logp"])
    assert first.counts == again.counts


@pytest.mark.slow
def test_other_processes_measure_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    names, molecules = ("morgan1024", "fragments", "passes", "qed"), [ASPIRIN, BIPHENYL, CAFFEINE] * 40
    here = traits(molecules, names)
    monkeypatch.setattr(module, "_FEW", 10)
    there = traits(molecules, names)
    assert torch.equal(here.bits["morgan1024"], there.bits["morgan1024"])
    assert here.counts == there.counts
    assert torch.equal(here.values["qed"], there.values["qed"])


def test_a_known_molecule_is_known_however_it_is_spelled() -> None:
    known = Known(["C1=CC=CC=C1O", "OCC", "not a molecule", "C[C@H](N)O"])
    assert canonical("Oc1ccccc1") in known
    assert canonical("CCO") in known
    assert "C[C@@H](N)O" not in known
    assert "CC(N)O" not in known
    assert flat("C[C@@H](N)O") in Known(["C[C@H](N)O"], stereo=False)


def test_equal_sets_are_as_near_as_can_be() -> None:
    molecules = [ASPIRIN, BIPHENYL, CAFFEINE]
    report = compare(molecules, list(reversed(molecules)))
    assert [report[name] for name in ("SNN", "Frag", "Scaf")] == pytest.approx([1, 1, 1])
    assert report["IntDiv"] == pytest.approx(report["IntDiv of data"])
    assert all(value == pytest.approx(0) for name, value in report.items() if "Wasserstein" in name)


def test_the_published_test_set_passes_its_own_filters() -> None:
    path = found("moses", "test")
    if path is None:
        pytest.skip("the MOSES test set is not in the data store")
    molecules = smiles_of(path)[::1500]
    assert all(passes(parsed(smiles)) for smiles in molecules)
