"""The benchmark of policy optimisation, with a few calls from a small model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sciencegen.fit import Fit
from tests.files import molecules
from tests.workflows.test_workflows import run

pytest.importorskip("rdkit", reason="molecules need RDKit")


@pytest.mark.slow
def test_the_table_has_our_figures_beside_published_ones(tmp_path: Path) -> None:
    data, model, out = molecules(tmp_path / "some.smi"), tmp_path / "model", tmp_path / "pmo"
    for _ in Fit("molecules/smiles-gru", data, out=model, ask=["logp"], width=32, embed=16, epochs=8, batch=32):
        pass
    asked = ("benchmarks/pmo.py", "--model", str(model), "-o", str(out), "--seeds", "2", "--calls", "12")
    more = ("--tasks", "qed,isomers_c7h8n2o2", "--set", "batch=8", "--set", "bred=2", "--set", "updates=1")
    said = run(*asked, *more)
    rows = {cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for cells in _cells(said)}
    assert rows["task"][1:] == ["REINVENT", "Graph GA", "Mol GA", "Genetic GFN"]
    assert rows["qed"][1:] == ["0.941 ± 0.000", "0.937 ± 0.001", "0.941 ± 0.001", "0.942 ± 0.000"]
    assert rows["qed"][0].endswith("(2)")
    found = json.loads((out / "qed-1.json").read_text())
    assert found["calls"] == 12
    assert float(rows["sum of 2"][0]) > 0
    before = (out / "qed-1.json").read_text()
    assert _cells(run(*asked, *more)) == _cells(said)
    assert (out / "qed-1.json").read_text() == before


def _cells(said: str) -> list[list[str]]:
    return [line.split("|") for line in said.splitlines() if line.startswith("| ")]
