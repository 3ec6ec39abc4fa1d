"""One image by itself, read as those of a set were that a model learned from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.domains.microstructures.files import ARRAYS, IMAGES, loaded
from sciencegen.domains.microstructures.item import GREY, Microstructure
from sciencegen.domains.microstructures.segmenting import distinct, labelled
from sciencegen.domains.microstructures.stacks import stacked
from sciencegen.errors import DataError

__all__ = ["single"]

_NAMED = 6


def single(path: Path, kind: Mapping[str, Any]) -> Microstructure:
    """The image a file holds alone; `kind` is the state of what represents it: its phases, its pixel size, its edges.

    A set shows which values there are, and so which phase each of them is. An image alone does not: its pixels are the
    numbers of phases, or the grey levels that phases are written as, or as many values as there are phases.
    """
    phases = kind["phases"]
    if path.suffix.lower() == ".npz":
        stack = stacked(path)
        if len(stack.x) != 1:
            raise DataError(f"{path}: holds {len(stack.x):,} images: expected a file with one")
        pixels = stack.x[0]
    elif path.suffix.lower() in (*IMAGES, *ARRAYS):
        pixels = loaded(path).pixels
    else:
        raise DataError(f"{path}: expected an image, a file ending in {', '.join((*IMAGES, *ARRAYS))}")
    read = _grey(path, pixels) if phases == GREY else _of_phases(path, pixels, phases)
    return Microstructure(read, phases, kind["pixel_size"], kind["unit"], kind["periodic"])


def _grey(path: Path, pixels: NDArray[Any]) -> NDArray[np.uint8]:
    top = int(pixels.max())
    if top > 255:
        raise DataError(f"{path}: has grey levels up to {top}: expected 0 to 255; make it an image of 8 bits")
    return pixels.astype(np.uint8)


def _of_phases(path: Path, pixels: NDArray[Any], phases: int) -> NDArray[np.uint8]:
    if int(pixels.max()) < phases:
        return pixels.astype(np.uint8)
    written = np.rint(np.arange(phases) * (255 / (phases - 1))).astype(int).tolist()
    values = distinct([pixels])
    if values is not None and set(values) <= set(written):
        return labelled(pixels, written)
    if values is not None and len(values) == phases:
        return labelled(pixels, values)
    some = "many grey levels" if values is None else f"the values {', '.join(map(str, values[:_NAMED]))}"
    levels = ", ".join(map(str, written))
    wanted = f"expected {phases} phases, numbered from 0 to {phases - 1} or as the grey levels {levels}"
    raise DataError(f"{path}: has pixels of {some}: {wanted}")
