"""Level sets have the statistics that the closed forms say."""

from __future__ import annotations

import math

import pytest
import torch

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.descriptors import along, two_point_map
from sciencegen.domains.microstructures.physics import (
    gaussian_field,
    level_set_surface,
    level_set_two_point,
    level_sets,
)
from sciencegen.errors import RequestError
from tests.domains.microstructures.physics.measured import agrees, surface, two_point

R = torch.arange(25, dtype=torch.float64)


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_fields_have_the_covariance_asked_for() -> None:
    f = gaussian_field(200, (64, 64), source(), 3.0).double()
    assert agrees(two_point(f, 15), torch.exp(-R[:15].square() / 18))
    assert abs(float(f.mean())) < 0.02


def test_two_points_of_a_phase_are_found_as_often_as_the_closed_form_says() -> None:
    made = level_sets(400, (64, 64), source(), fraction=0.35, length=4.0, exact=False)
    assert agrees(two_point(made.images.double(), 25), level_set_two_point(R, [0.35], 4.0))


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_the_closed_form_holds_for_each_of_three_phases(phase: int) -> None:
    made = level_sets(300, (64, 64), source(), fraction=(0.3, 0.5), length=3.0, exact=False)
    found = two_point((made.images == phase).double(), 15)
    assert agrees(found, level_set_two_point(R[:15], [0.3, 0.5], 3.0, phase))


def test_two_points_are_one_when_near_and_independent_when_far() -> None:
    for fractions in ([0.35], [0.2, 0.5]):
        ends = level_set_two_point(torch.tensor([0.0, 1000.0]), fractions, 4.0)
        assert ends.tolist() == pytest.approx([fractions[0], fractions[0] ** 2], abs=1e-6)


@pytest.mark.parametrize(("dimensions", "factor"), [(2, math.pi), (3, 4)])
def test_the_surface_is_the_slope_of_two_points_at_nothing(dimensions: int, factor: float) -> None:
    near, r = torch.tensor([0.0, 1e-4], dtype=torch.float64), 1e-4
    slope = float(level_set_two_point(near, [0.35], 4.0).diff()) / r
    expected = level_set_surface(torch.tensor(0.35, dtype=torch.float64), torch.tensor(4.0), dimensions)
    assert -slope * factor == pytest.approx(float(expected), rel=1e-3)


@pytest.mark.parametrize(("n", "shape"), [(100, (128, 128)), (8, (48, 48, 48))])
def test_the_surface_is_that_of_the_closed_form(n: int, shape: tuple[int, ...]) -> None:
    made = level_sets(n, shape, source(), fraction=0.35, length=5.0, exact=False)
    assert agrees(surface(made.images), made.columns["expected_surface"][0], bias=0.01)


@pytest.mark.parametrize("shape", [(32, 32), (21, 15), (12, 12, 12)])
def test_exact_fractions_hold_to_the_pixel(shape: tuple[int, ...]) -> None:
    made = level_sets(20, shape, source(), length=2.0)
    pixels = math.prod(shape)
    phase_0 = ((1 - made.columns["fraction"]) * pixels).round()
    assert torch.equal((made.images == 0).flatten(1).sum(1).double(), phase_0)


def test_exact_fractions_hold_for_several_phases() -> None:
    made = level_sets(20, (40, 40), source(), fraction=(0.25, Interval(0.1, 0.2), 0.5), length=3.0)
    assert made.phases == 4
    assert list(made.columns) == ["fraction_1", "fraction_2", "fraction_3", "length"]
    for phase in (1, 2, 3):
        share = (made.images == phase).double().mean((1, 2))
        assert torch.allclose(share, made.columns[f"fraction_{phase}"], atol=1 / 1600 + 1e-9)


def test_fractions_that_are_not_exact_hold_on_average() -> None:
    made = level_sets(300, (64, 64), source(), fraction=0.3, length=2.0, exact=False)
    shares = made.images.double().mean((1, 2))
    assert agrees(shares, torch.tensor(0.3))
    assert float(shares.std()) > 0.005


def test_a_phase_lies_between_those_before_and_after_it() -> None:
    made = level_sets(10, (64, 64), source(), fraction=(0.4, 0.3), length=6.0)
    x = made.images.long()
    touching = torch.stack([(x - x.roll(1, axis)).abs() for axis in (1, 2)])
    assert (touching == 2).double().mean() < 0.002 < (touching == 1).double().mean()


@pytest.mark.parametrize("shape", [(32, 32), (21, 15), (9, 11, 8)])
def test_the_chunk_changes_nothing(shape: tuple[int, ...]) -> None:
    made = [level_sets(13, shape, source(), length=Interval(1, 2), chunk=chunk).images for chunk in (0, 1, 3, 100)]
    assert all(torch.equal(one, made[0]) for one in made)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fraction": 1.2}, "fraction=1.2: expected 0.01 to 0.99"),
        ({"fraction": (0.5, 0.6)}, r"phases 1, 2, ... add up to 1.1; leave 0.01 or more to phase 0"),
        ({"length": 9.0}, "length=9: expected 1 to 8: a pixel, to a quarter of the smallest side"),
        ({"length": float("nan")}, "length=nan: expected 1 to 8"),
    ],
)
def test_what_cannot_be_had_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        level_sets(2, (32, 32), source(), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(96, 48), (64, 32, 32)])
def test_a_stretched_field_is_longer_down_its_first_axis(shape: tuple[int, ...]) -> None:
    made = level_sets(
        24 if len(shape) == 3 else 200, shape, source(), fraction=0.35, length=3.0, stretch=2, exact=False
    )
    lines = along(two_point_map(made.images == 1), bins=8)  # [n, axes, bins]
    for axis, length in enumerate((6.0, *[3.0] * (len(shape) - 1))):
        assert agrees(lines[:, axis].double(), level_set_two_point(R[:8], [0.35], length))
    assert "expected_surface" not in made.columns


def test_a_stretch_has_to_fit_into_the_image() -> None:
    with pytest.raises(RequestError, match=r"length \* stretch=12..12: expected 1 to 8: a pixel, to a quarter of the"):
        level_sets(2, (32, 32), source(), length=4.0, stretch=3.0)
