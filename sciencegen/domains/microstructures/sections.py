"""Slices of volumes, to be set beside images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sciencegen.domains.microstructures.item import GREY, Microstructure
from sciencegen.errors import RequestError

__all__ = ["sections"]

_EACH = 4


def sections(items: Sequence[Microstructure], like: Microstructure) -> Sequence[Microstructure]:
    """Slices of every volume across each of its axes, evenly apart and as large as the image `like`; where items are
    images, or `like` is a volume, the items themselves.

    Slices that show one phase alone are left out, as they are of images that are read.
    """
    if items[0].pixels.ndim != 3 or like.pixels.ndim != 2:
        return items
    found = [one for item in items for one in _cut(item, like)]
    seen = [one for one in found if one.phases == GREY or one.pixels.min() < one.pixels.max()]
    if not seen:
        raise RequestError(f"all {len(found)} slices of these volumes show one phase alone: none can be compared")
    return seen


def _cut(volume: Microstructure, like: Microstructure) -> list[Microstructure]:
    if min(volume.shape) < max(like.shape):
        size, wanted = ("x".join(map(str, one.shape)) for one in (volume, like))
        raise RequestError(
            f"volumes of {size} hold no slices of {wanted}: draw larger ones with --set size={max(like.shape)}"
        )
    slices = []
    for axis, side in enumerate(volume.shape):
        for number in range(min(_EACH, side)):
            plane = np.moveaxis(volume.pixels, axis, 0)[number * side // _EACH, : like.shape[0], : like.shape[1]]
            whole = plane.size * side == volume.pixels.size
            kind = replace(volume, pixels=np.ascontiguousarray(plane))
            slices.append(replace(kind, periodic=volume.periodic and like.periodic and whole))
    return slices
