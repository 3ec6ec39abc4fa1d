"""The benchmark of a campaign runs, and says what a row costs."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from sciencegen.campaign.config import read_config
from tests.files import molecules
from tests.workflows.test_workflows import ROOT, run

Chem = pytest.importorskip("rdkit.Chem", reason="molecules need RDKit")


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "workflows" / "benchmarks"))


def test_molecules_are_varied_without_end() -> None:
    from screening import varied

    found = list(islice(varied(["CCO", "c1ccccc1", "CC(=O)N"]), 30))
    assert found[:3] == ["CCO", "c1ccccc1", "CC(=O)N"]
    assert len({Chem.CanonSmiles(one) for one in found}) == 30
    assert len(list(islice(varied(["O"]), 50))) == 50


def test_a_supplier_s_table_is_a_table(tmp_path: Path) -> None:
    from screening import read, supply

    supply(tmp_path / "supplier.csv", read(molecules(tmp_path / "some.smi")), 500)
    with (tmp_path / "supplier.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 500
    assert len({row["code"] for row in rows}) == 500
    assert rows[0]["smiles"] == rows[448]["smiles"], "448 molecules, again and again"
    assert all(row["storage"].startswith("dry, ") for row in rows)


@pytest.mark.parametrize("cheap", [False, True])
def test_the_campaign_that_is_measured_can_be_read(tmp_path: Path, cheap: bool) -> None:
    from screening import arguments_of, config

    (tmp_path / "screen.toml").write_text(config(cheap))
    found = read_config(tmp_path / "screen.toml").filter
    line = arguments_of("filter", tmp_path, tmp_path, 1, cheap)
    asked = [one.removeprefix("--where=") for one in line if one.startswith("--where=")]
    assert asked == [f"{name}{text if text[0] in '<>' else '=' + text}" for name, text in found.ranges.items()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_memory_is_that_of_a_process_and_of_those_below_it() -> None:
    from screening import memory_of

    waits = "x = bytearray(80_000_000); print(flush=True); input()"
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {waits!r}])"
    process = subprocess.Popen([sys.executable, "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    one, below = memory_of(process.pid)
    process.communicate(b"\n")
    assert one < 70 < 80_000_000 / 2**20 < below
    assert memory_of(process.pid) == (0, 0)
    assert memory_of(os.getpid())[0] > one


@pytest.mark.slow
def test_a_campaign_is_measured(tmp_path: Path) -> None:
    data = molecules(tmp_path / "some.smi")
    options = ("--rows", "310", "--repeats", "1", "--cheap", "--data", str(data))
    said = run("benchmarks/screening.py", *options, "--workers", "1", "2")
    lines = [[cell.strip() for cell in line.split("|")] for line in said.splitlines() if line.count("|") == 7]
    rows = {(cells[1], cells[2]): cells[3:] for cells in lines[2:]}
    assert set(rows) == {(c, w) for c in ("filter", "screen") for w in ("1", "2", "2 beside 1")}
    assert float(rows["screen", "1"][2].replace(",", "")) > 50
    assert rows["filter", "2 beside 1"][0].endswith("times")
