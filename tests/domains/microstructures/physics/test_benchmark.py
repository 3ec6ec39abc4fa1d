"""The benchmark of data made by physics runs, small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[4] / "workflows" / "benchmarks" / "microstructure_physics.py"


@pytest.mark.slow
def test_the_benchmark_prints_its_tables() -> None:
    command = [sys.executable, str(BENCHMARK), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("|")]
    assert [row[0].strip() for row in rows[2:5]] == ["64x64", "128x128", "32x32x32"]
    assert "PyMKS is left out" in done.stdout or all(float(row[-1]) < 1e-9 for row in rows[2:5])
    assert rows[5][0] == " 20 images of 64x64 "
    assert len(rows) == 15
