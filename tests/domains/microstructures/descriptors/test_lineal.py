"""Lineal path and chords."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors import chords, fraction, lineal_path, lineal_path_along
from sciencegen.errors import DataError
from tests.domains.microstructures.descriptors.fields import boolean, extruded, places, speckle

either_way = pytest.mark.parametrize("periodic", [True, False])
every_shape = pytest.mark.parametrize("sides", [(5, 5), (4, 7), (1, 6), (3, 4, 5)])


def segments(x: Tensor, axis: int, length: int, periodic: bool) -> float:
    """How often a segment lies in the phase, by looking at each."""
    found = []
    for place in places(tuple(x.shape)):
        reached = range(place[axis], place[axis] + length + 1)
        if periodic or reached[-1] < x.shape[axis]:
            steps = [(*place[:axis], i % x.shape[axis], *place[axis + 1 :]) for i in reached]
            found.append(all(bool(x[step]) for step in steps))
    return sum(found) / len(found)


@either_way
@every_shape
@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_every_segment_is_counted(sides: tuple[int, ...], share: float, periodic: bool) -> None:
    x = speckle(2, *sides, share=share)
    found = lineal_path_along(x, periodic=periodic)
    for image in range(2):
        for axis in range(len(sides)):
            expected = [segments(x[image], axis, r, periodic) for r in range(found.shape[2])]
            assert found[image, axis].tolist() == pytest.approx(expected, abs=1e-6)


def test_boolean_discs_leave_straight_paths_of_known_length() -> None:
    radius, density = 8.5, 0.004
    x = boolean(64, 128, radius, density)
    phi = float(fraction(x).double().mean())
    curve = lineal_path(x, bins=30)
    expected = phi ** (1 + 2 * curve.distance.double() / (math.pi * radius))
    assert torch.allclose(curve.values.double().mean(0), expected, atol=0.01)


def test_chords_lie_between_two_ends() -> None:
    x = torch.tensor([[[1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1]]])
    assert chords(x, periodic=False).counts[0, 1].tolist() == [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert chords(x, periodic=True).counts[0, 1].tolist() == [0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]


@every_shape
def test_chords_fill_the_phase_but_for_lines_without_an_end(sides: tuple[int, ...]) -> None:
    x = speckle(4, *sides, share=0.7)
    counts = chords(x).counts
    lengths = torch.arange(counts.shape[2])
    for axis in range(len(sides)):
        endless = x.all(axis + 1, keepdim=True).expand_as(x)
        assert ((counts[:, axis] * lengths).sum(1) == (x & ~endless).flatten(1).sum(1)).all()


def test_the_mean_chord_is_the_slope_of_the_lineal_path() -> None:
    x = speckle(4, 40, 40, share=0.6)
    path = lineal_path_along(x)
    assert torch.allclose(chords(x).mean, path[..., 0] / (path[..., 0] - path[..., 1]), rtol=1e-4)


def test_chords_of_unconnected_pixels_are_geometric() -> None:
    found = chords(speckle(16, 128, 128, share=0.6)).distribution.double().mean(0)[1:8]
    assert torch.allclose(found, 0.4 * 0.6 ** torch.arange(7).double(), atol=0.005)


def test_without_chords_there_is_no_mean() -> None:
    x = torch.zeros(1, 4, 4)
    assert chords(x).mean.isnan().all()
    assert chords(x).distribution.isnan().all()
    assert chords(x + 1).mean.isnan().all()


def test_periodic_images_may_be_rolled() -> None:
    x = speckle(3, 8, 9, share=0.7)
    rolled = x.roll((3, 4), (1, 2))
    assert (chords(x).counts == chords(rolled).counts).all()
    assert torch.equal(lineal_path_along(x), lineal_path_along(rolled))


@either_way
def test_extruded_images_keep_their_paths(periodic: bool) -> None:
    x = speckle(2, 8, 8, share=0.7)
    flat, deep = (lineal_path_along(one, periodic=periodic, bins=4) for one in (x, extruded(x, 7)))
    assert torch.allclose(deep[:, 1:], flat)
    assert torch.allclose(deep[:, 0], fraction(x)[:, None].expand(2, 4))


def test_pixels_are_in_the_phase_by_more_than_half() -> None:
    x = torch.rand(2, 8, 8)
    assert torch.equal(lineal_path_along(x), lineal_path_along(x > 0.5))
    x[1, 2, 3] = math.nan
    with pytest.raises(DataError, match="image 1"):
        chords(x)
