"""Polycrystals are Voronoi cells, around the borders too."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics import boundary_density, polycrystals
from sciencegen.domains.microstructures.physics.voronoi import cells, walls
from sciencegen.errors import RequestError
from tests.domains.microstructures.physics.measured import agrees, surface

SHAPES = [(20, 20), (13, 24), (9, 8, 11)]
shapes = pytest.mark.parametrize("shape", SHAPES)


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def seeds(n: int, shape: tuple[int, ...], seed: int = 0) -> Tensor:
    return torch.rand(n, len(shape), dtype=torch.float64, generator=source(seed)) * torch.tensor(shape)


def everywhere(points: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """All pixels [pixels, dimensions], and all points with two copies on each side, those of one point together."""
    pixels = torch.cartesian_prod(*(torch.arange(side, dtype=torch.float64) for side in shape))
    shifts = torch.tensor(list(itertools.product(range(-2, 3), repeat=len(shape)))) * torch.tensor(shape)
    return pixels, (points[:, None] + shifts).reshape(-1, len(shape))


@shapes
@pytest.mark.parametrize("n", [2, 5, 20])
def test_a_pixel_is_of_the_grain_of_the_nearest_seed(shape: tuple[int, ...], n: int) -> None:
    points = seeds(n, shape)
    pixels, copies = everywhere(points, shape)
    nearest = torch.cdist(pixels, copies, compute_mode="donot_use_mm_for_euclid_dist").argmin(1) // (len(copies) // n)
    assert torch.equal(cells(points, shape).flatten(), nearest)


@shapes
@pytest.mark.parametrize("n", [2, 5, 20])
@pytest.mark.parametrize("width", [1.0, 2.0])
def test_walls_are_where_two_seeds_are_about_as_near(shape: tuple[int, ...], n: int, width: float) -> None:
    points = seeds(n, shape, 1)
    pixels, copies = everywhere(points, shape)
    squares = torch.cdist(pixels, copies, compute_mode="donot_use_mm_for_euclid_dist").square()
    least, own = squares.min(1)
    apart = (copies[own][:, None] - copies).norm(dim=2)
    depth = ((squares - least[:, None]) / (2 * apart)).nan_to_num(nan=float("inf")).min(1).values
    assert torch.equal(walls(points, cells(points, shape), width).flatten(), depth <= width / 2)


@pytest.mark.parametrize(("n", "shape", "grains"), [(150, (128, 128), 12), (6, (64, 64, 64), 10)])
def test_boundaries_are_as_long_as_the_closed_form_says(n: int, shape: tuple[int, ...], grains: int) -> None:
    found = surface(torch.stack([cells(seeds(grains, shape, i), shape) for i in range(n)]))
    assert agrees(found, boundary_density(torch.tensor(grains), shape))


@pytest.mark.parametrize(("shape", "constant"), [((100, 100), 2.0), ((100, 100, 100), 2.910)])
def test_many_grains_are_those_of_a_poisson_process(shape: tuple[int, ...], constant: float) -> None:
    grains = 1000
    density = grains / float(torch.tensor(shape).prod())
    assert float(boundary_density(torch.tensor(grains), shape)) == pytest.approx(
        constant * density ** (1 / len(shape)), rel=1e-3
    )


def test_wider_walls_hold_narrower_ones() -> None:
    narrow, wide = (
        polycrystals(10, (48, 48), source(), grains=20, phases=1, width=width).images == 0 for width in (1.0, 3.0)
    )
    assert (wide | ~narrow).all()
    assert wide.sum() > 2 * narrow.sum()


def test_thin_walls_fill_their_length_times_their_width() -> None:
    made = polycrystals(40, (128, 128), source(), grains=8, phases=1, width=1.5)
    expected = 1.5 * float(made.columns["expected_boundary"][0])
    assert float((made.images == 0).double().mean()) == pytest.approx(expected, rel=0.06)


def test_grains_are_of_all_phases_alike() -> None:
    made = polycrystals(300, (32, 32), source(), grains=40, phases=3)
    shares = torch.bincount(made.images.flatten().long()) / made.images.numel()
    assert made.phases == 3
    assert torch.allclose(shares, torch.full((3,), 1 / 3), atol=0.02)


def test_walls_are_a_phase_of_their_own() -> None:
    made = polycrystals(5, (32, 32), source(), grains=10, phases=3, width=2.0)
    assert made.phases == 4
    assert made.images.unique().tolist() == [0, 1, 2, 3]


def test_the_labels_count_the_grains() -> None:
    made = polycrystals(200, (24, 24), source(), grains=Interval(3, 5))
    assert made.columns["grains"].unique().tolist() == [3, 4, 5]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"grains": 1}, "grains=1: expected 2 to 64: two, to one for every 16 pixels"),
        ({"grains": 2.5}, "grains=2.5: expected whole numbers"),
        ({"grains": Interval(5, 99)}, "grains=5..99: expected 2 to 64"),
        ({"phases": 1}, "phases=1: expected 2 to 254, or 1 of grains between boundaries"),
        ({"width": 0.5}, "width=0.5: expected 1 pixel or more, or 0 for none"),
    ],
)
def test_what_cannot_be_had_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        polycrystals(2, (32, 32), source(), **({"grains": 9} | options))  # type: ignore[arg-type]
