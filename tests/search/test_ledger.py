"""Nothing an oracle was asked is lost or asked again, and what was found is summed up as published."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciencegen.errors import DataError, OutputError, RequestError
from sciencegen.search.ledger import Ledger, Told


def scored(*scores: float | None) -> list[Told]:
    return [Told(f"item {i}", {}, score, "" if score is not None else "broke", i) for i, score in enumerate(scores, 1)]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.jsonl"
    told = [Told("CCO", {"qed": 0.5}, 0.5, call=1), Told("C\u2028\u00e9", {}, None, "timed out", 2), Told("N", {}, 0.1)]
    Ledger(10, path).add(told)
    again = Ledger(10, path)
    assert list(again.told) == told
    assert (again.calls, again.left, again.failed, len(again)) == (2, 8, 1, 3)
    assert again.known("CCO") == told[0]
    assert again.known("CCC") is None


def test_a_line_that_a_crash_left_half_is_dropped_and_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(10, path).add(scored(0.1, 0.2))
    path.write_bytes(path.read_bytes()[:-9])
    again = Ledger(10, path)
    assert again.calls == 1
    assert again.torn.startswith('{"text":"item 2"')
    again.add(scored(0.1, 0.3))
    assert [one.score for one in Ledger(10, path).told] == [0.1, 0.3]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[1]",
        '{"text":"C","values":{"a":NaN},"score":1,"call":1}',
        '{"text":"C","values":{},"score":"high","call":1}',
        '{"text":"C","values":{},"score":1}',
        '{"text":1,"values":{},"score":1,"call":1}',
        "[" * 100_000,
    ],
)
def test_a_foreign_line_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(10, path).add(scored(0.1))
    with path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(DataError, match="line 2"):
        Ledger(10, path)


def test_what_is_known_stays_and_costs_nothing_more() -> None:
    ledger = Ledger(2)
    ledger.add([Told("C", {}, 0.1, call=1)])
    ledger.add([Told("C", {}, 0.9, call=2), Told("N", {}, 0.2, call=2), Told("N", {}, 0.2, call=2)])
    assert [one.score for one in ledger.told] == [0.1, 0.2]
    assert ledger.left == 0


def test_no_more_calls_are_written_down_than_there_are() -> None:
    ledger = Ledger(1)
    with pytest.raises(ValueError, match="2 calls are more than the 1 left"):
        ledger.add(scored(0.1, 0.2))
    assert ledger.calls == 0
    with pytest.raises(RequestError, match="calls=0"):
        Ledger(0)


def test_without_a_budget_there_is_always_something_left() -> None:
    ledger = Ledger(None)
    ledger.add(scored(*[0.5] * 1000))
    assert ledger.left > 1000


def test_the_best_come_first_and_failures_not_at_all() -> None:
    ledger = Ledger(10)
    ledger.add(scored(0.1, None, 0.7, 0.7, 0.3))
    assert [one.call for one in ledger.top(3)] == [3, 4, 5]
    assert ledger.mean(2) == pytest.approx(0.7)
    assert Ledger(1).mean(2) == 0


def test_the_area_is_that_of_trapezoids() -> None:
    ledger = Ledger(400)
    ledger.add(scored(*[0.2] * 100, *[0.6] * 100))
    # 0 to .2, then .2 to .6, then the last mean until the budget's end
    assert ledger.auc(10) == pytest.approx((100 * 0.1 + 100 * 0.4 + 200 * 0.6) / 400)
    assert ledger.auc(10, budget=200) == pytest.approx((100 * 0.1 + 100 * 0.4) / 200)
    assert ledger.auc(150, budget=200) == pytest.approx((100 * 0.1 + 100 * (0.2 + (60 + 10) / 150) / 2) / 200)


def test_items_that_cost_nothing_are_no_part_of_the_area() -> None:
    ledger = Ledger(100)
    ledger.add([Told("known", {}, 1.0), *scored(*[0.5] * 100)])
    assert ledger.auc(10) == pytest.approx(0.25)
    assert Ledger(100).auc(10) == 0


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        Ledger(10, tmp_path / "file" / "ledger.jsonl").add(scored(0.1))


def test_what_failed_may_be_told_later_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(10, path)
    ledger.add([Told("a", {}, None, "broke", 1), Told("b", {}, 0.5, call=2)])
    ledger.add([Told("a", {"x": 3.0}, 0.7, call=3), Told("b", {}, 0.9, call=4), Told("b", {}, None, "broke", 5)])
    for one in (ledger, Ledger(10, path)):
        assert [(told.text, told.score) for told in one.told] == [("a", 0.7), ("b", 0.5)]
        assert (one.calls, one.failed) == (2, 0)
    size = path.stat().st_size
    ledger.add([Told("a", {}, None, "broke", 1), Told("a", {}, 0.1, call=1)])
    assert path.stat().st_size == size
