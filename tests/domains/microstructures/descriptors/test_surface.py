"""Specific surface."""

from __future__ import annotations

import math

import pytest
import torch

from sciencegen.domains.microstructures.descriptors import specific_surface
from tests.domains.microstructures.descriptors.fields import above, ball, extruded, gaussian, speckle


@pytest.mark.parametrize("phi", [0.5, 0.25])
def test_level_sets_of_gaussian_fields_have_theirs(phi: float) -> None:
    ell = 6.0
    found = specific_surface((gaussian(64, 128, ell) > above(phi)).double()).mean()
    assert float(found) == pytest.approx(math.exp(-(above(phi) ** 2) / 2) / (2 * ell), rel=0.015)


def test_level_sets_in_space_have_theirs() -> None:
    ell, phi = 5.0, 0.4
    found = specific_surface((gaussian(12, 64, ell, 3) > above(phi)).double()).mean()
    assert float(found) == pytest.approx(2 * math.exp(-(above(phi) ** 2) / 2) / (math.pi * ell), rel=0.02)


@pytest.mark.parametrize("periodic", [True, False])
def test_discs_and_balls_have_theirs(periodic: bool) -> None:
    disc = specific_surface(ball(64, 20.5, 2).double(), periodic=periodic) * 64**2
    assert float(disc) == pytest.approx(2 * math.pi * 20.5, rel=0.04 if not periodic else 0.01)
    sphere = specific_surface(ball(48, 17.5, 3).double(), periodic=periodic) * 48**3
    assert float(sphere) == pytest.approx(4 * math.pi * 17.5**2, rel=0.07 if not periodic else 0.01)


@pytest.mark.parametrize("degrees", range(0, 91, 9))
def test_straight_borders_are_measured_whatever_way_they_run(degrees: int) -> None:
    angle = math.radians(degrees)
    line = torch.arange(400).double()
    x = (line[:, None] * math.cos(angle) + line * math.sin(angle) + 10.5) % 40 < 20
    found = float(specific_surface(x[None].double(), periodic=False)) * 20
    assert 0.945 < found < 1.03


def test_planes_are_measured_whatever_way_they_run() -> None:
    line = torch.arange(64).double()
    for seed in range(8):
        normal = torch.nn.functional.normalize(torch.randn(3, generator=torch.Generator().manual_seed(seed)), dim=0)
        height = sum(a * b for a, b in zip(torch.meshgrid(line, line, line, indexing="ij"), normal, strict=True))
        x = torch.as_tensor(height) % 20 < 10
        assert float(specific_surface(x[None].double(), periodic=False)) * 10 == pytest.approx(1, abs=0.09)


def test_a_phase_and_what_is_not_of_it_share_their_border() -> None:
    x = speckle(3, 12, 12)
    assert torch.allclose(specific_surface(x), specific_surface(~x))


def test_periodic_images_may_be_rolled() -> None:
    x = speckle(3, 7, 8, 9)
    assert torch.allclose(specific_surface(x), specific_surface(x.roll((1, 2, 3), (1, 2, 3))))


def test_extruded_images_have_about_the_surface_of_their_borders() -> None:
    x = gaussian(4, 64, 5.0) > 0
    flat, deep = specific_surface(x.double()), specific_surface(extruded(x, 8).double())
    assert torch.allclose(flat, deep, rtol=0.04)


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("sides", [(4, 5), (3, 4, 3)])
def test_it_carries_gradients(sides: tuple[int, ...], periodic: bool) -> None:
    x = torch.rand(2, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: specific_surface(a, periodic=periodic), x)
