"""`sciencegen pick`."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sciencegen.core.domain import Likeness
from sciencegen.domains.molecules.domain import Molecules
from tests.cli.conftest import Command, Done
from tests.cli.test_score import piped

ROWS = [
    ("a", "CCO", "1", "x"),
    ("b", "CCCO", "5", "="),
    ("c", "c1ccccc1", "3", ""),
    ("d", "c1ccccc1C", "4", "y, z"),
    ("e", "CCN", "", "é"),
    ("f", "OCCC", "2", ""),
]


class Letters(Likeness):
    """How alike molecules are by the letters of their text."""

    def __init__(self, items: Sequence[str]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def to(self, index: int) -> Tensor:
        one = Counter(self.items[index])
        return torch.tensor([(one & Counter(two)).total() / (one | Counter(two)).total() for two in self.items])


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Molecules that are compared by their letters, and are of the series of their first."""
    monkeypatch.setattr(Molecules, "likeness", lambda self, items: Letters(items))
    monkeypatch.setattr(Molecules, "group", lambda self, item: item[0])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "hits.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("id", "smiles", "dock", "note"), *ROWS])
    return path


def rows_of(done: Done) -> list[dict[str, str]]:
    assert done.code == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def ids(done: Done) -> str:
    return "".join(row["id"] for row in rows_of(done))


@pytest.mark.usefixtures("letters")
def test_columns_stay_and_three_are_added(sciencegen: Command, table: Path) -> None:
    rows = rows_of(sciencegen("pick", table, "-n", 4))
    assert list(rows[0]) == ["smiles", "id", "dock", "note", "pick", "reason", "nearest"]
    assert [row["pick"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["reason"] for row in rows} == {"maxmin"}
    assert rows[0]["nearest"] == ""
    assert all(0 <= float(row["nearest"]) <= 1 for row in rows[1:])
    given = {name: (smiles, dock, note) for name, smiles, dock, note in ROWS}
    assert all(given[row["id"]] == (row["smiles"], row["dock"], row["note"]) for row in rows)


@pytest.mark.usefixtures("letters")
def test_large_numbers_are_better_unless_small_ones_are(sciencegen: Command, table: Path) -> None:
    assert ids(sciencegen("pick", table, "-n", 5, "--by", "dock", "--method", "best")) == "bdcfa"
    assert ids(sciencegen("pick", table, "-n", 6, "--by", "dock", "--method", "best", "--ascending")) == "afcdbe"
    assert ids(sciencegen("pick", table, "-n", 1, "--by", "dock")) == "b"
    assert ids(sciencegen("pick", table, "-n", 1, "--by", "dock", "--ascending")) == "a"
    assert set(ids(sciencegen("pick", table, "-n", 2, "--by", "dock", "--among", 2))) == {"b", "d"}


@pytest.mark.usefixtures("letters")
def test_what_must_be_is_first_and_what_is_banned_is_not_there(
    sciencegen: Command, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "no.smi").write_text("Cc1ccccc1 toluene\nCCCl other\n")
    done = sciencegen("pick", table, "-n", 6, "--by", "dock", "--must", "NCC", "--ban", tmp_path / "no.smi")
    rows = rows_of(done)
    assert (rows[0]["id"], rows[0]["reason"]) == ("e", "must")
    assert sorted(row["id"] for row in rows) == ["a", "b", "c", "e", "f"]
    assert "note: 1 of 2 banned items are not in " in done.err
    assert "note: 5 of 6 chosen, from 6: 1 is banned" in done.err


@pytest.mark.usefixtures("letters")
def test_of_equal_rows_the_best_is_the_must_have(sciencegen: Command, table: Path) -> None:
    assert ids(sciencegen("pick", table, "-n", 1, "--by", "dock", "--must", "CCCO")) == "b"
    assert ids(sciencegen("pick", table, "-n", 1, "--by", "dock", "--ascending", "--must", "CCCO")) == "f"


@pytest.mark.usefixtures("letters")
def test_a_series_has_its_quota(sciencegen: Command, table: Path) -> None:
    done = sciencegen("pick", table, "-n", 6, "--quota", 1, "--by", "dock", "--method", "spheres", "--ceiling", 1)
    assert Counter(row["smiles"][0] for row in rows_of(done)) == {"C": 1, "c": 1}
    assert "4 are of series of which 1 are chosen" in done.err


@pytest.mark.usefixtures("letters")
def test_clusters_are_numbered(sciencegen: Command, table: Path) -> None:
    rows = rows_of(sciencegen("pick", table, "-n", 3, "--method", "butina", "--ceiling", 0.7))
    assert [row["cluster"] for row in rows] == ["1", "2", "3"]


@pytest.mark.usefixtures("letters")
def test_rows_without_ids_are_numbered_and_the_upper_of_equals_comes_first(
    sciencegen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped(monkeypatch, "smiles\n" + "CCO\n" * 12)
    rows = rows_of(sciencegen("pick", "-", "-n", 12))
    assert [row["id"] for row in rows] == [f"row-{i}" for i in range(1, 13)]


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize("method", ["maxmin", "spheres", "butina"])
def test_the_order_of_the_rows_changes_nothing(sciencegen: Command, table: Path, tmp_path: Path, method: str) -> None:
    names, *rows = table.read_text().splitlines()
    (tmp_path / "turned.csv").write_text("\n".join([names, *reversed(rows)]) + "\n")
    calls = [sciencegen("pick", path, "-n", 4, "--method", method) for path in (table, tmp_path / "turned.csv")]
    assert calls[0].out == calls[1].out


@pytest.mark.usefixtures("letters")
def test_rows_without_an_item_are_named_and_not_chosen(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,smiles\na,CCO\nb,nonsense\nc,CCC\n")
    done = sciencegen("pick", tmp_path / "a.csv", "-n", 3)
    assert sorted(ids(done)) == ["a", "c"]
    assert "hold no item are not chosen from: 1\n  row 2: 'nonsense'" in done.err


@pytest.mark.usefixtures("letters")
def test_a_choice_is_chosen_from_again(sciencegen: Command, table: Path, tmp_path: Path) -> None:
    sciencegen("pick", table, "-n", 4, "-o", tmp_path / "four.csv")
    done = sciencegen("pick", tmp_path / "four.csv", "-n", 2, "--format", "jsonl")
    assert done.code == 0
    assert f"note: pick, reason, nearest of {tmp_path / 'four.csv'}: written anew" in done.err
    assert [json.loads(line)["pick"] for line in done.out.splitlines()] == [1, 2]


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-n", "0"], "n=0: expected 1 or more"),
        (["--method", "maxmn"], "did you mean 'maxmin'"),
        (["--among", "3"], "--among: say which are the best with --by"),
        (["--method", "best"], "--method best: say which are the best with --by"),
        (["--by", "dok"], "did you mean 'dock'"),
        (["--by", "note"], "--by note: expected a column of numbers, and it has 'x'"),
        (["--must", "CCCCC"], "--must CCCCC: CCCCC is not in"),
        (["--must", "nonsense"], "--must nonsense: neither a file nor one of molecules"),
        (["--must", "CCO", "--ban", "OCC"], "--must CCO: CCO is banned by --ban OCC"),
        (["-n", "1", "--must", "CCO", "--must", "CCN"], "n=1: there are 2 must-haves"),
        (["--domain", "molecule"], "did you mean 'molecules'"),
    ],
)
def test_what_cannot_be_done_is_refused(sciencegen: Command, table: Path, options: list[str], said: str) -> None:
    assert said in sciencegen("pick", table, *options).refusal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,smiles\na,CCO\na,CCC\n", "rows 1 and 2 have the id a"),
        ("id,smiles\na,CCO\n,CCC\n", "row 2 has no id"),
    ],
)
def test_ids_that_name_nothing_are_refused(sciencegen: Command, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert said in sciencegen("pick", tmp_path / "a.csv").refusal


def test_molecules_are_compared_as_chemists_do(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("c1ccccc1CCN a\nc1ccccc1CCNC b\nc1ccccc1CCNCC c\nO=S(=O)(N)C1CC1 d\n")
    done = sciencegen("pick", tmp_path / "a.smi", "-n", 2, "--must", "NCCc1ccccc1")
    assert [row["name"] for row in rows_of(done)] == ["a", "d"]
    done = sciencegen("pick", tmp_path / "a.smi", "-n", 4, "--method", "spheres", "--ceiling", 0.3)
    assert [row["name"] for row in rows_of(done)] == ["a", "d"]
    assert "2 are as alike as 0.3 or more" in done.err


def test_the_best_points_are_chosen_though_nobody_knows_how_alike_they_are(sciencegen: Command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n2,3\n")
    said = sciencegen("pick", tmp_path / "a.csv", "--domain", "densities", "-n", 1).refusal
    assert "does not know how alike" in said
