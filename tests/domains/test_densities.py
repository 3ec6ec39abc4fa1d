"""Points: what can be read, and one clear line for what cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sciencegen.domains.densities import Densities, Point, Standardised
from sciencegen.errors import DataError


def point(*values: float, names: tuple[str, ...] = ("x", "y")) -> Point:
    return Point(names, np.array(values, dtype=float))


def test_columns_of_numbers_are_coordinates_and_others_lie_beside(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("name,x,y,heat\na,1,2.5,7\n,3,4,8\n")
    items = Densities().read(tmp_path / "t.csv", ["heat"])
    assert [(item.names, item.values.tolist()) for item in items.items] == [
        (("x", "y"), [1, 2.5]),
        (("x", "y"), [3, 4]),
    ]
    assert items.columns == {"name": ["a", None], "heat": [7, 8]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n1,2\n,4\n5,\n", "row 2, column x is not a finite number (and 1 more)"),
        ("x,y\n1,inf\n", "row 1, column y is not a finite number"),
        ("x,y\n1,2\n3,four\n", "column y has numbers, but 'four' in row 2"),
        ("name\na\n", "expected columns of numbers, found name"),
    ],
)
def test_a_bad_table_names_row_and_column(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        Densities().read(tmp_path / "t.csv")
    assert said in str(caught.value)
    assert "t.csv" in str(caught.value)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    points = [point(0.1, -1e-17), point(1e300, 3)]
    Densities().write(points, tmp_path / "t.csv")
    again = Densities().read(tmp_path / "t.csv").items
    assert all(np.array_equal(a.values, b.values) for a, b in zip(points, again, strict=True))


def test_text_stands_for_a_point() -> None:
    again = Densities().parse(Densities().text(point(0.1, 1e-300)))
    assert again is not None
    assert again.values.tolist() == [0.1, 1e-300]
    for text in ("", "a,b", "1,", "nan,1", "1,inf"):
        assert Densities().parse(text) is None


def test_decoding_what_was_encoded_gives_the_points() -> None:
    points = [point(1000 + i, -3 * i) for i in range(20)]
    standard = Standardised.fit(points)
    x = standard.encode(points)
    assert torch.allclose(x.mean(0), torch.zeros(2), atol=1e-6)
    assert torch.allclose(x.std(0, correction=0), torch.ones(2), atol=1e-6)
    for a, b in zip(points, standard.decode(x), strict=True):
        assert b is not None
        assert np.allclose(a.values, b.values, atol=1e-4)


def test_a_draw_that_is_not_finite_is_no_point() -> None:
    decoded = Standardised(("x", "y"), (0.0, 0.0), (1.0, 1.0)).decode(torch.tensor([[0.0, 1.0], [torch.nan, 1.0]]))
    assert [item is None for item in decoded] == [False, True]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([point(1, 2), point(1, 3)], "column x has one value only"),
        ([point(0.1, 2), point(0.1, 3), point(0.1, 4)], "column x has one value only"),
        ([point(1, 2), point(3, 4, names=("x", "z"))], "row 2 has the columns x, z: expected x, y"),
        ([point(1, 2), point(3, names=("x",))], "row 2 has the columns x: expected x, y"),
        ([point(1, 2), point(3, float("nan"))], "row 2, column y is not a finite number"),
        ([point(1, 2), point(3)], "row 2 has the columns"),
        ([point(1e308, 2), point(-1e308, 3)], "column x has numbers too large"),
        (["1,2", "3,4"], "item 1 is a str: expected a Point"),
        ([[1, 2], [3, 4]], "item 1 is a list: expected a Point"),
    ],
)
def test_points_that_do_not_fit_are_named(items: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Standardised.fit(items)


def test_the_radius_is_the_distance_from_the_origin() -> None:
    assert Densities().properties["radius"].measure(point(3, -4)) == 5


def test_one_point_can_be_compared_and_drawn(tmp_path: Path) -> None:
    assert Densities().compare([point(1, 2)], [point(1, 2)])["sliced_wasserstein"] == 0
    Densities().draw([point(1, 2)], tmp_path / "a.png")
    Densities().draw([point(1, names=("x",)), point(2, names=("x",))], tmp_path / "b.png")
    assert (tmp_path / "b.png").stat().st_size > 0
