"""Desirabilities, their mean, and Pareto fronts against a brute force."""

from __future__ import annotations

from math import inf, nan, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.screen.desirability import Desire, fronts, ranked

UP, DOWN = Desire(low=0, high=1), Desire(low=1, high=0)
finite = st.floats(-1e6, 1e6)
coarse = st.integers(0, 4).map(lambda i: i / 4)


def dominates(a: list[float], b: list[float]) -> bool:
    return a != b and all(x >= y for x, y in zip(a, b, strict=True))


def peeled(points: list[list[float]]) -> list[int]:
    """Fronts as they are defined: take away all that nothing is preferred to, again and again."""
    left, found, front = set(range(len(points))), [0] * len(points), 0
    while left:
        front += 1
        best = {i for i in left if not any(dominates(points[j], points[i]) for j in left)}
        for i in best:
            found[i] = front
        left -= best
    return found


@pytest.mark.parametrize(
    ("desire", "value", "expected"),
    [
        (Desire(low=2, high=4), 3, 0.5),
        (Desire(low=4, high=2), 3.5, 0.25),
        (Desire(low=2, high=4), 9, 1.0),
        (Desire(low=4, high=2), 9, 0.0),
        (Desire(low=-4, high=-2), -4, 0.0),
        (Desire(target=2.5, within=1), 2.5, 1.0),
        (Desire(target=2.5, within=1), 2.0, 0.5),
        (Desire(target=2.5, within=1), 3.5, 0.0),
        (Desire(target=0, within=1e-300), 1e300, 0.0),
        (UP, None, None),
        (UP, nan, None),
        (UP, inf, None),
    ],
)
def test_known_desirabilities(desire: Desire, value: float | None, expected: float | None) -> None:
    assert desire.of(value) == expected


@given(finite, finite, st.lists(finite, min_size=2, max_size=20))
def test_a_ramp_rises_from_its_low_end_to_its_high_one(low: float, high: float, values: list[float]) -> None:
    if low == high:
        return
    ramp = Desire(low=low, high=high)
    assert (ramp.of(low), ramp.of(high)) == (0, 1)
    found = [ramp.of(value) for value in sorted(values, reverse=high < low)]
    assert found == sorted(d for d in found if d is not None)
    assert all(0 <= d <= 1 for d in found if d is not None)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.floats(0, 1e4))
def test_a_hill_is_as_steep_on_either_side(target: float, within: float, off: float) -> None:
    hill = Desire(target=target, within=within)
    left, right = hill.of(target - off), hill.of(target + off)
    assert left is not None
    assert 0 <= left <= 1
    assert left == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize(
    "given_",
    [
        {},
        {"low": 1},
        {"low": 1, "target": 2},
        {"low": 1, "high": 2, "target": 1, "within": 1},
        {"low": 1, "high": 1},
        {"low": 0, "high": inf},
        {"low": -1.7e308, "high": 1.7e308},
        {"target": nan, "within": 1},
        {"target": 1, "within": 0},
        {"target": 1, "within": inf},
        {"low": 0, "high": 1, "weight": 0},
        {"low": 0, "high": 1, "weight": inf},
    ],
)
def test_what_is_no_desire_is_refused(given_: dict[str, float]) -> None:
    with pytest.raises(RequestError):
        Desire(**given_)


@given(st.lists(st.tuples(coarse, st.floats(0.1, 9)), min_size=1, max_size=5))
def test_the_score_is_the_weighted_geometric_mean(parts: list[tuple[float, float]]) -> None:
    columns = {str(i): [d] for i, (d, _) in enumerate(parts)}
    desires = {str(i): Desire(0, 1, weight=weight) for i, (_, weight) in enumerate(parts)}
    whole = sum(weight for _, weight in parts)
    expected = prod(d**weight for d, weight in parts) ** (1 / whole)
    (score,) = ranked(["a"], columns, desires).scores
    assert score == pytest.approx(expected)


def test_what_is_missing_is_named_and_ranks_last() -> None:
    columns = {"qed": [None, 0.1, 0.9, nan], "sa": [None, 1.0, None, 0.5]}
    found = ranked(["a", "b", "c", "d"], columns, {"qed": UP, "sa": DOWN})
    assert found.missing == [("qed", "sa"), (), ("sa",), ("qed",)]
    assert found.scores == [None, 0, None, None]
    assert found.desirabilities == {"qed": [None, 0.1, 0.9, None], "sa": [None, 0, None, 0.5]}
    assert found.ranks == [2, 1, 3, 4]
    assert found.order == [1, 0, 2, 3]
    assert ranked(["a", "b", "c", "d"], columns, {"qed": UP, "sa": DOWN}, "pareto").fronts == [None, 1, None, None]


@settings(deadline=None)
@given(st.integers(1, 5).flatmap(lambda k: st.lists(st.lists(coarse, min_size=k, max_size=k), max_size=30)))
def test_fronts_are_those_of_a_brute_force(points: list[list[float]]) -> None:
    assert fronts(points) == peeled(points)


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 4), st.integers(1, 60), st.randoms(use_true_random=False))
def test_fronts_of_distinct_numbers_are_those_of_a_brute_force(k: int, n: int, source: object) -> None:
    points = [[source.random() for _ in range(k)] for _ in range(n)]  # type: ignore[attr-defined]
    assert fronts(points) == peeled(points)


@settings(deadline=None)
@pytest.mark.parametrize("method", ["mean", "pareto"])
@given(data=st.data())
def test_ranks_do_not_depend_on_the_order(method: str, data: st.DataObject) -> None:
    number = st.one_of(st.none(), coarse)
    rows = data.draw(st.lists(st.tuples(number, number), min_size=1, max_size=12))
    items = [(f"id{i}", *row) for i, row in enumerate(rows)]

    def ranks(of: list[tuple[str, float | None, float | None]]) -> dict[str, int]:
        ids, x, y = zip(*of, strict=True)
        found = ranked(ids, {"x": x, "y": y}, {"x": UP, "y": DOWN}, method)
        assert sorted(found.ranks) == list(range(1, len(ids) + 1))
        return dict(zip(ids, found.ranks, strict=True))

    assert ranks(items) == ranks(data.draw(st.permutations(items)))


@given(st.lists(st.tuples(coarse, coarse), min_size=2, max_size=20))
def test_ranks_follow_fronts_then_the_mean_then_ids(rows: list[tuple[float, float]]) -> None:
    ids = [f"{i:02}" for i in range(len(rows))]
    x, y = zip(*rows, strict=True)
    found = ranked(ids, {"x": x, "y": y}, {"x": UP, "y": UP}, "pareto")
    keys = [(found.fronts[i], -(found.scores[i] or 0), ids[i]) for i in found.order]
    assert keys == sorted(keys)  # type: ignore[type-var]
    assert None not in found.fronts


def test_many_points_are_quick_whatever_their_fronts() -> None:
    many = [[i / 20_000, 1 - i / 20_000, 0.5] for i in range(20_000)]
    assert set(fronts(many)) == {1}
    assert fronts([[float(i)] * 3 for i in range(20_000)]) == list(range(20_000, 0, -1))


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'qed'"):
        ranked(["a"], {"qed": [1]}, {"qeds": UP})
    with pytest.raises(UnknownName, match="'avarage'"):
        ranked(["a"], {"qed": [1]}, {"qed": UP}, "avarage")
    with pytest.raises(RequestError, match="nothing is desired"):
        ranked(["a"], {"qed": [1]}, {})
    with pytest.raises(DataError, match="id 'a' is there twice"):
        ranked(["a", "a"], {"qed": [1, 2]}, {"qed": UP})
    with pytest.raises(DataError, match="item 2 has no id"):
        ranked(["a", ""], {"qed": [1, 2]}, {"qed": UP})
