"""The benchmark of descriptors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[4] / "workflows" / "benchmarks" / "descriptors.py"


@pytest.mark.slow
def test_the_benchmark_has_a_row_for_every_descriptor() -> None:
    command = [sys.executable, str(BENCHMARK), "--side", "16", "--batch", "2", "--repeats", "1"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [line.split("|")[1].strip() for line in said.splitlines() if line.startswith("| ")]
    assert rows[:3] == ["descriptor", "volume fraction", "two-point correlation"]
    assert rows[-1] == "tortuosity"
