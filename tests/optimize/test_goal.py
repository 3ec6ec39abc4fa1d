"""What is wanted is one number from 0 to 1, which never prefers the worse."""

from __future__ import annotations

from math import exp, inf, nan
from typing import Any

import pytest

from sciencegen.core.condition import ConditionFields, Continuous, Interval
from sciencegen.domains.molecules import Molecules
from sciencegen.errors import RequestError, UnknownName
from sciencegen.optimize.goal import Aim, Goal, Wall, goal_of

FIELDS = ConditionFields(
    (
        Continuous("logp", "", 2.5, 1.0, -1.0, 6.0),
        Continuous("qed", "", 0.8, 0.1, 0.2, 0.95),
        Continuous("mw", "g/mol", 300.0, 28.0, 250.0, 350.0),
    )
)


def wanted(**asked: Any) -> Goal:
    return goal_of(Molecules(), FIELDS, **asked)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-12.0, -4.0), (-inf, inf)])
def test_the_better_value_is_worth_more(low: float, high: float, sign: int) -> None:
    aim = Aim("it", sign, low, high)
    values = [i / 10 for i in range(11)] if low == 0 else [-1e9, -100.0, -12.0, -8.0, -4.0, 0.0, 7.0, 1e9]
    worths = [aim.worth(value) for value in values[::sign]]
    assert worths == sorted(worths)
    assert len(set(worths[2:-1])) == len(worths[2:-1])
    assert worths[0] >= 0
    assert worths[-1] <= 1


def test_a_share_is_worth_itself() -> None:
    (aim,) = wanted(maximize=["qed"]).aims
    assert aim.worth(0.37) == 0.37
    assert Aim("it", -1, 0.0, 1.0).worth(0.37) == pytest.approx(0.63)
    assert aim.worth(1.5) == 1.0


def test_what_lies_beyond_the_data_is_worth_still_more() -> None:
    (aim,) = wanted(maximize=["logp"]).aims
    assert (aim.low, aim.high) == (-1.0, 6.0)
    assert aim.worth(2.5) == pytest.approx(0.5)
    assert aim.worth(6.0) < aim.worth(8.0) < 1


def test_walls_are_kept_softly() -> None:
    goal = wanted(maximize=["qed"], where={"mw": Interval(200.0, 500.0)})
    assert goal.score({"qed": 0.9, "mw": 350.0}) == 0.9
    assert goal.score({"qed": 0.9, "mw": 514.0}) == pytest.approx(0.9 * exp(-0.5))
    assert goal.slack({"qed": 0.9, "mw": 214.0}) == pytest.approx((1.0,))
    assert goal.slack({"qed": 0.9, "mw": 514.0}) == pytest.approx((-1.0,))
    assert goal.score({"qed": 0.9, "mw": 1e6}) == 0
    assert wanted(maximize=["qed"], where={"mw": Interval(200.0, inf)}).score({"qed": 0.9, "mw": 1e6}) == 0.9


def test_an_exact_number_is_best_where_it_is_met() -> None:
    goal = wanted(maximize=["qed"], where={"logp": 2.0})
    assert goal.kept({"logp": 2.0}) == 1
    assert goal.kept({"logp": 1.5}) == goal.kept({"logp": 2.5}) == pytest.approx(exp(-0.5))


def test_a_category_is_met_or_not() -> None:
    assert Wall("kind", "drug").slack("drug") == 0
    assert Wall("kind", "drug").slack("toy") == -1


def test_several_numbers_are_raised_and_lowered_at_once() -> None:
    goal = wanted(maximize=["qed"], minimize=["logp"])
    values = {"qed": 0.5, "logp": 2.5}
    assert goal.score(values) == pytest.approx(0.25)
    assert goal.objectives(values) == (0.5, -2.5)


def test_what_is_missing_is_named() -> None:
    goal = wanted(maximize=["qed"], where={"mw": 300.0})
    assert goal.missing({"qed": 0.5, "mw": 300.0}) == ""
    assert goal.missing({"qed": 0.5}) == "no mw"
    assert goal.missing({"qed": nan, "mw": 300.0}) == "qed is nan"
    assert goal.missing({"qed": "high", "mw": 300.0}) == "qed is no number: 'high'"


def test_a_range_that_is_given_wins() -> None:
    (aim,) = wanted(maximize=["logp"], ranges={"logp": Interval(0.0, 3.0)}).aims
    assert (aim.low, aim.high) == (0.0, 3.0)
    assert wanted(maximize=["atoms"]).unscaled == ("atoms",)


def test_goals_are_plain_values() -> None:
    import json

    goal = wanted(maximize=["atoms", "qed"], where={"mw": Interval(200.0, inf)})
    assert json.loads(json.dumps(goal.plain(), allow_nan=False)) == goal.plain()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "nothing is wanted"),
        ({"maximize": ["qed", "qed"]}, "qed is wanted twice"),
        ({"maximize": ["qed"], "minimize": ["qed"]}, "qed is wanted twice"),
        ({"maximize": ["qde"]}, "did you mean 'qed'"),
        ({"maximize": ["qed"], "where": {"wm": 1.0}}, "did you mean 'mw'"),
        ({"maximize": ["qed"], "ranges": {"logp": Interval(0.0, 1.0)}}, "neither maximized nor minimized"),
        ({"maximize": ["qed"], "ranges": {"qed": Interval(0.0, inf)}}, "finite"),
        ({"maximize": ["qed"], "where": {"mw": nan}}, "finite"),
    ],
)
def test_what_cannot_be_wanted_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        wanted(**asked)


def test_other_names_are_those_of_a_scorer() -> None:
    assert wanted(maximize=["dock"], outside=True).names == ("dock",)
    with pytest.raises(UnknownName, match="dock"):
        wanted(maximize=["dock"])
