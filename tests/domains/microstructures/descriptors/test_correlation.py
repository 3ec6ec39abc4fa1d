"""Two-point correlation."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors import along, correlation_length, fraction, two_point, two_point_map
from sciencegen.errors import DataError, RequestError
from tests.domains.microstructures.descriptors.fields import (
    above,
    boolean,
    extruded,
    gaussian,
    gaussian_s2,
    grain,
    places,
    speckle,
)

either_way = pytest.mark.parametrize("periodic", [True, False])
every_shape = pytest.mark.parametrize("sides", [(4, 4), (3, 6), (5, 1), (3, 4, 2)])


def counted(x: Tensor, y: Tensor, lag: tuple[int, ...], periodic: bool) -> float:
    """S2 of an image at a lag, by looking at every place."""
    sides = tuple(x.shape)
    found = []
    for place in places(sides):
        end = tuple(p + step for p, step in zip(place, lag, strict=True))
        if periodic:
            end = tuple(p % side for p, side in zip(end, sides, strict=True))
        if all(0 <= p < side for p, side in zip(end, sides, strict=True)):
            found.append(float(x[place] and y[end]))
    return sum(found) / len(found)


@either_way
@every_shape
def test_every_lag_is_counted(sides: tuple[int, ...], periodic: bool) -> None:
    x, y = speckle(2, *sides), speckle(2, *sides, seed=1)
    found = two_point_map(x, y, periodic=periodic)
    for image in range(2):
        for index in places(tuple(found.shape[1:])):
            lag = tuple(i if 2 * i < size else i - size for i, size in zip(index, found.shape[1:], strict=True))
            expected = counted(x[image], y[image], lag, periodic)
            assert float(found[(image, *index)]) == pytest.approx(expected, abs=1e-6)


@either_way
def test_the_curve_is_the_mean_over_all_pairs_of_a_distance(periodic: bool) -> None:
    x = speckle(1, 7, 6)
    curve = two_point(x, periodic=periodic)
    for r in range(len(curve.distance)):
        reached = range(-6, 7) if not periodic else range(-3, 4)
        lags = [(i, j) for i in reached for j in reached if round(math.hypot(i, j)) == r]
        if periodic:
            lags = list({(i % 7, j % 6): (i, j) for i, j in lags}.values())
        lags = [(i, j) for i, j in lags if periodic or (abs(i) < 7 and abs(j) < 6)]
        pairs = [42 if periodic else (7 - abs(i)) * (6 - abs(j)) for i, j in lags]
        values = [counted(x[0], x[0], lag, periodic) for lag in lags]
        total = sum(pairs)
        assert float(curve.values[0, r]) == pytest.approx(
            sum(n * s for n, s in zip(pairs, values, strict=True)) / total, abs=1e-6
        )
        lengths = [n * math.hypot(*lag) for n, lag in zip(pairs, lags, strict=True)]
        assert float(curve.distance[r]) == pytest.approx(sum(lengths) / total, abs=1e-6)


@either_way
def test_at_no_distance_it_is_the_volume_fraction(periodic: bool) -> None:
    x = speckle(3, 16, 16, share=0.3)
    assert torch.allclose(two_point(x, periodic=periodic).values[:, 0], fraction(x), atol=1e-6)


def test_phases_share_out_the_volume() -> None:
    images = torch.randint(3, (2, 8, 9))
    total = sum(two_point_map(images == a, images == b) for a in range(3) for b in range(3))
    assert torch.allclose(torch.as_tensor(total), torch.ones(2, 8, 9), atol=1e-5)


@pytest.mark.parametrize("phi", [0.5, 0.35])
def test_level_sets_of_gaussian_fields_have_theirs(phi: float) -> None:
    ell = 5.0
    x = gaussian(64, 128, ell) > above(phi)
    curve = two_point(x, bins=30)
    assert torch.allclose(
        curve.values.double().mean(0), gaussian_s2(curve.distance, ell, phi), atol=4 * 0.5 * ell / 128 / 8
    )
    lags = torch.arange(30)
    found = along(two_point_map(x), bins=30).double().mean((0, 1))
    assert torch.allclose(found, gaussian_s2(lags, ell, phi), atol=4 * 0.5 * ell / 128 / 8)


def test_boolean_discs_have_theirs() -> None:
    radius, density, side = 8.5, 0.004, 128
    x = boolean(64, side, radius, density)
    disc = grain(side, radius)
    expected = torch.stack([torch.exp(-density * (disc | disc.roll(r, 0)).double().sum()) for r in range(30)])
    found = along(two_point_map(x), bins=30).double().mean((0, 1))
    assert torch.allclose(found, expected, atol=0.01)
    lens = 2 * radius**2 * math.acos(3 / radius) - 3 * math.sqrt(4 * radius**2 - 36)
    assert float(expected[6]) == pytest.approx(math.exp(-density * (2 * math.pi * radius**2 - lens)), rel=0.02)


def test_periodic_images_may_be_rolled() -> None:
    x = speckle(2, 9, 10)
    assert torch.allclose(two_point_map(x), two_point_map(x.roll((3, 4), (1, 2))), atol=1e-6)


@either_way
def test_extruded_images_keep_their_lags(periodic: bool) -> None:
    x = speckle(2, 6, 7)
    flat, deep = two_point_map(x, periodic=periodic), two_point_map(extruded(x, 4), periodic=periodic)
    for layer in deep.unbind(1):
        assert torch.allclose(layer, flat, atol=1e-6)


@either_way
@pytest.mark.parametrize("sides", [(4, 5), (3, 2, 4)])
def test_it_carries_gradients(sides: tuple[int, ...], periodic: bool) -> None:
    x = torch.rand(2, *sides, dtype=torch.float64, requires_grad=True)
    y = torch.rand(2, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: two_point(a, periodic=periodic).values, x)
    assert torch.autograd.gradcheck(lambda a, b: two_point_map(a, b, periodic=periodic), (x, y))


def test_one_phase_has_gradients_too() -> None:
    x = torch.zeros(1, 4, 4, requires_grad=True)
    (slope,) = torch.autograd.grad(two_point(x).values.sum(), x)
    assert slope.isfinite().all()


def test_the_correlation_length_is_where_the_covariance_falls_to_its_eth_part() -> None:
    ell, phi = 6.0, 0.4
    r = torch.linspace(0, 20, 2001)
    exact = (gaussian_s2(r, ell, phi) - phi**2) / (phi - phi**2)
    crossing = float(r[int((exact < math.exp(-1)).double().argmax())])
    found = correlation_length(gaussian(32, 128, ell) > above(phi))
    assert float(found.mean()) == pytest.approx(crossing, rel=0.04)


def test_one_phase_has_no_correlation_length() -> None:
    x = torch.zeros(2, 8, 8)
    x[1] = 1
    assert correlation_length(x).isnan().all()


def test_a_correlation_that_does_not_fall_is_infinitely_long() -> None:
    halves = (torch.arange(32) < 16).expand(1, 32, 32)
    assert float(correlation_length(halves, bins=3)) == math.inf
    assert float(correlation_length(halves, bins=1)) == math.inf


@pytest.mark.parametrize(("periodic", "bins"), [(True, 6), (False, 9), (True, 0)])
def test_distances_that_images_do_not_have_are_refused(periodic: bool, bins: int) -> None:
    with pytest.raises(RequestError, match=f"bins={bins}: expected 1 to"):
        two_point(speckle(1, 8, 9), periodic=periodic, bins=bins)


def test_phases_of_different_images_are_refused() -> None:
    with pytest.raises(DataError, match="1x8x8 and 1x8x9"):
        two_point(speckle(1, 8, 8), speckle(1, 8, 9))
