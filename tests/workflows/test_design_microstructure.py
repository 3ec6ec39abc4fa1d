"""Designs to order: the finite elements are right where the answer is known, and the workflow runs through."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the finite elements need SciPy")
ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflows" / "design_microstructure"


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(WORKFLOW))


def test_layers_conduct_as_in_a_textbook() -> None:
    from elements import effective

    layers = np.ones((8, 8))
    layers[:, ::2] = 0.05
    assert effective(layers, 0) == pytest.approx(0.525)
    assert effective(layers, 1) == pytest.approx(2 / 21)


def test_elements_bound_the_conductivity_from_above_and_come_nearer() -> None:
    import torch
    from elements import measured

    from sciencegen.domains.microstructures.descriptors import conductivity, painted

    image = (np.add.outer(np.arange(16) // 4, np.arange(16) // 4) % 2).astype(np.uint8)  # checkers: sqrt(k1 k2)
    coarse, fine = measured(image, 0.25, 1), measured(image, 0.25, 4)
    volumes = float(conductivity(painted(torch.from_numpy(image)[None], [0.25, 1.0]), periodic=True).mean())
    assert volumes < 0.5 < fine < coarse
    assert fine == pytest.approx(0.5, rel=0.04)


def test_the_workflow_runs_through(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(
        ["sh", str(WORKFLOW / "design.sh"), str(tmp_path / "out"), "0.6", "0.4", "2"],
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "out" / "designs.vtk").read_bytes().startswith(b"# vtk")
    with (tmp_path / "out" / "elements.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    for row in rows:
        assert float(row["finite_volumes"]) == pytest.approx(0.4, abs=0.01)
        assert float(row["finite_elements"]) == pytest.approx(0.4, rel=0.08)
    with (tmp_path / "out" / "designs" / "labels.csv").open(encoding="utf-8") as file:
        assert all(float(row["volume_fraction"]) == pytest.approx(0.6, abs=1e-3) for row in csv.DictReader(file))
