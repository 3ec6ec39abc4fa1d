"""The example of free energies: trained small, or of a shipped model, beside what is exact."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.test_workflows import ROOT

SCRIPT = ROOT / "workflows" / "free_energy.py"


def run(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_flow_is_trained_and_its_free_energies_lie_within_their_errors(tmp_path: Path) -> None:
    said = run("-o", tmp_path, "--train", "--steps", 60, "--points", 3, "-n", 20_000)
    with (tmp_path / "free_energy.csv").open() as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert [row["temperature"] for row in rows] == [1, 3, 5]
    for row in rows[1:]:
        assert abs(row["free_energy"] - row["exact"]) < 5 * row["error"]
    assert "entropy" in said
    assert "free energy over temperature" in (tmp_path / "free_energy.html").read_text()


def test_the_shipped_model_knows_the_free_energy_at_every_temperature(tmp_path: Path) -> None:
    run("-o", tmp_path, "--points", 5, "-n", 50_000)
    with (tmp_path / "free_energy.csv").open() as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    for row in rows:
        off = (row["free_energy"] - row["exact"]) / row["temperature"]
        assert off == pytest.approx(0, abs=0.05 + 2 * row["error"] / row["temperature"])
        assert row["effective_share"] > 0.95
