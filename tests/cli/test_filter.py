"""`sciencegen filter`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas
import pytest

from tests.cli.conftest import Command
from tests.cli.test_score import piped
from tests.files import broken_molecules

pytest.importorskip("rdkit", reason="molecules need RDKit")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return broken_molecules(tmp_path / "supplier.csv")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_columns_stay_as_they_are_and_rows_in_their_order(sciencegen: Command, tmp_path: Path) -> None:
    cells = ["007", " 1.50 ", "1e5", 'a "quoted, \n" cell', "=x"]
    pandas.DataFrame({"code": cells, "smiles": ["OCC", "CCCO", "CCCCO", "CCN", "C"]}).to_csv(
        tmp_path / "a.csv", index=False
    )
    found = rows_of(sciencegen("filter", tmp_path / "a.csv", "--contains", "[OX2]").out)
    assert [row["code"] for row in found] == cells[:3]
    assert [row["smiles"] for row in found] == ["CCO", "CCCO", "CCCCO"]


def test_what_is_kept_is_like_what_is_wanted(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    from sciencegen.domains.molecules.properties import PROPERTIES

    where = ["--where", "mw=150..300", "--where", "logp<=3", "--without", "C(F)(F)F", "--contains", "C(=O)N"]
    done = sciencegen("filter", table, *where, "--rejects", tmp_path / "left.csv")
    found = rows_of(done.out)
    assert found
    for row in found:
        assert 150 <= PROPERTIES["mw"].measure(row["smiles"]) <= 300
        assert PROPERTIES["logp"].measure(row["smiles"]) <= 3
        assert "F" not in row["smiles"]
    left = rows_of((tmp_path / "left.csv").read_text())
    assert list(left[0]) == ["row", "input", "stage", "reason", "detail"]
    assert [int(row["row"]) for row in left] == sorted(int(row["row"]) for row in left)
    assert sorted([int(row["code"][2:]) + 1 for row in found] + [int(row["row"]) for row in left]) == [*range(1, 61)]
    outside = [row for row in left if row["reason"] == "mw outside 150..300"]
    assert outside
    assert all(not 150 <= float(row["detail"]) <= 300 for row in outside)


def test_each_item_comes_once_unless_repeats_are_wanted(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.smi"
    path.write_text("CCO a\nOCC b\nCC(=O)O c\nCC(=O)[O-].[Na+] d\n")
    assert [row["name"] for row in rows_of(sciencegen("filter", path).out)] == ["a", "c"]
    assert [row["name"] for row in rows_of(sciencegen("filter", path, "--repeats").out)] == ["a", "b", "c", "d"]


def test_known_items_and_those_like_them_are_left_out(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "known.smi").write_text("OCC\nCC(=O)Oc1ccccc1C(=O)O\n")
    (tmp_path / "a.smi").write_text("CCO a\nCC(=O)Oc1ccccc1C(=O)OC b\nC1CCNCC1 c\n")
    known = ["--not-in", tmp_path / "known.smi"]
    assert [row["name"] for row in rows_of(sciencegen("filter", tmp_path / "a.smi", *known).out)] == ["b", "c"]
    unlike = ["--unlike", tmp_path / "known.smi", "--ceiling", 0.5]
    assert [row["name"] for row in rows_of(sciencegen("filter", tmp_path / "a.smi", *unlike).out)] == ["c"]


def test_alerts_are_written_down_or_reject(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("O=C1C=CC(=O)c2ccccc21 quinone\nCCO ethanol\n")
    flagged = rows_of(sciencegen("filter", tmp_path / "a.smi", "--flag", "pains").out)
    assert [bool(row["flag_pains"]) for row in flagged] == [True, False]
    kept = rows_of(sciencegen("filter", tmp_path / "a.smi", "--reject", "pains").out)
    assert [row["name"] for row in kept] == ["ethanol"]


def test_a_second_pass_changes_nothing(
    sciencegen: Command, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--flag", "brenk", "--standard"]
    first = sciencegen("filter", table, *options)
    piped(monkeypatch, first.out)
    again = sciencegen("filter", "-", *options)
    assert again.out == first.out
    assert "note: inchikey, parent_smiles, flag_brenk of standard input: written anew" in again.err


def test_processes_change_nothing(sciencegen: Command, tmp_path: Path) -> None:
    lines = [f"{'C' * (i % 40 + 1)}{'O' if i % 3 else 'X'} a{i}" for i in range(700)]
    (tmp_path / "a.smi").write_text("\n".join(lines))
    found = []
    for workers in (1, 2):
        done = sciencegen("filter", tmp_path / "a.smi", "--workers", workers, "--rejects", tmp_path / "left.jsonl")
        found.append((done.out, done.err, (tmp_path / "left.jsonl").read_text()))
    assert found[0] == found[1]
    left = [json.loads(line)["row"] for line in found[0][2].splitlines()]
    assert left == sorted(left)
    assert len(left) + len(rows_of(found[0][0])) == 700


def test_rows_in_the_way_of_a_domain_are_filtered_too(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("x,y\n0,0\n3,4\n30,40\n")
    done = sciencegen("filter", tmp_path / "p.csv", "--domain", "densities", "--where", "radius<=5")
    assert (done.code, len(rows_of(done.out))) == (0, 2), done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--where", "mww<=3"], "'mww': did you mean 'mw'"),
        (["--where", "mw=heavy"], "--where mw=heavy: expected a number or a range"),
        (["--contains", "C(("], "C(("),
        (["--flag", "brunk"], "did you mean 'brenk'"),
        (["--column", "smile"], "did you mean 'smiles'"),
        (["--not-in", "nowhere.smi"], "nowhere.smi"),
        (["--unlike", "nowhere.smi"], "nowhere.smi"),
        (["--read", "salt=keep"], "did you mean 'salts'"),
        (["-o", "TABLE"], "the items are read from there"),
        (["--format", "xml"], "unknown table format 'xml'"),
        (["--rejects", "left.xml"], "unknown table format 'xml'"),
        (["--rejects", "TABLE"], "the items are read from there"),
        (["-o", "kept.csv", "--rejects", "kept.csv"], "what is kept is written there"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    sciencegen: Command, table: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(table.parent)
    given = [table if one == "TABLE" else one for one in arguments]
    assert said in sciencegen("filter", table, *given).refusal
