"""Tables of results: in any order, some missing, some failed, some twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciencegen.core.condition import ConditionFields, Interval
from sciencegen.domains.molecules import Molecules
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.optimize.goal import Goal, goal_of
from sciencegen.optimize.results import Results, read_results


def goal(*names: str, **where: Interval) -> Goal:
    return goal_of(Molecules(), ConditionFields(), names or ("activity",), where=where, outside=True)


def read(tmp_path: Path, text: str, wanted: Goal | None = None, **columns: str) -> Results:
    path = tmp_path / "results.csv"
    path.write_text(text)
    return read_results(Molecules(), wanted or goal(), path, columns)


def test_rows_are_known_by_their_items_however_written(tmp_path: Path) -> None:
    found = read(tmp_path, "smiles,activity\nOCC,5\nCCC,6.5\n")
    assert [(one.text, one.values) for one in found.told] == [("CCO", {"activity": 5}), ("CCC", {"activity": 6.5})]
    assert all(one.score is not None and one.call == 0 for one in found.told)


def test_an_empty_cell_is_to_come_and_words_are_a_reason(tmp_path: Path) -> None:
    found = read(tmp_path, "smiles,activity\nCCO,\nCCC,nan\nCCN,insoluble\nCCF,inf\nCCCl,>10\n")
    assert found.blank == 2
    reasons = {one.text: one.reason for one in found.told}
    assert reasons == {"CCN": "activity: insoluble", "CCF": "activity: inf", "CCCl": "activity: >10"}
    assert all(one.score is None for one in found.told)


def test_the_mean_of_several_rows_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "smiles,activity\nCCO,5\nOCC,7\nCCO,failed\nCCC,1\n")
    assert [(one.text, one.values["activity"]) for one in found.told] == [("CCO", 6), ("CCC", 1)]
    assert found.repeated == 1


def test_what_can_be_measured_is_measured_unless_the_table_says_it(tmp_path: Path) -> None:
    wanted = goal("activity", mw=Interval(0, 100))
    (one,) = read(tmp_path, "smiles,activity\nCCO,5\n", wanted).told
    assert one.values["mw"] == pytest.approx(46.07, abs=0.01)
    (one,) = read(tmp_path, "smiles,activity,mw\nCCO,5,90\n", wanted).told
    assert one.values["mw"] == 90


def test_several_numbers_are_told_together_or_not_yet(tmp_path: Path) -> None:
    wanted = goal("activity", "solubility")
    found = read(tmp_path, "smiles,act,solubility\nCCO,5,1\nCCC,5,\n", wanted, activity="act")
    assert [one.text for one in found.told] == ["CCO"]
    assert found.blank == 1


def test_rows_without_an_item_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, "smiles,activity\nCCO,5\nnothing((,5\n")
    assert sum(found.unread.values()) == 1
    assert len(found.told) == 1


def test_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'activity' for activity: there is pIC50; say --column"):
        read(tmp_path, "smiles,pIC50\nCCO,5\n")
    with pytest.raises(DataError, match="no column 'pKi' for activity"):
        read(tmp_path, "smiles,pIC50\nCCO,5\n", activity="pKi")
    with pytest.raises(UnknownName, match="unknown number that is wanted 'activty': did you mean 'activity'"):
        read(tmp_path, "smiles,activity\nCCO,5\n", activty="activity")
    with pytest.raises(RequestError, match="nothing in it says logp"):
        read(tmp_path, "smiles,activity\nCCO,5\n", goal("logp"))
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path, "smiles,activity\n")
