"""Slices of volumes beside images."""

from __future__ import annotations

import numpy as np
import pytest

from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.sections import sections
from sciencegen.errors import RequestError


def volume(periodic: bool = True) -> Microstructure:
    return Microstructure(np.random.default_rng(0).integers(0, 2, (8, 8, 8), dtype=np.uint8), 2, 0.5, "um", periodic)


def image(side: int, periodic: bool = True) -> Microstructure:
    return Microstructure(np.eye(side, dtype=np.uint8), periodic=periodic)


def test_volumes_are_cut_across_all_axes() -> None:
    one = volume()
    found = sections([one], image(8))
    assert len(found) == 12
    assert np.array_equal(found[0].pixels, one.pixels[0])
    assert np.array_equal(found[5].pixels, one.pixels[:, 2])
    assert np.array_equal(found[11].pixels, one.pixels[:, :, 6])
    assert {(part.pixel_size, part.unit, part.periodic) for part in found} == {(0.5, "um", True)}


def test_slices_are_as_large_as_the_image_and_end_where_it_ends() -> None:
    assert {(part.shape, part.periodic) for part in sections([volume()], image(5))} == {((5, 5), False)}
    assert {part.periodic for part in sections([volume()], image(8, periodic=False))} == {False}


def test_like_is_compared_with_like() -> None:
    images, volumes = [image(8)], [volume()]
    assert sections(images, image(4)) is images
    assert sections(volumes, volume()) is volumes


def test_what_shows_one_phase_is_left_out() -> None:
    x = np.zeros((8, 8, 8), np.uint8)
    x[0, 0, 0] = 1
    assert len(sections([Microstructure(x)], image(8))) == 3
    x[0, 0, 0], x[1, 1, 1] = 0, 1
    with pytest.raises(RequestError, match="all 12 slices of these volumes show one phase alone"):
        sections([Microstructure(x)], image(8))


def test_small_volumes_hold_no_large_slices() -> None:
    with pytest.raises(
        RequestError, match="volumes of 8x8x8 hold no slices of 9x9: draw larger ones with --set size=9"
    ):
        sections([volume()], image(9))
