"""How close candidates come to what was asked."""

from __future__ import annotations

import math

import pytest

from sciencegen.core.condition import Categorical, ConditionFields, Continuous, Interval
from sciencegen.core.domain import Candidate
from sciencegen.errors import RequestError, UnknownName
from sciencegen.screen.aim import distance, in_ranges, parse_tolerance, within

FIELDS = ConditionFields((Continuous("logp", std=2.0), Continuous("mw", std=50.0), Categorical("kind", ("a", "b"))))
MEASURABLE = ("logp", "mw", "kind")


def candidate(**properties: float | str) -> Candidate[str]:
    return Candidate("x", "x", properties)


def test_distance_is_the_mean_in_units_of_the_spread() -> None:
    how_far = distance({"logp": 2.0, "mw": 300.0}, FIELDS, MEASURABLE)
    assert how_far(candidate(logp=2.0, mw=300.0)) == 0
    assert how_far(candidate(logp=4.0, mw=300.0)) == pytest.approx(0.5)
    assert how_far(candidate(logp=0.0, mw=350.0)) == pytest.approx(1.0)


def test_inside_a_range_nothing_is_far() -> None:
    how_far = distance({"logp": Interval(1.0, 2.0)}, FIELDS, MEASURABLE)
    assert [how_far(candidate(logp=x)) for x in (1.0, 1.5, 2.0, 4.0, -1.0)] == [0, 0, 0, 1, 1]
    open_ended = distance({"logp": Interval(1.0, math.inf)}, FIELDS, MEASURABLE)
    assert [open_ended(candidate(logp=x)) for x in (1.0, 1e9, 0.0)] == [0, 0, 0.5]


def test_a_category_is_right_or_wrong() -> None:
    how_far = distance({"kind": "a"}, FIELDS, MEASURABLE)
    assert (how_far(candidate(kind="a")), how_far(candidate(kind="b"))) == (0, 1)


def test_what_could_not_be_measured_is_furthest() -> None:
    how_far = distance({"logp": 2.0}, FIELDS, MEASURABLE)
    assert how_far(candidate(logp=math.nan)) > how_far(candidate(logp=1e9))


def test_there_has_to_be_something_to_come_close_to() -> None:
    for where in ({}, {"heat": 2.0}):
        with pytest.raises(RequestError, match="needs a request that can be measured"):
            distance(where, FIELDS, MEASURABLE)


def test_a_tolerance_keeps_what_is_close() -> None:
    ((name, test),) = within({"logp": 2.0, "mw": 300.0}, {"logp": 0.25}, MEASURABLE).items()
    assert name == "logp=2+-0.25"
    assert [test(candidate(logp=x)) for x in (1.74, 1.75, 2.25, 2.26, math.nan)] == [False, True, True, False, False]


def test_every_range_has_a_test_of_its_own() -> None:
    tests = in_ranges({"logp": Interval(1, 2), "mw": 300.0, "heat": Interval(1, 2)}, MEASURABLE)
    assert list(tests) == ["logp=1..2"]
    assert tests["logp=1..2"](candidate(logp=1.5))
    assert not tests["logp=1..2"](candidate(logp=2.5))


@pytest.mark.parametrize(
    ("where", "said"),
    [({}, "ask for a number too"), ({"logp": Interval(1, 2)}, "a range was asked for"), ({"logp": "x"}, "ask for a")],
)
def test_a_tolerance_needs_a_number_asked_for(where: dict[str, float | str | Interval], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        within(where, {"logp": 0.1}, MEASURABLE)


def test_a_tolerance_of_what_is_no_property_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'logp'"):
        within({"logp": 1.0}, {"logpp": 0.1}, MEASURABLE)


def test_tolerances_are_read() -> None:
    assert parse_tolerance(["logp=0.3", " mw = 20 "]) == {"logp": 0.3, "mw": 20.0}
    for clause in ("logp", "logp=", "=1", "logp=-1", "logp=nan", "logp=inf", "logp=few"):
        with pytest.raises(RequestError, match="expected name=number"):
            parse_tolerance([clause])
    with pytest.raises(RequestError, match="logp was given already"):
        parse_tolerance(["logp=1", "logp=1"])
