"""The benchmark of searches in a latent space, and what latents predict beside what is published."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sciencegen.fit import Fit
from tests.files import molecules
from workflows.benchmarks import latent_board, latent_search

TINY = {"width": 48, "latent": 8, "code": 24, "context": 8, "embed": 16, "beta": 0.001, "ramp": 20}
QUICK = {"batch": 32, "rate": 3e-3, "ema": 0.9, "warmup": 10, "precision": "32", "epochs": 8}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("search")
    data = molecules(place / "molecules.smi")
    for _ in Fit("molecules/chemical-vae", data, out=place / "vae", ask=["logp", "qed"], **TINY, **QUICK):  # type: ignore[arg-type]
        pass
    return place


@pytest.mark.slow
def test_searches_are_compared_at_equal_calls(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = [
        "--calls",
        "12",
        "--start",
        "6",
        "--batch",
        "6",
        "--seeds",
        "2",
        "--goals",
        "qed",
        "-o",
        str(place / "out"),
    ]
    monkeypatch.setattr(sys, "argv", ["x", str(place / "vae"), "--data", str(place / "molecules.smi"), *small])
    latent_search.main()
    table = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row[0][2:] for row in table[1:]] == ["bayesian", "climb", "random", latent_search.SAMPLE, latent_search.ALL]
    assert {row[4] for row in table[1:5]} == {"12"}
    done = json.loads((place / "out" / "runs.json").read_text())
    assert len(done) == 9
    latent_search.main()  # what ended is not done again
    assert "seed 0:" not in capsys.readouterr().out


def test_a_table_has_means_and_spreads() -> None:
    runs: dict[str, list[dict[str, Any]]] = {
        "climb": [
            {"best": [3.0] * 10, "calls": 500, "seconds": 2.0},
            {"best": [1.0] * 10, "calls": 500, "seconds": 4.0},
        ]
    }
    lines = list(latent_search.table("qed", runs))
    assert lines[-1] == "| climb | 2.000 ± 1.414 | 2.000 ± 1.414 | 2.000 ± 1.414 | 500 | 3 |"
    assert any("JT-VAE" in line for line in latent_search.table("plogp", runs))


@pytest.mark.slow
def test_what_latents_predict_is_compared_with_what_is_measured(place: Path) -> None:
    from sciencegen.model import load

    model = load(place / "vae", "cpu")
    errors = latent_board.predictor_error(model, ["CCCCO", "CCCCN", "CCCCc1ccccc1"])
    assert list(errors) == ["logp", "qed"]
    assert all(0 < error < 3 for error in errors.values())
    assert latent_board.predictor_error(load("grammar-vae", "cpu"), ["CCO"]) == {}
