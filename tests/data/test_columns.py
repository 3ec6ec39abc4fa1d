"""Columns beside items become condition fields."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

from sciencegen.core.condition import Categorical, Continuous
from sciencegen.core.domain import Items
from sciencegen.data.columns import field_of, measured, split
from sciencegen.domains.arrays import Arrays
from sciencegen.domains.densities import Densities, Point
from sciencegen.errors import DataError, UnknownName


def test_numbers_make_a_field_with_their_range() -> None:
    assert field_of(Arrays(), "heat", [1.0, None, 3, float("nan"), 2.0, float("inf")]) == Continuous(
        "heat", "", 2.0, pytest.approx((2 / 3) ** 0.5), 1.0, 3.0
    )


def test_a_constant_column_is_standardised_by_one() -> None:
    field = field_of(Arrays(), "heat", [4.0, 4.0])
    assert isinstance(field, Continuous)
    assert (field.mean, field.std) == (4.0, 1.0)


def test_text_makes_a_category() -> None:
    assert field_of(Arrays(), "kind", ["b", None, "a", "b", float("nan")]) == Categorical("kind", ("a", "b"))


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ([None, float("nan")], "column c has no value in any row"),
        ([float("inf")], "column c has no value in any row"),
        ([str(i) + "x" for i in range(1001)], "column c has 1001 different texts: too many to be a category"),
        ([datetime.date(2020, 1, 1)], "column c holds a date: expected numbers or text"),
        ([1, 10**400], "column c has whole numbers of 401 digits"),
        ([1e308, -1e308, 1e308], "column c has numbers too large to standardise"),
    ],
)
def test_a_column_that_makes_no_field_is_named(column: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        field_of(Arrays(), "c", column)


def test_properties_are_measured_and_columns_read() -> None:
    items = Items([Point(("x", "y"), np.array([3.0, 4.0]))], {"kind": ["a"], "unused": [1]})
    assert measured(Densities(), items, ["radius", "kind"]).columns == {"radius": [5.0], "kind": ["a"]}
    with pytest.raises(UnknownName, match="unknown property or column 'kid': did you mean 'kind'"):
        measured(Densities(), items, ["kid"])


def test_a_share_is_held_out_and_nothing_is_lost() -> None:
    items = Items(list(range(10)), {"twice": [2 * i for i in range(10)]})
    rest, held = split(items, 0.35, seed=1)
    assert held is not None
    assert (len(rest), len(held)) == (7, 3)
    assert sorted([*rest.items, *held.items]) == list(range(10))
    for part in (rest, held):
        assert part.columns["twice"] == [2 * i for i in part.items]
    assert split(items, 0.0, seed=1) == (items, None)
