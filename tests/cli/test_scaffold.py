"""`sciencegen generate --scaffold`: molecules that grow from one."""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest
import torch
from rdkit import Chem

from sciencegen.fit import Fit
from sciencegen.model import load
from tests.cli.conftest import Command

MOLECULES = [
    *("Cc1ccc(O)cc1", "CCOc1ccccc1", "Nc1ccccc1C(=O)O", "c1ccc2[nH]ccc2c1", "Cc1c[nH]c2ccccc12", "CC(=O)Nc1ccc(O)cc1"),
    *("CC(C)Cc1ccc(C(C)C(=O)O)cc1", "COc1ccc2[nH]cc(CCN)c2c1", "CN1CCC(c2ccccc2)CC1", "O=C(O)c1ccc(F)cc1Cl"),
]
TINY = {"width": 24, "rounds": 1, "context": 8, "batch": 10, "steps": 30, "rate": 0.03, "warmup": 1, "ema": 0.0}


@pytest.fixture(scope="module")
def grower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grower")
    for _ in Fit("molecules/scaffolds", MOLECULES, out=folder, ask=["mw"], holdout=0.0, **TINY):
        pass
    return folder


def holding(table: pandas.DataFrame, smarts: str) -> bool:
    query = Chem.MolFromSmarts(smarts)
    return all(Chem.MolFromSmiles(one).HasSubstructMatch(query) for one in table["smiles"])


def test_every_molecule_holds_the_scaffold(sciencegen: Command, grower: Path, tmp_path: Path) -> None:
    out = tmp_path / "hits.csv"
    asked = ["--scaffold", "c1ccc2[nH]ccc2c1", "--where", "mw=150"]
    assert sciencegen("generate", grower, "-n", 20, *asked, "-o", out).code == 0
    table = pandas.read_csv(out)
    assert len(set(table["smiles"])) == 20
    assert holding(table, "c1ccc2nccc2c1")
    assert (table["scaffold_asked"] == "c1ccc2[nH]ccc2c1").all()
    assert json.loads((tmp_path / "hits.json").read_text())["asked"]["scaffold"] == "c1ccc2[nH]ccc2c1"


def test_groups_are_bound_where_there_are_places_and_nowhere_else(
    sciencegen: Command, grower: Path, tmp_path: Path
) -> None:
    out = tmp_path / "hits.csv"
    assert sciencegen("generate", grower, "-n", 10, "--scaffold", "[*:1]c1ccc([*:2])cc1", "-o", out).code == 0
    table = pandas.read_csv(out)
    assert holding(table, "*c1[cH][cH]c(*)[cH][cH]1")


def test_without_a_scaffold_molecules_grow_from_nothing(sciencegen: Command, grower: Path, tmp_path: Path) -> None:
    assert sciencegen("generate", grower, "-n", 10, "-o", tmp_path / "hits.csv").code == 0
    assert len(pandas.read_csv(tmp_path / "hits.csv")) == 10


def test_python_says_the_same(grower: Path) -> None:
    model = load(grower)
    table = model.generate(12, where={"scaffold": "c1ccncc1", "mw": 200.0}, seed=3)
    assert len(table) == 12
    assert holding(table, "c1ccncc1")
    assert table.equals(load(grower).generate(12, where={"scaffold": "c1ccncc1", "mw": 200.0}, seed=3))


def test_columns_may_hold_scaffolds(grower: Path) -> None:
    model = load(grower)
    columns = {"scaffold": ["c1ccncc1", None, "C1CCNCC1"], "mw": [150.0, 200.0, None]}
    found = list(model.answers(columns, each=4))
    pyridine, piperidine = (Chem.MolFromSmiles(one) for one in ("c1ccncc1", "C1CCNCC1"))
    assert len(found) == 12
    assert all(one is not None for one in found)
    assert all(Chem.MolFromSmiles(one.item).HasSubstructMatch(pyridine) for one in found[:4] if one is not None)
    assert all(Chem.MolFromSmiles(one.item).HasSubstructMatch(piperidine) for one in found[8:] if one is not None)


@pytest.mark.parametrize(
    ("scaffold", "said"),
    [
        ("c1ccc[n]1", "[nH]"),
        ("nothing", "not a molecule"),
        ("C" * 40, "the model was made for molecules of up to"),
        ("", "scaffold is empty"),
        (" \n", "scaffold is empty"),
    ],
)
def test_what_is_no_scaffold_is_refused(sciencegen: Command, grower: Path, scaffold: str, said: str) -> None:
    done = sciencegen("generate", grower, "-n", 3, "--scaffold", scaffold)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_model_that_cannot_be_given_one_says_so(sciencegen: Command, flow: Path) -> None:
    done = sciencegen("generate", flow, "-n", 3, "--scaffold", "c1ccccc1")
    assert done.code == 2
    assert "scaffold" in done.err


@torch.no_grad()
def test_what_is_given_costs_no_probability(grower: Path) -> None:
    model = load(grower)
    row = model.representation.encode(["Cc1ccccc1"])
    first = model.representation.encode(["Cc1ccccc1"])
    first[0, :2] = torch.tensor([row[0, 1], row[0, 0]])  # the same row, its first atom given
    assert model.generator.log_prob(first) > model.generator.log_prob(row)
    assert model.generator.log_prob(model.representation.begun("c1ccccc1")[None]) < 0
