"""Microstructures for finite-element codes and ParaView: one grid of cells, and an array of phases for each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sciencegen.core.files import atomic
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.errors import RequestError

__all__ = ["grid"]

Rows = Sequence[tuple[Microstructure, Mapping[str, Any]]]


def grid(rows: Rows, path: Path) -> None:
    """A VTK file (structured points, binary, version 3.0): a cell for each pixel or voxel, and for every image an array
    `image_1`, `image_2`, ... of its phases, or of its grey levels.

    The last axis of an image is x. Lengths are in the unit of the pixel size.
    """
    if not rows:
        raise RequestError(f"{path}: there are no images to write")
    first = rows[0][0]
    for item, _ in rows:
        if (item.shape, item.pixel_size) != (first.shape, first.pixel_size):
            raise RequestError(f"{path}: images of {item.shape} and {first.shape} pixels share no grid: write a folder")
    points = [side + 1 for side in reversed(first.shape)] + [1] * (3 - len(first.shape))
    size = f"{first.pixel_size:.10g}"
    lines = [
        "# vtk DataFile Version 3.0",
        f"{len(rows)} microstructures of {first.phases or 'grey'} phases, in {first.unit}"[:255],
        "BINARY",
        "DATASET STRUCTURED_POINTS",
        "DIMENSIONS " + " ".join(map(str, points)),
        "ORIGIN 0 0 0",
        f"SPACING {size} {size} {size}",
        f"CELL_DATA {first.pixels.size}",
        f"FIELD microstructures {len(rows)}",
    ]
    parts = ["\n".join(lines).encode() + b"\n"]
    for number, (item, _) in enumerate(rows, 1):
        head = f"image_{number} 1 {item.pixels.size} unsigned_char\n".encode()
        parts += [head, np.ascontiguousarray(item.pixels, np.uint8).tobytes(), b"\n"]
    with atomic(path) as temporary:
        temporary.write_bytes(b"".join(parts))
