"""Grids for finite-element codes hold every pixel, in the order VTK has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.vtk import grid
from sciencegen.errors import RequestError


def made(*sides: int, size: float = 0.5) -> Microstructure:
    return Microstructure(np.random.default_rng(len(sides)).integers(0, 2, sides).astype(np.uint8), 2, size, "um")


@pytest.mark.parametrize("sides", [(5, 7), (4, 5, 6)])
def test_what_was_written_is_read_again_by_the_rules_of_vtk(sides: tuple[int, ...], tmp_path: Path) -> None:
    items = [made(*sides), made(*sides)]
    grid([(item, {}) for item in items], tmp_path / "a.vtk")
    raw = (tmp_path / "a.vtk").read_bytes()
    assert raw.startswith(
        b"# vtk DataFile Version 3.0\n2 microstructures of 2 phases, in um\nBINARY\nDATASET STRUCTURED_"
    )
    points = [side + 1 for side in reversed(sides)] + [1] * (3 - len(sides))
    assert f"DIMENSIONS {points[0]} {points[1]} {points[2]}\n".encode() in raw
    assert b"SPACING 0.5 0.5 0.5\n" in raw
    cells = items[0].pixels.size
    assert np.prod([max(point - 1, 1) for point in points]) == cells
    for number, item in enumerate(items, 1):
        head = f"image_{number} 1 {cells} unsigned_char\n".encode()
        begins = raw.index(head) + len(head)
        assert np.array_equal(np.frombuffer(raw[begins : begins + cells], np.uint8).reshape(sides), item.pixels)


def test_images_of_several_sizes_share_no_grid(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="share no grid"):
        grid([(made(5, 7), {}), (made(5, 8), {})], tmp_path / "a.vtk")
    with pytest.raises(RequestError, match="no images"):
        grid([], tmp_path / "a.vtk")
    assert not list(tmp_path.iterdir())
