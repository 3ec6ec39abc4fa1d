"""What all makers promise."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics.makers import MAKERS, options_of, read_options, written
from sciencegen.errors import RequestError, UnknownName

every_maker = pytest.mark.parametrize("name", MAKERS)
SMALL: dict[str, dict[str, Any]] = {
    "cahn-hilliard": {"time": Interval(20, 30)},
    "coarsening": {"early": 12.0, "time": Interval(20, 30)},
    "discs": {"radius": 2.0},
    "gaussian-field": {"length": Interval(1.0, 2.0)},
    "micrographs": {"length": Interval(1.0, 2.0)},
    "voronoi": {"grains": Interval(3, 9)},
}


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@every_maker
@pytest.mark.parametrize("shape", [(24, 24), (16, 25), (12, 12, 12)])
def test_images_are_numbered_phases_with_a_number_for_each_label(name: str, shape: tuple[int, ...]) -> None:
    made = MAKERS[name](5, shape, source(), **SMALL[name])
    assert made.images.shape == (5, *shape)
    assert made.images.dtype == torch.uint8
    for one in (made, *made.beside.values()):
        assert (one.images.shape, one.images.dtype) == ((5, *shape), torch.uint8)
        assert int(one.images.max()) < (one.phases or 256)
    for column in made.columns.values():
        assert (column.shape, column.dtype) == ((5,), torch.float64)
        assert column.isfinite().all()


@every_maker
def test_a_seed_says_it_all(name: str) -> None:
    one, same, other = (MAKERS[name](4, (24, 24), source(seed), **SMALL[name]) for seed in (1, 1, 2))
    assert torch.equal(one.images, same.images)
    assert all(torch.equal(one.columns[label], same.columns[label]) for label in one.columns)
    assert not torch.equal(one.images, other.images)
    assert one.images.unique(dim=0).shape[0] == 4


@every_maker
def test_opposite_borders_are_neighbours(name: str) -> None:
    x = MAKERS[name](300, (24, 24), source(), **SMALL[name]).images
    for axis in (1, 2):
        changes = (x != x.roll(1, axis)).double().mean((0, 3 - axis))
        assert float(changes[0]) == pytest.approx(float(changes[1:].mean()), rel=0.15)


@every_maker
def test_what_is_done_is_counted(name: str) -> None:
    told: list[int] = []
    MAKERS[name](7, (24, 24), source(), **SMALL[name], progress=told.append)
    assert sum(told) == 7


@every_maker
@pytest.mark.parametrize(("n", "shape", "said"), [(0, (24, 24), "n=0"), (1, (3, 3), "size=3x3"), (1, (24,), "size=24")])
def test_impossible_images_are_refused(name: str, n: int, shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(RequestError, match=f"{said}: expected"):
        MAKERS[name](n, shape, source())


@every_maker
def test_more_than_memory_holds_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="do not fit in memory; ask for fewer"):
        MAKERS[name](10**12, (64, 64), source())


@every_maker
def test_options_can_be_typed_as_they_are_written(name: str) -> None:
    options = options_of(name)
    assert read_options(name, {option: written(value) for option, value in options.items()}) == options


def test_numbers_are_written_to_the_last_digit() -> None:
    assert [written(one) for one in (0.1, 220.0, 1 / 3, Interval(-0.4, 1e-7), (0.2, Interval(0.1, 0.2)), True)] == [
        *("0.1", "220", "0.3333333333333333", "-0.4..1e-07", "0.2,0.1..0.2", "true")
    ]


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("discs", {"radius": "wide"}, "radius=wide: expected a number, or a range such as 0.2..0.4"),
        ("discs", {"radius": ""}, "radius=: expected a number"),
        ("discs", {"radius": "3,4"}, "radius=3,4: expected a number"),
        ("cahn-hilliard", {"noise": "0.1..0.2"}, "noise=0.1..0.2: expected a number"),
        ("cahn-hilliard", {"time": "220..40"}, "time=220..40: the range is empty"),
        ("voronoi", {"phases": "2.5"}, "phases=2.5: expected a whole number"),
        ("gaussian-field", {"exact": "maybe"}, "exact=maybe: expected true or false"),
    ],
)
def test_what_an_option_cannot_be_is_refused(name: str, typed: dict[str, str], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        read_options(name, typed)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'cahn-hilliard'"):
        read_options("cahn-hiliard", {})
    with pytest.raises(UnknownName, match="unknown option of discs 'radios': did you mean 'radius'"):
        read_options("discs", {"radios": "3"})
