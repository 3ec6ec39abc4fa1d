"""The benchmark of translation runs, both ways, and goes on with what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciencegen.cli import run as sciencegen
from tests.workflows.test_workflows import run

QUICK = ("steps=3", "width=8", "critic=4", "context=8", "depth=2", "halvings=2", "precision=32")


@pytest.mark.slow
@pytest.mark.parametrize(("maker", "option"), [("coarsening", "time=50"), ("micrographs", "length=2")])
def test_the_benchmark_of_translation_compares_pairs(tmp_path: Path, maker: str, option: str) -> None:
    for name in ("data", "test"):
        made = ["data", "make", maker, "-n", "12", "--size", "16", "--set", option, "-o", str(tmp_path / f"{name}.npz")]
        assert sciencegen(made) == 0
    files = [word for name in ("data", "test") for word in (f"--{name}", str(tmp_path / f"{name}.npz"))]
    command = ("benchmarks/translation.py", *files, "--runs", str(tmp_path / "runs"), "--set", *QUICK)
    tables = [[line for line in run(*command).splitlines() if line.startswith("| ")] for _ in range(2)]
    rows = [line.split("|")[1].strip() for line in tables[0]]
    there = ["", "source, unchanged", "another pair's", "cyclegan", "pix2pix"]
    assert rows == [*there, "", "back: image, unchanged", "back: another pair's", "back: cyclegan"]
    assert ("grain" in tables[0][0]) == (maker == "micrographs")
    assert tables[0] == tables[1], "what was trained is found again"
