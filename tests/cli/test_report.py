"""`sciencegen report`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from sciencegen.report.findings import Card, Findings, Step, plain
from tests.cli.conftest import Command

TABLE = """id,smiles,logp,logp_asked,pred_vina_affinity,flag_brenk,reason,note
a,CCO,-0.1,0,-5.25,,best,plain
b,CCCCO,0.8,1,,aldehyde,maxmin,<b>bold</b>
c,nonsense,0,1,-7,,,
d,c1ccccc1,1.7,2,-6.125,,maxmin,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "hits.csv"
    path.write_text(TABLE)
    return path


def test_any_table_has_a_page(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    done = sciencegen("report", table, "-o", tmp_path / "new" / "hits.html")
    assert (done.code, done.out) == (0, "")
    page = (tmp_path / "new" / "hits.html").read_text(encoding="utf-8")
    assert page.count('<figure class="card">') == 3
    assert "not a molecule" in page
    assert "Measured (up) against asked for (across)" in page
    assert "predicted by vina" in page
    assert "2 of 3; 1 missing" in page
    assert "brenk: aldehyde" in page
    assert "-6.125" in page
    assert "<b>" not in page


def test_the_columns_of_a_campaign_are_known(sciencegen: Command, tmp_path: Path) -> None:
    text = "id,smiles,target_mw,calc_mw,ic50,ic50_n\na,CCO,50,46.07,2.5,2\nb,CCN,50,45.09,,\n"
    (tmp_path / "picked.csv").write_text(text)
    page = sciencegen("report", tmp_path / "picked.csv").out
    assert "median distance 4.42 g/mol, 2 rows" in page
    assert "<td>calc_mw (g/mol)</td><td>calculated from the structure</td>" in page
    assert "<td>ic50</td><td>measured</td><td>1 of 2; 1 missing</td>" in page


def test_a_page_goes_to_standard_output(sciencegen: Command, table: Path) -> None:
    done = sciencegen("report", table, "--title", "A & B")
    assert done.out.startswith("<!doctype html>")
    assert "<h1>A &amp; B</h1>" in done.out
    assert done.err == ""


@pytest.mark.parametrize(("flags", "order"), [([], "dba"), (["--ascending"], "abd")])
def test_rows_are_ordered_by_a_column(sciencegen: Command, table: Path, flags: list[str], order: str) -> None:
    page = sciencegen("report", table, "--by", "logp", *flags).out
    places = [page.index(f"<strong>{one}</strong>") for one in order]
    assert places == sorted(places)
    assert page.count('<figure class="card">') == 3


def test_missing_numbers_come_last(sciencegen: Command, table: Path) -> None:
    for flags in ([], ["--ascending"]):
        page = sciencegen("report", table, "--by", "pred_vina_affinity", "--shown", 2, *flags).out
        assert "<strong>b</strong>" not in page
        assert "The first 2 of 3" in page


def test_points_have_a_page_too(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("x,y\n1,2\n3,4\n")
    page = sciencegen("report", tmp_path / "p.csv", "--domain", "densities").out
    assert page.count('<figure class="card">') == 2


def test_a_pipe_is_read(sciencegen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TABLE.encode())))
    assert "standard input" in sciencegen("report", "-").out


def test_a_run_is_drawn_from_its_record(sciencegen: Command, tmp_path: Path) -> None:
    found = Findings("the run", steps=(Step("drawn", 5),), cards=(Card("first"),), of=1)
    (tmp_path / "report.json").write_text(json.dumps(plain(found)))
    done = sciencegen("report", tmp_path)
    assert (done.code, done.out) == (0, "")
    assert "<h1>the run</h1>" in (tmp_path / "report.html").read_text()


def test_what_cannot_be_drawn_is_said(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    assert "there is no report.json" in sciencegen("report", tmp_path).refusal
    (tmp_path / "report.json").write_text("{")
    assert "not a JSON file" in sciencegen("report", tmp_path).refusal
    assert "--by goes with a table" in sciencegen("report", tmp_path, "--by", "x").refusal
    assert "unknown column 'logq': did you mean 'logp'" in sciencegen("report", table, "--by", "logq").refusal
    assert "column note holds text" in sciencegen("report", table, "--by", "note").refusal
    assert "the items are read from there" in sciencegen("report", table, "-o", table).refusal
    assert table.read_text() == TABLE
    (tmp_path / "none.csv").write_text("smiles\nnonsense\n")
    assert "row 1: not a molecule" in sciencegen("report", tmp_path / "none.csv").refusal
