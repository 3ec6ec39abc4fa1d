"""Overlapping discs have the statistics that the closed forms say."""

from __future__ import annotations

import math

import pytest
import torch

from sciencegen.domains.microstructures.physics import (
    disc_lineal_path,
    disc_surface,
    disc_two_point,
    overlapping_discs,
)
from sciencegen.errors import RequestError
from tests.domains.microstructures.physics.measured import agrees, lineal_path, surface, two_point

R = torch.arange(20, dtype=torch.float64)
BOXES = [(200, (64, 64)), (12, (48, 48, 48))]
boxes = pytest.mark.parametrize(("n", "shape"), BOXES)


def source() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@boxes
def test_discs_fill_their_fraction_on_average(n: int, shape: tuple[int, ...]) -> None:
    images = overlapping_discs(n, shape, source(), fraction=0.4, radius=3.0).images
    assert agrees(images.flatten(1).double().mean(1), torch.tensor(0.4))


@boxes
@pytest.mark.parametrize("phase", [0, 1])
def test_two_points_of_a_phase_are_found_as_often_as_the_closed_form_says(
    n: int, shape: tuple[int, ...], phase: int
) -> None:
    images = overlapping_discs(n, shape, source(), fraction=0.4, radius=4.0).images
    expected = disc_two_point(R, 0.4, 4.0, len(shape), phase)
    assert agrees(two_point((images == phase).double(), 20), expected)


@boxes
def test_segments_lie_in_the_matrix_as_often_as_the_closed_form_says(n: int, shape: tuple[int, ...]) -> None:
    images = overlapping_discs(n, shape, source(), fraction=0.4, radius=6.0).images
    expected = disc_lineal_path(R, 0.4, 6.0, len(shape))
    assert agrees(lineal_path((images == 0).double(), 20), expected)


@pytest.mark.parametrize(("dimensions", "factor"), [(2, math.pi), (3, 4)])
def test_the_surface_is_the_slope_of_two_points_at_nothing(dimensions: int, factor: float) -> None:
    slope = float(disc_two_point(torch.tensor([0.0, 1e-6], dtype=torch.float64), 0.4, 3.0, dimensions).diff()) / 1e-6
    expected = disc_surface(torch.tensor(0.4, dtype=torch.float64), torch.tensor(3.0), dimensions)
    assert -slope * factor == pytest.approx(float(expected), rel=1e-4)


@boxes
def test_the_surface_is_that_of_the_closed_form(n: int, shape: tuple[int, ...]) -> None:
    made = overlapping_discs(n, shape, source(), fraction=0.3, radius=8.0)
    assert agrees(surface(made.images), made.columns["expected_surface"][0], bias=0.01)


def test_the_number_of_discs_is_a_poisson_number() -> None:
    made = overlapping_discs(2000, (16, 16), source(), fraction=0.5, radius=2.0)
    discs, expected = made.columns["discs"], math.log(2) / (4 * math.pi) * 256
    assert float(discs.mean()) == pytest.approx(expected, abs=5 * (expected / 2000) ** 0.5)
    assert float(discs.var()) == pytest.approx(expected, rel=0.15)


def test_a_single_disc_is_one_around_the_borders() -> None:
    made = overlapping_discs(200, (24, 24), source(), fraction=0.1, radius=5.0)
    areas = made.images[made.columns["discs"] == 1].flatten(1).sum(1).double()
    assert len(areas) > 20
    assert ((areas - 25 * math.pi).abs() < 8).all()


@pytest.mark.parametrize("options", [{"fraction": 0.0}, {"fraction": 1.2}, {"radius": 0.5}, {"radius": 9.0}])
def test_what_cannot_be_had_is_refused(options: dict[str, float]) -> None:
    ((name, value),) = options.items()
    with pytest.raises(RequestError, match=f"{name}={value:g}: expected"):
        overlapping_discs(2, (32, 32), source(), **options)  # type: ignore[arg-type]
