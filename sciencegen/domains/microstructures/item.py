"""Microstructures: images and volumes of materials."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

__all__ = ["GREY", "LEAST", "MOST_PHASES", "Microstructure", "from_text", "to_text"]

GREY = 0
"""The number of phases of an image whose pixels are grey levels."""
MOST_PHASES = 16
LEAST = 4
"""How many pixels a side has at least."""


@dataclass(frozen=True, eq=False)
class Microstructure:
    """An image or a volume of a material: in every pixel the number of a phase, or a grey level from 0 to 255.

    `pixel_size` is the length of an edge of a pixel in `unit`; what is `periodic` goes on beyond each border at the
    opposite one.
    """

    pixels: NDArray[np.uint8]  # [h, w] or [d, h, w]
    phases: int = 2
    pixel_size: float = 1.0
    unit: str = "px"
    periodic: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """How many pixels along every axis."""
        return self.pixels.shape

    @cached_property
    def digest(self) -> str:
        """A short name that says nothing, and is the same for equal images."""
        return hashlib.sha256(to_text(self).encode()).hexdigest()[:12]


def to_text(item: Microstructure) -> str:
    """A line of text: sizes, phases, pixel size, unit, whether it is periodic, and the packed pixels."""
    sizes = "x".join(map(str, item.shape))
    packed = base64.b85encode(zlib.compress(np.ascontiguousarray(item.pixels).tobytes(), 9)).decode("ascii")
    return f"{sizes} {item.phases} {item.pixel_size!r} {item.unit} {'periodic' if item.periodic else 'cut'} {packed}"


def from_text(text: str) -> Microstructure | None:
    """The image of such a line, or None."""
    try:
        sizes, phases, size, unit, edges, packed = text.split()
        shape = tuple(int(one) for one in sizes.split("x"))
        unpacked = zlib.decompressobj()
        raw = unpacked.decompress(base64.b85decode(packed), prod(shape) + 1)
        known = Microstructure(
            np.frombuffer(raw, np.uint8).reshape(shape), int(phases), float(size), unit, edges == "periodic"
        )
    except (ValueError, zlib.error, OverflowError):
        return None
    highest = int(known.pixels.max()) if known.pixels.size else 0
    whole = len(shape) in (2, 3) and min(shape) >= LEAST and edges in ("periodic", "cut")
    in_range = known.phases == GREY or (2 <= known.phases <= MOST_PHASES and highest < known.phases)
    return known if whole and in_range and 0 < known.pixel_size < float("inf") else None
