"""Results of assays: what their cells say, what they are about, and what becomes of them."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from math import isclose
from pathlib import Path
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.campaign.assay import FAILED, Readout, readout, summary, well_name
from sciencegen.campaign.matching import Assay, Picked, matches
from sciencegen.campaign.results import History, Result, import_results, training_rows
from sciencegen.errors import DataError, RequestError, UnknownName
from tests.files import campaign

quick = settings(max_examples=40, deadline=None)
PICKED = "id,smiles,qed\na,CCO,0.40\nb,CCN,0.5\n3,CC=O,\n"
MAP = "id,plate,well,role,replicate\n,p1,A1,control,\na,p1,A3,compound,1\nb,p1,A4,compound,1\na,p2,A3,compound,2\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return campaign(tmp_path / "run", PICKED, MAP)


def assay(tmp_path: Path, text: str, picked: Picked, *values: str) -> Assay:
    (tmp_path / "assay.csv").write_text(text)
    return Assay.read(tmp_path / "assay.csv", "id", values or ("ic50",), picked)


@quick
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "<", ">", "<=", ">=", "~"]))
def test_numbers_and_bounds_are_read(value: float, sign: str) -> None:
    assert readout(f" {sign} {value!r}") == readout(f"{sign}{value!r}") == Readout(value, sign)


@pytest.mark.parametrize("word", [*FAILED, "Inactive?", " N/A ", "FAILED"])
def test_failed_assays_are_missing(word: str) -> None:
    assert readout(word) == Readout(None)


@pytest.mark.parametrize("cell", ["0,5", "5 uM", "abc", "1e999", ">", "<<1", "1_000", "٣", "nan5", "12:30"])
def test_what_is_neither_is_odd_and_never_a_number(cell: str) -> None:
    assert readout(cell) == Readout(None, odd=True)
    assert readout(cell, [cell.upper()]) == Readout(None)


def test_signs_are_spelled_in_one_way() -> None:
    assert [readout(f"{sign}5").qualifier for sign in ("≤", "≥", "=<", "=>", "≈", "=")] == [
        "<=",
        ">=",
        "<=",
        ">=",
        "~",
        "",
    ]


@quick
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6))
def test_replicates_have_a_mean_and_a_spread(values: list[float]) -> None:
    found = summary([*map(Readout, values), Readout(None)])
    assert found.n == len(values)
    assert found.mean is not None
    assert found.sd is not None
    assert isclose(found.mean, mean(values), rel_tol=1e-9, abs_tol=1e-6)
    assert isclose(found.sd, stdev(values), rel_tol=1e-6, abs_tol=1e-4)


@quick
@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 9)), min_size=1, max_size=5), st.sampled_from("><"))
def test_a_mean_of_bounds_is_a_bound_of_the_mean(pairs: list[tuple[int, int]], sign: str) -> None:
    way = 1 if sign == ">" else -1
    read = [Readout(float(bound), sign if off else "") for bound, off in pairs]
    truth = mean(bound + way * off for bound, off in pairs)
    found = summary(read)
    assert found.mean is not None
    if found.qualifier:
        assert found.qualifier == sign
        assert way * (truth - found.mean) > 0
        assert found.sd is None
    else:
        assert isclose(found.mean, truth, abs_tol=1e-9)


def test_bounds_that_contradict_one_another_have_no_mean() -> None:
    found = summary([Readout(1.0, "<"), Readout(10.0, ">")])
    assert (found.mean, found.n, found.conflict) == (None, 2, True)
    assert summary([Readout(1.0, ">="), Readout(3.0)]).qualifier == ">="
    assert summary([Readout(1.0, ">="), Readout(3.0, ">")]).qualifier == ">"
    assert summary([Readout(1.0, "~"), Readout(3.0)]).qualifier == "~"


@quick
@given(st.sampled_from("ABHP"), st.integers(1, 24), st.integers(0, 2), st.booleans())
def test_padded_and_unpadded_wells_are_equal(row: str, column: int, zeros: int, small: bool) -> None:
    assert well_name(f"{row.lower() if small else row}{'0' * zeros}{column}") == f"{row}{column}"


@pytest.mark.parametrize("cell", ["", "A", "12", "A0", "A-", "ABC1", None])
def test_what_is_no_well_has_no_name(cell: object) -> None:
    assert well_name(cell) == ""


def test_rows_are_matched_by_id(run: Path, tmp_path: Path) -> None:
    picked = Picked.read(run)
    found = matches(assay(tmp_path, "id,ic50\nb,1\n 3 ,2\nc,3\n,4\nB,5\n", picked), picked)
    assert [one.id for one in found] == ["b", "3", "", "", ""]
    assert [bool(one.reason) for one in found] == [False, False, True, True, True]


def test_rows_are_matched_by_plate_and_well(run: Path, tmp_path: Path) -> None:
    picked = Picked.read(run)
    text = "Plate Name,WELL,ic50\np1,a03,1\np2,A3,2\np1,A01,9\np1,B7,4\np9,A3,5\np1,x,6\n"
    found = matches(assay(tmp_path, text, picked), picked)
    assert [(one.id, one.control) for one in found[:3]] == [("a", False), ("a", False), ("control", True)]
    reasons = [one.reason for one in found[3:]]
    assert "well B7 of plate p1 is empty in plate_map.csv" in reasons[0]
    assert "no plate 'p9' in plate_map.csv; there is p1, p2" in reasons[1]
    assert "'x' is no well" in reasons[2]


def test_an_id_in_the_well_of_another_is_no_match(run: Path, tmp_path: Path) -> None:
    picked = Picked.read(run)
    found = matches(assay(tmp_path, "id,plate,well,ic50\na,p1,A4,1\nb,p1,A1,1\nDMSO,p1,A1,2\n", picked), picked)
    assert [one.reason for one in found[:2]] == [
        "well A4 of plate p1 holds b, not a",
        "well A1 of plate p1 holds a control, not b",
    ]
    assert (found[2].id, found[2].control) == ("DMSO", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,ic50\na,1\n", "there is no column 'id'"),
        ("well,ic50\nA3,1\n", "no column plate, but 2 plates"),
        ("id,ic5\na,1\n", "did you mean 'ic50'|unknown column"),
        ("id,ic50\n", "no rows"),
    ],
)
def test_tables_that_cannot_be_joined_are_refused(run: Path, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises((DataError, RequestError, UnknownName), match=said):
        assay(tmp_path, text, Picked.read(run))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("picked.csv", "id,smiles\na,C\na,CC\n", "line 3: 'a' is there twice"),
        ("picked.csv", "id,smiles\n,C\n", "line 2: there is no id"),
        ("picked.csv", "smiles\nC\n", "unknown column"),
        ("plate_map.csv", MAP + "b,p1,A04,compound,1\n", "'A04' of plate 'p1' is there twice"),
        ("plate_map.csv", "id,plate,well,role\na,p1,77,compound\n", "'77' of plate 'p1' is no well"),
    ],
)
def test_damaged_campaigns_are_refused(run: Path, name: str, text: str, said: str) -> None:
    (run / name).write_text(text)
    with pytest.raises((DataError, UnknownName), match=said):
        Picked.read(run)


@quick
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "zz", ""]), st.sampled_from(["1", ">2", "failed", "1"])), min_size=1)
)
def test_no_row_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "picked.csv").write_text(PICKED)
    picked = Picked.read(folder)
    text = "id,ic50,more\n" + "".join(f"{id_},{cell},x\n" for id_, cell in rows)
    found = import_results(picked, assay(folder, text, picked), ["ic50"])
    assert found.matched + found.controls + len(found.unmatched) == len(rows)
    assert len(found.results) == found.matched
    history = History(folder / "results.jsonl").after(found.results)
    assert not history.fresh(found.results)
    table, _ = training_rows(picked, history)
    numbers = sum(cell != "failed" for id_, cell in rows if id_ in ("a", "b"))
    assert sum(row["ic50_n"] for row in table) == numbers


def test_equal_replicates_of_one_table_are_counted_and_later_copies_are_not(run: Path, tmp_path: Path) -> None:
    picked = Picked.read(run)
    history = History(run / "results.jsonl")
    for text, n in (("id,ic50\na,5\na,5\n", 2), ("ic50,id\n5,a\n5,a\n7,a\n", 3), ("id,ic50\na,5\n", 3)):
        found = import_results(picked, assay(tmp_path, text, picked), ["ic50"])
        history = history.after(history.fresh(found.results))
        history.write()
        assert History.read(history.path) == history
        (row,), _ = training_rows(picked, history)
        assert row["ic50_n"] == n
    assert [one.number for one in history.results] == [1, 1, 2]


def test_the_table_holds_all_that_is_known(run: Path) -> None:
    picked = Picked.read(run)
    results = [
        Result("b", "ic50", "1", 1.0),
        Result("b", "ic50", "2", 2.0),
        Result("a", "ic50", "failed", None),
        Result("3", "logs", ">4", 4.0, ">"),
        Result("x", "ic50", "9", 9.0, control=True),
    ]
    rows, _ = training_rows(picked, History(run / "r", results))
    bare = {"ic50": None, "ic50_sd": None, "ic50_n": None, "ic50_qualifier": None}
    assert rows == [
        {"id": "b", "smiles": "CCN", "qed": "0.5"}
        | {"ic50": 1.5, "ic50_sd": 0.707107, "ic50_n": 2, "ic50_qualifier": None}
        | {"logs": None, "logs_sd": None, "logs_n": None, "logs_qualifier": None},
        {"id": "3", "smiles": "CC=O", "qed": ""}
        | bare
        | {"logs": 4.0, "logs_sd": None, "logs_n": 1, "logs_qualifier": ">"},
    ]


def test_a_column_that_is_there_already_is_refused(run: Path) -> None:
    for column in ("qed", "smiles"):
        with pytest.raises(RequestError, match=f"has a column '{column}' already"):
            training_rows(Picked.read(run), History(run / "r", [Result("a", column, "1", 1.0)]))


def test_a_column_of_words_is_refused(run: Path, tmp_path: Path) -> None:
    picked = Picked.read(run)
    for text, said in (("id;ic50\na;0,5\n", "decimal points"), ("id,ic50\na,high\n", "'high' in line 2")):
        with pytest.raises(DataError, match=said):
            import_results(picked, assay(tmp_path, text, picked), ["ic50"])
    assert import_results(picked, assay(tmp_path, "id,ic50\na,failed\n", picked), ["ic50"]).matched == 1


def test_a_damaged_history_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    History(path, [Result("a", "x", "1", 1.0)]).write()
    for text in itertools.chain(["{", "[]", '{"id": "a"}', '{"odd": 1}']):
        path.write_text(path.read_text().splitlines()[0] + f"\n{text}\n")
        with pytest.raises(DataError, match="line 2 is no result"):
            History.read(path)


def test_imports_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"

    def imported(number: int) -> None:
        with History.alone(path) as history:
            time.sleep(0.01)  # the others have begun
            history.after(history.fresh([Result("a", "x", str(number), float(number))])).write()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(imported, range(8)))
    found = History.read(path).results
    assert sorted(one.text for one in found) == [str(number) for number in range(8)]
    assert [one.number for one in found] == list(range(1, 9))


def test_an_import_that_failed_keeps_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    for _ in range(2):
        with pytest.raises(RequestError, match="no"), History.alone(path):
            raise RequestError("no")
    assert not path.exists()
