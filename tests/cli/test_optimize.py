"""`sciencegen optimize`: every call is written down, and a run that was stopped goes on as if it had not been."""

from __future__ import annotations

import csv
import json
import sys
from itertools import islice
from pathlib import Path

import pytest

from sciencegen.cli.optimize import Job
from sciencegen.model import load
from sciencegen.optimize.policy import practised
from sciencegen.optimize.wanted import Wanted, scaled
from sciencegen.search.ledger import Ledger
from tests.cli.conftest import Command

pytest.importorskip("rdkit", reason="molecules need RDKit")

SMALL = ("--set", "batch=8", "--set", "replay=8", "--set", "updates=1", "--set", "bred=3")


def texts(folder: Path) -> list[str]:
    return [one.text for one in Ledger(None, folder / "ledger.jsonl").told]


def test_a_run_leaves_the_best_and_how_they_were_found(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    out = tmp_path / "qed"
    done = sciencegen("optimize", gru, "--maximize", "qed", "-w", "mw=40..200", "--calls", 40, "-o", out, *SMALL)
    assert done.code == 0, done.err
    assert done.out == ""
    assert "40 calls of 40" in done.err
    rows = list(csv.DictReader((out / "best.csv").read_text().splitlines()))
    assert list(rows[0]) == ["smiles", "qed", "mw", "score", "call"]
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert len({row["smiles"] for row in rows}) == len(rows) == 40
    found = json.loads((out / "summary.json").read_text())
    assert found["calls"] == found["budget"] == 40
    assert found["top1"] == scores[0]
    request = json.loads((out / "run.json").read_text())
    assert request["by"] == "policy"
    assert request["where"] == {"mw": "40..200"}
    assert sciencegen("generate", out / "policy", "-n", 3, "-o", tmp_path / "more.csv").code == 0


def test_a_run_that_was_stopped_asks_what_it_would_have_asked(gru: Path, tmp_path: Path) -> None:
    def job(name: str, resume: bool = False, calls: int = 60) -> Job:
        options = [one for one in SMALL if one != "--set"]
        return Job.begun(
            load(gru, "cpu"), Wanted(("qed",)), calls, tmp_path / name, None, options, 3, resume, {"model": "gru"}
        )

    job("whole").run(10)
    stopped = job("parts")
    practice, settings = _chosen(stopped)
    oracle = stopped.wanted.oracle(stopped.model, stopped.ledger)
    turns = practised(stopped.model, oracle, practice, settings, stopped.folder.path)
    for number, _ in enumerate(islice(turns, 3), 1):
        if number == 2:  # saved after two of three, as if it had been killed later
            (stopped.folder.path / "training.safetensors").replace(tmp_path / "kept")
    turns.close()
    (tmp_path / "kept").replace(stopped.folder.path / "training.safetensors")
    before = texts(tmp_path / "parts")
    assert 0 < len(before) < 60
    job("parts", resume=True).run(10)
    assert texts(tmp_path / "parts") == texts(tmp_path / "whole")
    assert texts(tmp_path / "parts")[: len(before)] == before


def _chosen(job: Job) -> tuple:  # type: ignore[type-arg]
    from dataclasses import replace

    from sciencegen.optimize.policy import chosen_options

    practice, settings = chosen_options(job.options)
    return practice, replace(settings, seed=job.seed, save=0.0)


def test_more_calls_may_be_asked_for_when_a_run_goes_on(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    asked = ("optimize", gru, "--maximize", "qed", "-o", tmp_path / "run", *SMALL)
    assert sciencegen(*asked, "--calls", 20).code == 0
    first = texts(tmp_path / "run")
    taught = (tmp_path / "run" / "policy" / "model.safetensors").read_bytes()
    assert taught != (gru / "model.safetensors").read_bytes()
    assert sciencegen(*asked, "--calls", 20, "--resume").code == 0
    assert (tmp_path / "run" / "policy" / "model.safetensors").read_bytes() == taught
    assert "not empty: go on with --resume" in sciencegen(*asked, "--calls", 30).refusal
    assert "20 calls were made already" in sciencegen(*asked, "--calls", 10, "--resume").refusal
    done = sciencegen(*asked, "--calls", 30, "--resume")
    assert done.code == 0
    assert "goes on: 20 calls of 30 are made" in done.err
    assert texts(tmp_path / "run")[:20] == first
    assert len(texts(tmp_path / "run")) == 30
    other = sciencegen("optimize", gru, "--maximize", "logp", "-o", tmp_path / "run", "--calls", 40, "--resume", *SMALL)
    assert 'begun with maximize = ["qed"], not ["logp"]' in other.refusal


COMMAND = """
import sys, json
lines = sys.stdin.read().split()
if any("N" in line for line in lines):
    sys.exit("no nitrogen")
print(json.dumps({"version": 1, "payload": {"score": [len(line) / 50 for line in lines]}}))
"""


def test_a_command_that_fails_on_some_molecules_is_counted_and_the_run_goes_on(
    sciencegen: Command, gru: Path, tmp_path: Path
) -> None:
    (tmp_path / "judge.py").write_text(COMMAND)
    scorer = f"{sys.executable} {tmp_path / 'judge.py'}"
    asked = ("optimize", gru, "--scorer", scorer, "--calls", 12, "-o", tmp_path / "run", *SMALL)
    assert "does score usually lie? Say --range score=low..high" in sciencegen(*asked).refusal
    done = sciencegen(*asked, "--range", "score=0..1")
    assert done.code == 0, done.err
    told = Ledger(None, tmp_path / "run" / "ledger.jsonl").told
    assert len(told) == 12
    for one in told:
        assert (one.score is None) == ("N" in one.text)
    if any(one.score is None for one in told):
        assert "have no score" in done.err


def test_published_tasks_are_listed_and_run(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    listed = sciencegen("optimize", gru, "--task", "list").out
    assert "osimertinib_mpo" in listed
    done = sciencegen("optimize", gru, "--task", "isomers_c7h8n2o2", "--calls", 10, "-o", tmp_path / "run", *SMALL)
    assert done.code == 0
    assert "isomers_c7h8n2o2" in (tmp_path / "run" / "best.csv").read_text()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "nothing is wanted"),
        (("--maximize", "qde"), "did you mean 'qed'"),
        (("--task", "osimertinib"), "did you mean 'osimertinib_mpo'"),
        (("--maximize", "qed", "--calls", 0), "--calls 0"),
        (("--maximize", "qed", "--keep", 0), "--keep 0"),
        (("--maximize", "qed", "--by", "magic"), "unknown way to optimize"),
        (("--maximize", "qed", "--set", "sgima=3"), "did you mean 'sigma'"),
        (("--maximize", "qed", "--set", "sigma=-3"), "sigma=-3"),
        (("--maximize", "qed", "--range", "qed=3"), "expected name=low..high"),
        (("--maximize", "qed", "--range", "qed>=3"), "expected name=low..high"),
        (("--scorer", "'", "--range", "score=0..1"), "No closing quotation"),
        (("--scorer", "judge", "--contract", "xml"), "unknown contract"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    sciencegen: Command, gru: Path, tmp_path: Path, asked: tuple[object, ...], said: str
) -> None:
    assert said in sciencegen("optimize", gru, *asked, "-o", tmp_path / "run").refusal
    assert not (tmp_path / "run").exists()


def test_a_run_needs_a_folder_of_its_own(sciencegen: Command, gru: Path, tmp_path: Path) -> None:
    asked = ("optimize", gru, "--maximize", "qed")
    assert "-o: say the folder" in sciencegen(*asked).refusal
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    assert "choose another folder" in sciencegen(*asked, "-o", tmp_path / "mine").refusal
    assert "holds no run" in sciencegen(*asked, "-o", tmp_path / "mine", "--resume").refusal
    assert "is a file" in sciencegen(*asked, "-o", tmp_path / "mine" / "notes.txt").refusal


def test_where_a_command_fails_on_everything_no_score_is_made_up(
    sciencegen: Command, gru: Path, tmp_path: Path
) -> None:
    asked = ("optimize", gru, "--scorer", "false", "--range", "score=0..1", "--calls", 12, "-o", tmp_path / "run")
    done = sciencegen(*asked, *SMALL)
    assert done.code not in (0, 2)
    assert "nothing has a score" in done.err
    assert "best 0.0000" not in done.err
    assert "fails on everything" in done.err


def test_models_that_are_no_strings_of_known_probability_are_not_taught(
    sciencegen: Command, flow: Path, tmp_path: Path
) -> None:
    refused = sciencegen("optimize", flow, "--maximize", "radius", "--by", "policy", "-o", tmp_path / "run")
    assert "draw no strings" in refused.complaint


def test_numbers_without_a_known_range_get_that_of_draws(gru: Path) -> None:
    model = load(gru, "cpu")
    (aim,) = scaled(Wanted(("atoms",)).goal(model), model).aims
    assert 1 <= aim.low < aim.high < 60
