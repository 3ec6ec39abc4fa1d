"""`sciencegen import-results`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas
import pytest

from sciencegen.recipes import domain_of
from tests.cli.conftest import Command
from tests.files import campaign

PICKED = "id,smiles,qed\nsg-1,CCO,0.40\nsg-2,CCN,0.41\nsg-3,c1ccccc1,0.44\nsg-4,CC(=O)O,0.43\n"
MAP = "id,plate,well,role,replicate\n,p1,A1,control,\n,p1,B1,control,\nsg-1,p1,A3,compound,1\nsg-2,p1,A4,compound,1\n"
ASSAY = "id,ic50,hill\nsg-1,1.5,1\nsg-1,2.5,n/a\nsg-2,>10,0.9\nsg-3,failed,\nsg-9,3,1\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return campaign(tmp_path / "run", PICKED, MAP)


@pytest.fixture
def assay(tmp_path: Path) -> Path:
    path = tmp_path / "assay.csv"
    path.write_text(ASSAY)
    return path


def test_results_are_joined_and_said(sciencegen: Command, run: Path, assay: Path) -> None:
    done = sciencegen("import-results", run, assay, "--value", "ic50", "--value", "hill")
    assert done.code == 0, done.err
    table = pandas.read_csv(io.StringIO(done.out)).set_index("id")
    assert list(table.index) == ["sg-1", "sg-2"]
    assert table["ic50"].tolist() == [2.0, 10.0]
    assert table["ic50_n"].tolist() == [2, 1]
    assert table["ic50_qualifier"].isna().tolist() == [True, False]
    assert table["hill"].tolist() == [1.0, 0.9]
    for said in (
        "5 rows, 4 of compounds, 1 match nothing",
        "line 6: no 'sg-9' in picked.csv",
        "ic50: 3 numbers, 1 of them bounds, kept in ic50_qualifier, 1 'failed': missing",
        "ic50: 1 compounds have replicates",
        "1 of 4 ids have no result: sg-4",
    ):
        assert said in done.err
    with (run / "unmatched.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"line": "6", "reason": "no 'sg-9' in picked.csv", "id": "sg-9", "ic50": "3", "hill": "1"}
        ]
    assert len((run / "results.jsonl").read_text().splitlines()) == 4 * 2


def test_a_second_import_doubles_nothing_and_says_so(sciencegen: Command, run: Path, assay: Path) -> None:
    first = sciencegen("import-results", run, assay, "--value", "ic50")
    before = (run / "results.jsonl").read_bytes()
    second = sciencegen("import-results", run, assay, "--value", "ic50")
    assert second.out == first.out
    assert (run / "results.jsonl").read_bytes() == before
    assert "4 of 4 results were imported before: not counted twice" in second.err
    assay.write_text("id,ic50\nsg-4,7\n")
    third = sciencegen("import-results", run, assay, "--value", "ic50")
    assert list(pandas.read_csv(io.StringIO(third.out))["id"]) == ["sg-1", "sg-2", "sg-4"]
    assert (run / "unmatched.csv").read_text() == "line,reason\n"


def test_the_table_is_what_a_fine_tuning_reads(sciencegen: Command, run: Path, assay: Path, tmp_path: Path) -> None:
    for name in ("train.csv", "train.parquet", "train.jsonl"):
        path = tmp_path / name
        assert sciencegen("import-results", run, assay, "--value", "ic50", "--value", "hill", "-o", path).code == 0
        items = domain_of("molecules").read(path, ["ic50"])
        assert list(items.items) == ["CCO", "CCN"]
        assert list(items.columns["ic50"]) == [2.0, 10.0]
        assert list(items.columns["qed"]) == [0.40, 0.41]


@pytest.mark.slow
def test_a_model_is_trained_on_the_table(
    sciencegen: Command, run: Path, assay: Path, tmp_path: Path, gru: Path
) -> None:
    assert sciencegen("import-results", run, assay, "--value", "ic50", "-o", tmp_path / "train.csv").code == 0
    data = ["--data", tmp_path / "train.csv", "--ask", "ic50", "--out", tmp_path / "tuned"]
    done = sciencegen("train", "molecules/smiles-gru", "--from", gru, *data, "--set", "epochs=1", "--set", "patience=0")
    assert done.code == 0, done.err
    assert "ic50" in json.dumps(json.loads((tmp_path / "tuned" / "config.json").read_text())["fields"])


def test_wells_are_looked_up_and_controls_kept_apart(sciencegen: Command, run: Path, assay: Path) -> None:
    assay.write_text("Plate;Well;inhibition\np1;A01;90\np1;B01;94\np1;a03;45\np1;H12;4\n")
    done = sciencegen("import-results", run, assay, "--value", "inhibition")
    assert list(pandas.read_csv(io.StringIO(done.out))["id"]) == ["sg-1"]
    assert "1 of compounds, 2 of control wells, 1 match nothing" in done.err
    assert "on plate p1: inhibition mean 92, sd 2.83, 2 wells" in done.err
    assert "line 5: well H12 of plate p1 is empty" in done.err


def test_any_table_of_ids_will_do(sciencegen: Command, tmp_path: Path, assay: Path) -> None:
    (tmp_path / "hits.tsv").write_text("compound\tsmiles\nsg-1\tCCO\n")
    assay.write_text("compound,ic50\nsg-1,3\n")
    done = sciencegen("import-results", tmp_path / "hits.tsv", assay, "--value", "ic50", "--id", "compound")
    assert pandas.read_csv(io.StringIO(done.out))["ic50"].tolist() == [3.0]
    assert (tmp_path / "hits.tsv.results.jsonl").exists()


def test_words_may_be_named(sciencegen: Command, run: Path, assay: Path) -> None:
    assay.write_text("id,ic50\nsg-1,1\nsg-2,sticky\n")
    assert "'sticky' in line 3" in sciencegen("import-results", run, assay, "--value", "ic50").err
    done = sciencegen("import-results", run, assay, "--value", "ic50", "--failed", "Sticky")
    assert "1 'sticky': missing" in done.err
    assert "no numbers" not in done.err


def test_what_cannot_be_joined_changes_nothing(sciencegen: Command, run: Path, assay: Path, tmp_path: Path) -> None:
    there = {one.name: one.read_bytes() for one in run.iterdir()}
    for arguments, said in (
        ([run, assay, "--value", "ic5"], "did you mean 'ic50'?"),
        ([run, assay, "--value", "ic50", "--id", "ids"], "there is no column 'ids'"),
        ([run, assay, "--value", "id"], "says there what a row is about"),
        ([run, assay, "--value", "ic50", "-o", run / "picked.csv"], "picked.csv is kept there"),
        ([run, assay, "--value", "ic50", "-o", assay], "assay.csv is kept there"),
        ([tmp_path, assay, "--value", "ic50"], "there is no picked.csv"),
        ([run, tmp_path / "assay.xlsx", "--value", "ic50"], "save the sheet as CSV"),
    ):
        assert said in sciencegen("import-results", *arguments).refusal
    assay.write_text("id,ic50\nx,1\n")
    assert "no row is about a compound" in sciencegen("import-results", run, assay, "--value", "ic50").refusal
    assert {one.name: one.read_bytes() for one in run.iterdir()} == there


def test_nothing_but_failures_writes_no_table(sciencegen: Command, run: Path, assay: Path, tmp_path: Path) -> None:
    assay.write_text("id,ic50\nsg-1,failed\n")
    done = sciencegen("import-results", run, assay, "--value", "ic50", "-o", tmp_path / "train.csv")
    assert done.code == 0
    assert "no compound has a number yet" in done.err
    assert not (tmp_path / "train.csv").exists()
    assert json.loads((run / "results.jsonl").read_text())["value"] is None
