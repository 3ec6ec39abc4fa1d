"""The benchmark of energies with many modes, small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.workflows.test_workflows import ROOT


def test_every_way_has_its_row_and_what_is_there_is_not_trained_again(tmp_path: Path) -> None:
    script = str(ROOT / "workflows" / "benchmarks" / "energies.py")
    small = ["--only", "many-well", "torus", "--by", "reverse", "bootstrap", "--steps", "2", "--draws", "300"]
    command = [sys.executable, script, "--runs", str(tmp_path), *small]
    said = [subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout for _ in range(2)]
    assert said[0] == said[1]
    rows = [line for line in said[0].splitlines() if line.startswith("| many-well") or line.startswith("| torus")]
    assert len(rows) == 4
    assert "of 32" in rows[0]
