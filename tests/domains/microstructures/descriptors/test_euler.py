"""Euler numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors import euler_number, labels
from tests.domains.microstructures.descriptors.fields import above, ball, extruded, gaussian, speckle

either_way = pytest.mark.parametrize("periodic", [True, False])
any_neighbours = pytest.mark.parametrize("corners", [True, False])


def frame(side: int, dimensions: int) -> Tensor:
    """A filled cube from which a smaller one is cut out."""
    x = torch.zeros(1, *[side] * dimensions, dtype=torch.bool)
    x[(slice(None), *[slice(1, -1)] * dimensions)] = True
    x[(slice(None), *[slice(2, -2)] * dimensions)] = False
    return x


def torus() -> Tensor:
    """A ring in space."""
    x = torch.zeros(1, 5, 8, 8, dtype=torch.bool)
    x[:, 2] = frame(8, 2)
    return x


@either_way
@any_neighbours
def test_known_shapes_have_theirs(corners: bool, periodic: bool) -> None:
    def number(x: Tensor) -> int:
        return int(euler_number(x, corners=corners, periodic=periodic))

    assert number(ball(9, 3, 2, 4)) == 1
    assert number(ball(9, 3, 3, 4)) == 1
    assert number(frame(8, 2)) == 0
    assert number(frame(8, 3)) == 2
    assert number(torus()) == 0
    holes = torch.ones(1, 9, 9, dtype=torch.bool)
    holes[:, [0, -1]] = False
    holes[:, :, [0, -1]] = False
    holes[:, [2, 2, 6], [2, 6, 4]] = False
    assert number(holes) == 1 - 3
    assert number(torch.zeros(1, 4, 4)) == 0


def test_corners_connect_or_do_not() -> None:
    diagonal = torch.eye(4)[None]
    assert int(euler_number(diagonal, corners=True, periodic=False)) == 1
    assert int(euler_number(diagonal, corners=False, periodic=False)) == 4
    cubes = torch.zeros(1, 4, 4, 4)
    cubes[0, 1, 1, 1] = cubes[0, 2, 2, 2] = 1
    assert int(euler_number(cubes, corners=True)) == 1
    assert int(euler_number(cubes, corners=False)) == 2


def test_what_fills_a_torus_has_its_number() -> None:
    whole = torch.ones(1, 5, 6)
    assert int(euler_number(whole)) == 0
    assert int(euler_number(whole, corners=True)) == 0
    assert int(euler_number(whole, periodic=False)) == 1
    assert int(euler_number(torch.ones(1, 3, 3, 3), corners=True)) == 0


@either_way
@any_neighbours
def test_in_an_image_it_is_clusters_less_holes(corners: bool, periodic: bool) -> None:
    x = torch.nn.functional.pad(speckle(20, 8, 9), (1, 1, 1, 1))
    clusters = labels(x, corners=corners, periodic=periodic).flatten(1).amax(1)
    outside = labels(~x, corners=not corners, periodic=periodic).flatten(1).amax(1)
    assert (euler_number(x, corners=corners, periodic=periodic) == clusters - (outside - 1)).all()


def test_on_a_torus_the_rest_has_the_same_number_but_for_its_sign() -> None:
    flat, deep = speckle(9, 7, 8), speckle(9, 5, 6, 7)
    assert (euler_number(flat, corners=True) == -euler_number(~flat)).all()
    assert (euler_number(deep, corners=True) == euler_number(~deep)).all()


@any_neighbours
def test_extruded_images_keep_theirs(corners: bool) -> None:
    x = speckle(5, 8, 8)
    flat, deep = (euler_number(one, corners=corners, periodic=False) for one in (x, extruded(x, 3)))
    assert (flat == deep).all()


def test_level_sets_of_gaussian_fields_have_theirs() -> None:
    ell, phi = 4.0, 0.25
    a = above(phi)
    found = euler_number(gaussian(64, 128, ell) > a).double().mean() / 128**2
    expected = a * math.exp(-(a**2) / 2) / ((2 * math.pi) ** 1.5 * ell**2)
    assert float(found) == pytest.approx(expected, rel=0.05)


@any_neighbours
def test_periodic_images_may_be_rolled(corners: bool) -> None:
    x = speckle(4, 6, 7, 5)
    rolled = x.roll((1, 2, 3), (1, 2, 3))
    assert (euler_number(x, corners=corners) == euler_number(rolled, corners=corners)).all()
