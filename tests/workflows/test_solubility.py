"""The solubility model: what it learns, what it admits not to know, and the contract it answers by."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sciencegen.campaign.config import read_config

pytest.importorskip("rdkit", reason="molecules need RDKit")
pytest.importorskip("sklearn", reason="training needs scikit-learn")
ROOT = Path(__file__).parents[2]
SOLUBILITY, SAMPLE = ROOT / "workflows" / "solubility", ROOT / "datasets" / "solubility.csv"
ESOL = Path(os.environ.get("ESOL_TABLE", ""))


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SOLUBILITY))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> Path:
    """Trained on a part of the sample: the rest is new to it."""
    folder = tmp_path_factory.mktemp("solubility")
    table = folder / "some.csv"
    table.write_text("\n".join(["smiles,logs", *(f"{row['smiles']},{row['logs']}" for row in rows[:150])]) + "\n")
    script("train.py", "--from", table, "-o", folder / "model.json", "--quick")
    return folder / "model.json"


def script(name: str, *options: object, given: str = "", code: int = 0) -> tuple[str, str]:
    command = [sys.executable, str(SOLUBILITY / name), *map(str, options)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def score(model: Path, given: str) -> dict[str, list[Any]]:
    answer = json.loads(script("score.py", model, given=given)[0])
    assert answer["version"] == 1
    payload: dict[str, list[Any]] = answer["payload"]
    assert tuple(payload) == ("logs", "logs_sd", "similarity", "nearest", "in_domain")
    return payload


def test_a_formula_of_the_descriptors_is_learnt(model: Path, rows: list[dict[str, str]]) -> None:
    """The sample's values are a formula of four descriptors: new molecules are foretold to a hundredth or so."""
    new = rows[150:250]
    found = score(model, "".join(f"{row['smiles']}\n" for row in new))
    wrong = np.array(found["logs"]) - np.array([float(row["logs"]) for row in new])
    assert np.abs(wrong).mean() < 0.03
    assert np.mean(np.abs(wrong) < 2 * np.array(found["logs_sd"])) > 0.9


def test_a_molecule_it_was_trained_on_is_its_own_nearest(model: Path, rows: list[dict[str, str]]) -> None:
    found = score(model, "".join(f"{row['smiles']}\n" for row in rows[:5]))
    assert found["similarity"] == [1.0] * 5
    assert found["in_domain"] == [1] * 5
    assert len(set(found["nearest"])) == 5


def test_far_from_what_it_knows_it_doubts(model: Path, rows: list[dict[str, str]]) -> None:
    known, far = rows[0]["smiles"], "FC(F)(F)C(F)(F)C(F)(F)C(F)(F)C(F)(F)C(F)(F)F"
    found = score(model, f"{known}\n{far}\n")
    assert found["in_domain"] == [1, 0]
    assert found["logs_sd"][1] > 1.5 * found["logs_sd"][0]


def test_what_is_no_single_molecule_is_missing(model: Path) -> None:
    bad = ("", "nonsense", "CCO ethanol", "C\u0301", "CC.CC", "C" * 501)
    said = script("score.py", model, given="\n".join(["CCO", *bad, "CCN"]))
    payload = json.loads(said[0])["payload"]
    for cells in payload.values():
        assert [cell is None for cell in cells] == [False, *[True] * len(bad), False]
    assert [line.split(",")[0] for line in said[1].splitlines()] == [f"molecule {i}" for i in range(2, 2 + len(bad))]


def test_a_prediction_does_not_depend_on_what_else_is_asked(model: Path, rows: list[dict[str, str]]) -> None:
    some = [row["smiles"] for row in rows[140:170]]
    together, turned = score(model, "\n".join(some)), score(model, "\r\n".join(reversed(some)) + "\r\n")
    assert together == {key: cells[::-1] for key, cells in turned.items()}
    assert score(model, "") == {key: [] for key in together}
    assert score(model, f"{some[0]}\n") == {key: cells[:1] for key, cells in together.items()}


def test_the_gradient_of_the_likelihood_is_its_slope(rows: list[dict[str, str]]) -> None:
    from features import features
    from gaussian_process import GaussianProcess, Kernel

    seen = [features(row["smiles"]) for row in rows[:40]]
    process = GaussianProcess(seen, np.random.default_rng(0).normal(size=40), Kernel())
    at = np.log([0.7, 0.4, 9.0, 0.3, 0.1])
    _, gradient = process.surprise(at)
    for i, slope in enumerate(gradient):
        step = np.eye(5)[i] * 1e-5
        more, less = process.surprise(at + step)[0], process.surprise(at - step)[0]
        assert slope == pytest.approx((more - less) / 2e-5, rel=1e-4)


def test_error_bars_are_between_the_noise_and_the_prior(rows: list[dict[str, str]]) -> None:
    from features import features
    from gaussian_process import GaussianProcess, Kernel

    kernel = Kernel(0.6, 0.3, 8.0, 0.0, 0.1)
    values = np.random.default_rng(0).normal(size=60)
    process = GaussianProcess([features(row["smiles"]) for row in rows[:60]], values, kernel)
    for smiles in (rows[0]["smiles"], rows[99]["smiles"], "C", "[Pb]"):
        variance = process.predict(features(smiles)).sd ** 2 / values.var()
        assert kernel.noise - 1e-9 <= variance <= kernel.bits + kernel.numbers + kernel.noise + 1e-9
    constant = GaussianProcess([features(row["smiles"]) for row in rows[:60]], np.full(60, 3.0), kernel)
    assert constant.predict(features("CCO")).value == 3.0


def test_the_same_molecule_twice_is_its_mean(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    from train import read

    table = tmp_path / "twice.csv"
    lines = [f"{row['smiles']},{row['logs']}" for row in rows[:30]]
    table.write_text("\n".join(["smiles,logs", *lines, "CCO,-1", "OCC,2", "CCN,"]) + "\n")
    data = read(table)
    assert len(data.smiles) == 31, "a row without a value is left out"
    assert data.values[list(data.smiles).index("CCO")] == 0.5
    assert data.published is None


@pytest.mark.parametrize(("last", "known"), [("-1.5", True), ("", False)])
def test_a_published_column_with_gaps_is_no_baseline(
    tmp_path: Path, rows: list[dict[str, str]], last: str, known: bool
) -> None:
    from train import PUBLISHED, read

    lines = [f"{row['smiles']},{row['logs']},-1" for row in rows[:30]]
    table = tmp_path / "published.csv"
    table.write_text("\n".join([f"smiles,logs,{PUBLISHED}", *lines, f"CCO,-1,{last}"]) + "\n")
    assert (read(table).published is not None) is known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("smiles,other\n" + "CCO,1\n" * 30, "--target"),
        ("smiles,logs\n" + "CCO,1\n" * 30, "expected 20"),
        ("smiles,logs\nCCO,low\n" + "CCC,1\n" * 30, "logs"),
    ],
)
def test_tables_that_will_not_do_are_refused(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "bad.csv"
    table.write_text(text)
    complaint = script("train.py", "--from", table, "-o", tmp_path / "model.json", "--quick", code=2)[1]
    assert said in complaint.splitlines()[-1]
    assert "Traceback" not in complaint
    assert not (tmp_path / "model.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "solubility", "format": 2}'])
def test_files_that_are_no_model_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    out, said = script("score.py", path, given="CCO\n", code=1)
    assert not out
    assert str(path) in said
    assert "Traceback" not in said


def test_the_example_campaign_is_one() -> None:
    config = read_config(SOLUBILITY / "screen.toml")
    assert config.score[0].command == ["python", "score.py", "model.json"]
    assert set(config.combine.desire) == {"pred_solubility_logs", "pred_solubility_logs_sd", "calc_qed"}


@pytest.mark.slow
def test_every_model_is_compared(tmp_path: Path) -> None:
    out, _ = script("train.py", "--from", SAMPLE, "-o", tmp_path / "model.json")
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines()[2:]]
    assert {row[0] for row in table} == {"random", "scaffold"}
    assert len({row[1] for row in table}) == 7
    for split in ("random", "scaffold"):
        rmse = {row[1]: float(row[2]) for row in table if row[0] == split}
        assert rmse["Gaussian process, both"] < min(rmse["random forest, both"], rmse["the mean"])
    again, _ = script("train.py", "--from", SAMPLE, "-o", tmp_path / "again.json", "--quick")
    assert [line for line in again.splitlines() if "Gaussian" in line] == [
        line for line in out.splitlines() if "Gaussian" in line
    ]


@pytest.mark.slow
@pytest.mark.skipif(not ESOL.is_file(), reason="ESOL_TABLE names no table of measured solubilities")
def test_measured_solubilities_are_foretold_better_than_by_the_published_formula(tmp_path: Path) -> None:
    out, _ = script("train.py", "--from", ESOL, "-o", tmp_path / "model.json", "--quick")
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines()[2:]]
    rmse = {(row[0], row[1]): float(row[2]) for row in table}
    assert rmse["random", "Gaussian process, both"] < 0.65
    for split in ("random", "scaffold"):  # the formula was fitted to most of these molecules, the model to none of them
        assert rmse[split, "Gaussian process, both"] < rmse[split, "ESOL's formula, as published"]
