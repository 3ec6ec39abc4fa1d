"""Oracles are asked once about each item, whatever single items do to them."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from sciencegen.core.condition import ConditionFields
from sciencegen.domains.molecules import Molecules
from sciencegen.errors import RequestError, ScorerFailed, UnknownName
from sciencegen.optimize.goal import goal_of
from sciencegen.optimize.oracle import SCORE, Oracle, Outside
from sciencegen.scorers.scorer import Scorer
from sciencegen.search.ledger import Ledger

DOMAIN = Molecules()
SOME = ["CCO", "c1ccccc1", "CCN"]


def oracle(
    outside: Outside | None = None, calls: int | None = 100, path: Path | None = None, *names: str, **more: Any
) -> Oracle[str]:
    goal = goal_of(DOMAIN, ConditionFields(()), names or [SCORE if outside else "qed"], outside=outside is not None)
    return Oracle(DOMAIN, goal, Ledger(calls, path), outside, **more)


def scores(asked: Oracle[str], items: list[str]) -> list[float | None]:
    return [None if one is None else one.score for one in asked(items)]


def test_an_item_is_paid_for_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def count(item: str) -> float:
        asked.append(item)
        return float(len(item))

    first = oracle(count, path=tmp_path / "ledger.jsonl")
    told = first(["CCO", "CCN", "CCO"])
    assert told[0] == told[2]
    again = oracle(count, path=tmp_path / "ledger.jsonl")
    again(["CCN", "CCO", "C"])
    assert asked == ["CCO", "CCN", "C"]
    assert again.ledger.calls == 3
    assert [one.call for one in again.ledger.told] == [1, 2, 3]


def test_beyond_the_budget_there_is_no_answer() -> None:
    some = oracle(calls=2)
    told = some(SOME)
    assert told[2] is None
    assert some.ledger.left == 0
    assert some(["CCN", "CCO"])[1] == told[0]


def test_a_function_that_fails_on_one_item_is_asked_about_the_others() -> None:
    answers: Mapping[str, Any] = {"CCO": 0.5, "c1ccccc1": nan, "CCN": "high", "C": None, "CC": inf, "N": True}

    def judged(item: str) -> Any:
        return answers[item]

    some = oracle(judged)
    told = [one for one in some([*answers, "O"]) if one is not None]
    assert [one.score is None for one in told] == [False, True, True, True, True, False, True]
    reasons = [one.reason for one in told]
    assert reasons[1] == "score is nan"
    assert reasons[2] == "gave 'high' where a number was expected"
    assert reasons[4] == "score is inf"
    assert reasons[6] == "KeyError: 'O'"
    assert (some.ledger.calls, some.ledger.failed) == (7, 5)


def test_a_function_may_give_several_numbers_by_name() -> None:
    some = oracle(lambda item: {"dock": -8.0, "tox": 0.5}, 100, None, "tox", "dock")
    (told,) = some(["CCO"])
    assert told is not None
    assert told.values == {"dock": -8.0, "tox": 0.5}
    (told,) = oracle(lambda item: {"dock": -8.0}, 100, None, "tox", "dock")(["CCO"])
    assert told is not None
    assert told.reason == "no tox"


def sleepy(item: str) -> float:
    if item == "CCN":
        time.sleep(60)
    return 0.5


def test_a_function_that_hangs_on_one_item_loses_that_item_only() -> None:
    some = oracle(sleepy, timeout=1.0)
    told = [one for one in some(SOME) if one is not None]
    assert [one.score is None for one in told] == [False, False, True]
    assert told[2].reason == "took longer than 1 seconds"


COMMAND = """
import sys, json
lines = sys.stdin.read().split()
if "CCN" in lines:
    sys.exit("no nitrogen")
print(json.dumps({"version": 1, "payload": {"score": [None if line == "C" else 0.1 * len(line) for line in lines]}}))
"""


def test_a_command_that_fails_on_one_item_is_asked_about_the_others(tmp_path: Path) -> None:
    scorer = Scorer("mine", (sys.executable, "-c", COMMAND), retries=0)
    some = oracle(scorer, answers=tmp_path)
    assert scores(some, ["CCO", "CCN", "C", "CCCC"]) == pytest.approx([0.593, None, None, 0.621], abs=1e-3)
    told = some(["CCN", "C"])
    assert "no nitrogen" in str(told[0])
    assert "gave no number" in str(told[1])
    assert some.ledger.calls == 4


def test_a_command_that_fails_on_everything_stops_the_run() -> None:
    with pytest.raises(ScorerFailed, match="exit code 3"):
        oracle(Scorer("mine", (sys.executable, "-c", "raise SystemExit(3)"), retries=0))(SOME)


def test_properties_and_commands_are_judged_together() -> None:
    (told,) = oracle(lambda item: 0.5, 100, None, SCORE, "qed")(["CCO"])
    assert told is not None
    assert set(told.values) == {SCORE, "qed"}


def test_names_that_nobody_gives_are_refused() -> None:
    goal = goal_of(DOMAIN, ConditionFields(()), ["dock"], outside=True)
    with pytest.raises(UnknownName, match="dock"):
        Oracle(DOMAIN, goal, Ledger(10))
    with pytest.raises(RequestError, match="timeout=0"):
        oracle(sleepy, timeout=0.0)
