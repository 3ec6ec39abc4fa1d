"""A laboratory in the loop: ask, measure, tell, and again, from a folder alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def measured(batch: Path, results: Path, *more: str) -> None:
    """What the laboratory writes: the number of carbons, in reverse order."""
    lines = [f"{row['smiles']},{row['smiles'].lower().count('c')}" for row in reversed(rows_of(batch))]
    results.write_text("\n".join(["smiles,activity", *lines, *more]) + "\n")


BEGIN = ["--model", "grammar-vae", "--maximize", "activity", "--by", "climb", "--start", 4]


def test_a_laboratory_closes_the_loop(tmp_path: Path, sciencegen: Command) -> None:
    run, batch, results = tmp_path / "run", tmp_path / "batch.csv", tmp_path / "results.csv"
    done = sciencegen("ask", run, *BEGIN, "-w", "mw=150..400", "-n", 4, "-o", batch)
    assert done.code == 0, done.err
    assert "4 to measure: tell activity with" in done.err
    first = rows_of(batch)
    assert list(first[0]) == ["smiles", "round", "activity", "mw"]
    assert all(150 <= float(row["mw"]) <= 400 and row["activity"] == "" for row in first)

    measured(batch, results, "CCCCCCCCCCCC,12", "[Fe],3", "no molecule,1")
    told = sciencegen("tell", run, results)
    assert told.code == 0, told.err
    assert "6 numbers are new; of these results 2 were never asked for" in told.err
    assert "1 the model cannot encode" in told.err
    assert "left out 1 rows" in told.err
    assert "6 told, 0 asked and not told yet" in told.err
    assert len(rows_of(run / "best.csv")) == 6

    before = {path.name: path.read_bytes() for path in run.iterdir()}
    again = sciencegen("tell", run, results)
    assert "0 numbers are new" in again.err
    assert "6 were told before, and nothing changes" in again.err
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before

    second = sciencegen("ask", run, "-n", 3, "-o", batch)
    assert second.code == 0, second.err
    assert not {row["smiles"] for row in first} & {row["smiles"] for row in rows_of(batch)}
    third = sciencegen("ask", run, "-n", 2)
    assert "3 asked before are not told yet" in third.err
    waiting = sciencegen("ask", run, "--pending")
    assert len(waiting.out.splitlines()) == 6
    measured(batch, results)
    assert "3 numbers are new" in sciencegen("tell", run, results).err
    assert "2 asked and not told yet" in sciencegen("tell", run, results).err


def test_failures_may_be_told_and_a_number_later(tmp_path: Path, sciencegen: Command) -> None:
    run, batch, results = tmp_path / "run", tmp_path / "batch.csv", tmp_path / "results.csv"
    assert sciencegen("ask", run, *BEGIN, "-n", 2, "-o", batch).code == 0
    one, other = (row["smiles"] for row in rows_of(batch))
    results.write_text(f"smiles,activity\n{one},insoluble\n{other},\n")
    first = sciencegen("tell", run, results)
    assert "1 failed: activity: insoluble" in first.err
    assert "1 items have no result yet" in first.err
    results.write_text(f"smiles,pIC50\n{one},5\n{other},6\n")
    assert "there is no column 'activity' for activity" in sciencegen("tell", run, results).refusal
    assert "2 numbers are new" in sciencegen("tell", run, results, "--column", "activity=pIC50").err
    results.write_text(f"smiles,activity\n{one},5\n{other},7\n")
    assert f"had another number when they were told first, and keep it: {other}" in sciencegen("tell", run, results).err


def test_a_process_says_what_it_expects(tmp_path: Path, sciencegen: Command) -> None:
    run, known = tmp_path / "run", tmp_path / "known.csv"
    known.write_text("smiles,activity\n" + "".join(f"{'C' * n}O,{n}\n" for n in range(3, 9)))
    begin = ["--model", "grammar-vae", "--maximize", "activity", "--known", known]
    done = sciencegen("ask", run, *begin, "-n", 2, "--format", "jsonl")
    assert done.code == 0, done.err
    assert "6 results to begin with" in done.err
    for line in done.out.splitlines():
        row = json.loads(line)
        assert 0 < row["activity_expected"] < 20
        assert row["activity_spread"] > 0


def test_what_cannot_be_asked_or_told_is_said(tmp_path: Path, gru: Path, sciencegen: Command) -> None:
    run, results = tmp_path / "run", tmp_path / "results.csv"
    results.write_text("smiles,activity\nCCO,5\n")
    assert "holds no search: begin one with sciencegen ask" in sciencegen("ask", run, "-n", 2).refusal
    assert "holds no search" in sciencegen("tell", run, results).refusal
    assert "nothing is wanted" in sciencegen("ask", run, "--model", "grammar-vae").refusal
    assert "have no latent space" in sciencegen("ask", run, "--model", gru, "--maximize", "activity").refusal
    assert "unknown way to search 'clim'" in sciencegen("ask", run, *BEGIN[:4], "--by", "clim").refusal
    assert "-n 0: expected 1 or more" in sciencegen("ask", run, *BEGIN, "-n", 0).refusal
    assert not run.exists()

    assert sciencegen("ask", run, *BEGIN, "-n", 1).code == 0
    assert sciencegen("ask", run, *BEGIN, "-n", 1).code == 0  # the same request goes on
    other = ["--model", "grammar-vae", "--maximize", "potency", "--by", "climb", "--start", 4]
    assert 'was begun with maximize = ["activity"]' in sciencegen("ask", run, *other).refusal
    assert "--maximize is said when a search is begun" in sciencegen("ask", run, "--maximize", "x").refusal
    assert "unknown number that is wanted 'x'" in sciencegen("tell", run, results, "--column", "x").refusal
    assert "expected each number once" in sciencegen("tell", run, results, "--column", "=a").refusal
    assert "there is no such file" in sciencegen("tell", run, tmp_path / "nothing.csv").refusal

    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | {"checkpoint": "0" * 64}))
    assert "was begun with another model than grammar-vae is now" in sciencegen("tell", run, results).refusal


@pytest.mark.parametrize("by", ["climb", "bayesian"])
def test_optimize_searches_latents_and_is_taken_up(tmp_path: Path, sciencegen: Command, by: str) -> None:
    wanted = ["optimize", "grammar-vae", "--maximize", "qed", "--by", by, "--set", "batch=6", "--set", "start=6"]
    done = sciencegen(*wanted, "--calls", 10, "-o", tmp_path / "a")
    assert done.code == 0, done.err
    more = sciencegen(*wanted, "--calls", 16, "-o", tmp_path / "a", "--resume")
    assert more.code == 0, more.err
    assert "goes on: 10 calls of 16 are made" in more.err
    assert len(rows_of(tmp_path / "a" / "best.csv")) == 16
    assert "unknown option of a search in latents 'rate'" in sciencegen(*wanted, "--set", "rate=1", "-o", "b").refusal
