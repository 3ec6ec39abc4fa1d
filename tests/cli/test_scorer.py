"""`sciencegen scorer`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command

FINE = """
import json, sys
texts = sys.stdin.read().split("\\n")[:-1]
values = [text.count("c") + len(text) / 100 if "?" not in text else None for text in texts]
print(json.dumps({"version": 1, "payload": {"rings": values}}))
"""
TABLE = """
import csv, sys
print("id,size")
for row in csv.DictReader(sys.stdin):
    print(row["id"], "" if "?" in row[sys.argv[1]] else len(row[sys.argv[1]]), sep=",")
"""


@pytest.fixture
def fine(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(FINE)
    return tmp_path / "fine.py"


def test_a_scorer_that_works_is_told_so(sciencegen: Command, fine: Path) -> None:
    done = sciencegen("scorer", "check", sys.executable, fine, "--timeout", 60)
    assert done.code == 0, done.out
    lines = done.out.splitlines()
    assert len(lines) == 10
    assert {line.split()[0] for line in lines} == {"ok"}
    assert done.err.splitlines() == [f"{sys.executable} {fine}: json, 60 s a batch of 100", "it can be used"]


def test_a_scorer_that_does_not_work_has_an_exit_code(sciencegen: Command) -> None:
    done = sciencegen("scorer", "check", "--", "sh", "-c", "echo no licence >&2; exit 3")
    assert done.code == 5
    (line,) = done.out.splitlines()
    assert line.startswith("wrong   starts: ended with exit code 3: no licence; it said: no licence")
    assert done.err.splitlines()[-1] == "it cannot be used"


def test_a_campaign_names_its_scorers(sciencegen: Command, fine: Path) -> None:
    (fine.parent / "table.py").write_text(TABLE)
    config = fine.parent / "screen.toml"
    score = '[[score]]\nname = "{}"\ncontract = "{}"\ncommand = {}\ntimeout = 50\nbatch = 7\n'
    one = score.format("fine", "json", f'["{sys.executable}", "fine.py"]')
    other = score.format("table", "csv", f'["{sys.executable}", "table.py", "smiles"]')
    config.write_text(f'[source]\nfile = "a.smi"\n{one}')
    done = sciencegen("scorer", "check", "--config", config)
    assert (done.code, done.err.count("fine.py: json, 50 s a batch of 7")) == (0, 1), done.out
    config.write_text(f'[source]\nfile = "a.smi"\n{one}{other}')
    assert "column size" in sciencegen("scorer", "check", "--config", config, "--name", "table").out
    assert "give --name, one of fine, table" in sciencegen("scorer", "check", "--config", config).refusal
    refusal = sciencegen("scorer", "check", "--config", config, "--name", "tabel").refusal
    assert "did you mean 'table'?" in refusal


def test_items_may_be_given(sciencegen: Command, fine: Path, tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("CCO one\nnonsense\nOCC again\nc1ccccc1 two\n")
    done = sciencegen("scorer", "check", sys.executable, fine, "--items", tmp_path / "a.smi")
    assert "ok      answers 2 items" in done.out.splitlines()
    (tmp_path / "points.csv").write_text("x,y\n0,1\n2,3\n")
    script = tmp_path / "table.py"
    script.write_text(TABLE)
    line = ["scorer", "check", "--contract", "csv", "--domain", "densities", sys.executable, script, "text"]
    assert sciencegen(*line, "--items", tmp_path / "points.csv").code == 0
    assert "--domain densities: there are no items" in sciencegen(*line).refusal


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give either a command or the --config"),
        (["--config", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["true", "--name", "a"], "--name a: names a score of a campaign"),
        (["true", "--contract", "jsn"], "unknown contract 'jsn': did you mean 'json'?"),
        (["true", "--domain", "molecule"], "unknown domain 'molecule': did you mean 'molecules'?"),
        (["true", "--timeout", "0"], "timeout = 0.0: too small"),
        (["true", "--fast"], "no such option: --fast"),
    ],
)
def test_a_bad_request_is_one_line(sciencegen: Command, arguments: list[str], said: str) -> None:
    assert said in sciencegen("scorer", "check", *arguments).refusal


def test_help_imports_nothing_heavy(sciencegen: Command) -> None:
    assert "check" in sciencegen("scorer").out
    line = [sys.executable, "-X", "importtime", "-m", "sciencegen", "scorer", "check", "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=dict(os.environ))
    imported = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines()}
    assert not imported & {"torch", "numpy", "pandas", "rdkit", "sciencegen.scorers"}
