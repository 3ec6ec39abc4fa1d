"""Clusters, percolation, and the two-point cluster function."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors import (
    labels,
    largest_share,
    percolates,
    percolating,
    two_point_cluster,
    two_point_cluster_map,
    two_point_map,
)
from tests.domains.microstructures.descriptors.fields import extruded, places, speckle

either_way = pytest.mark.parametrize("periodic", [True, False])
any_neighbours = pytest.mark.parametrize("corners", [True, False])
every_shape = pytest.mark.parametrize("sides", [(6, 7), (1, 4), (2, 3), (3, 4, 3)])
every_share = pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 1.0])


def walked(x: Tensor, corners: bool, periodic: bool) -> tuple[Tensor, list[bool]]:
    """The clusters of an image and whether one percolates along each axis, by walking from pixel to pixel.

    On a torus the walk remembers where it is in the plane: who comes back to a pixel somewhere else went around.
    """
    sides = tuple(x.shape)
    steps = [tuple(p - 1 for p in place) for place in places((3,) * len(sides))]
    steps = [step for step in steps if any(step) and (corners or sum(map(abs, step)) == 1)]
    label, reached = torch.zeros(sides, dtype=torch.long), [False] * len(sides)
    for first in places(sides):
        if not x[first] or label[first]:
            continue
        label[first] = int(label.max()) + 1
        met, ahead = {first: first}, [first]
        while ahead:
            here = ahead.pop()
            for step in steps:
                there = tuple(p + one for p, one in zip(met[here], step, strict=True))
                place = tuple(p % side for p, side in zip(there, sides, strict=True))
                if not x[place] or not (periodic or place == there):
                    continue
                if place not in met:
                    label[place], met[place] = label[first], there
                    ahead.append(place)
                around = [periodic and a != b for a, b in zip(met[place], there, strict=True)]
                reached = [a or b for a, b in zip(reached, around, strict=True)]
        if not periodic:
            spans = [{0, side - 1} <= {place[axis] for place in met} for axis, side in enumerate(sides)]
            reached = [a or b for a, b in zip(reached, spans, strict=True)]
    return label, reached


@either_way
@any_neighbours
@every_shape
@every_share
def test_clusters_are_what_can_be_walked(sides: tuple[int, ...], share: float, corners: bool, periodic: bool) -> None:
    x = speckle(8, *sides, share=share)
    label = labels(x, corners=corners, periodic=periodic)
    reached = percolates(x, corners=corners, periodic=periodic)
    for image in range(len(x)):
        expected, around = walked(x[image], corners, periodic)
        assert torch.equal(label[image], expected)
        assert reached[image].tolist() == around


def test_a_spiral_is_one_cluster() -> None:
    x = torch.ones(1, 33, 33, dtype=torch.bool)
    for ring in range(1, 15, 2):
        x[:, ring, ring:-ring] = x[:, -ring - 1, ring:-ring] = False
        x[:, ring:-ring, ring] = x[:, ring:-ring, -ring - 1] = False
        x[:, ring + 1, ring] = True
    assert int(labels(x, periodic=False).max()) == 1
    assert float(largest_share(x, periodic=False)) == 1


def test_the_largest_cluster_has_its_share() -> None:
    x = torch.zeros(2, 6, 6)
    x[0, 0, :3] = x[0, 3, 3] = 1
    assert float(largest_share(x)[0]) == 0.75
    assert largest_share(x)[1].isnan()


def test_a_cluster_that_crosses_the_border_and_comes_back_does_not_percolate() -> None:
    x = torch.zeros(1, 8, 8)
    x[:, :, 3] = 1
    assert percolates(x).tolist() == [[True, False]]
    x[:, 4, 3] = 0
    x[:, 3, 3:6] = x[:, 5, 3:6] = 1
    assert percolates(x).tolist() == [[False, False]]
    assert percolates(x[:, :, [3]]).tolist() == [[False, True]]


def test_a_helix_that_goes_around_twice_percolates_both_ways() -> None:
    x = torch.zeros(1, 8, 16)
    for i in range(16):
        x[:, i % 8, i] = x[:, i % 8, (i + 1) % 16] = 1
    assert int(labels(x).max()) == 1
    assert percolates(x).tolist() == [[True, True]]


@any_neighbours
def test_only_the_clusters_that_percolate_are_marked(corners: bool) -> None:
    x = torch.zeros(1, 6, 8)
    x[:, 2] = x[:, 4, 4] = 1
    found = percolating(x, corners=corners, periodic=False)
    assert not found[:, 0].any()
    assert torch.equal(found[:, 1], (x > 0) & (torch.arange(6) == 2)[:, None])


@either_way
@any_neighbours
def test_rolled_and_extruded_images_keep_their_clusters(corners: bool, periodic: bool) -> None:
    x = speckle(6, 10, 9)
    count = labels(x, corners=corners, periodic=periodic).flatten(1).amax(1)
    assert torch.equal(labels(extruded(x, 3), corners=corners, periodic=periodic).flatten(1).amax(1), count)
    along = percolates(extruded(x, 3), corners=corners, periodic=periodic)
    assert torch.equal(along[:, 1:], percolates(x, corners=corners, periodic=periodic))
    if periodic:
        rolled = x.roll((3, 4), (1, 2))
        assert torch.equal(labels(rolled, corners=corners).flatten(1).amax(1), count)
        assert torch.equal(percolates(rolled, corners=corners), percolates(x, corners=corners))


def test_an_image_without_the_phase_has_no_clusters() -> None:
    x = torch.zeros(2, 4, 5)
    assert not labels(x).any()
    assert not percolates(x).any()


@either_way
@pytest.mark.parametrize("sides", [(5, 6), (3, 4, 2)])
def test_pairs_within_a_cluster_are_counted(sides: tuple[int, ...], periodic: bool) -> None:
    x = speckle(3, *sides)
    number = labels(x, periodic=periodic)
    found = two_point_cluster_map(x, periodic=periodic)
    expected = torch.zeros_like(found)
    for cluster in range(1, int(number.max()) + 1):
        expected += two_point_map(number == cluster, periodic=periodic)
    assert torch.allclose(found, expected, atol=1e-6)


def test_one_cluster_has_the_two_point_function_of_its_phase() -> None:
    x = torch.zeros(1, 16, 16)
    x[:, 2:9, 3:12] = 1
    assert torch.allclose(two_point_cluster_map(x), two_point_map(x), atol=1e-6)
    curve = two_point_cluster(torch.stack((x[0], 1 - x[0])), periodic=False)
    assert curve.values.shape == (2, 9)


def test_unconnected_pixels_have_none_but_at_no_distance() -> None:
    x = torch.zeros(1, 8, 8)
    x[:, ::2, ::2] = 1
    found = two_point_cluster(x).values[0]
    assert found.tolist() == pytest.approx([0.25, 0, 0, 0, 0], abs=1e-6)
