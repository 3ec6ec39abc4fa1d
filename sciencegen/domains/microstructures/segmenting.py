"""From whole numbers to phases: which values there are, and where grey levels are best parted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.domains.microstructures.item import MOST_PHASES

__all__ = ["distinct", "graded", "labelled", "parted", "thresholds"]

_BINS = 64
"""Grey levels are parted between so many bins."""


def distinct(images: Sequence[NDArray[Any]]) -> list[int] | None:
    """The values of all pixels, in order; None where they are too many for phases."""
    found: set[int] = set()
    for image in images:
        found.update(np.unique(image).tolist())
        if len(found) > MOST_PHASES:
            return None
    return sorted(found)


def labelled(image: NDArray[Any], values: Sequence[int]) -> NDArray[np.uint8]:
    """The numbers of phases: where each value stands among all of them."""
    return np.searchsorted(np.array(values), image).astype(np.uint8)


def graded(image: NDArray[Any], top: int) -> NDArray[np.uint8]:
    """Grey levels from 0 to 255, where `top` is the brightest there is."""
    return image.astype(np.uint8) if top <= 255 else np.rint(image * (255 / top)).astype(np.uint8)


def thresholds(images: Sequence[NDArray[np.uint8]], phases: int) -> list[int]:
    """The grey levels from which on the second and further phases begin.

    They part the levels of all images into classes that differ most (A Threshold Selection Method from Gray-Level
    Histograms; Otsu; 1979), looked for in a coarse histogram where there are more than two.
    """
    counts = sum((np.bincount(image.ravel(), minlength=256) for image in images), np.zeros(256, dtype=np.int64))
    step = 1 if phases == 2 else 256 // _BINS
    coarse = counts.reshape(-1, step).sum(1).astype(np.float64)
    levels = (counts * np.arange(256)).reshape(-1, step).sum(1).astype(np.float64)
    weight, moment = (np.concatenate(([0.0], np.cumsum(one))) for one in (coarse, levels))
    best, found = -1.0, (len(coarse) // 2,) * (phases - 1)
    for cuts in combinations(range(1, len(coarse)), phases - 1):
        edges = np.array((0, *cuts, len(coarse)))
        mass = np.diff(weight[edges])
        if mass.min() > 0:
            apart = float((np.diff(moment[edges]) ** 2 / mass).sum())
            best, found = (apart, cuts) if apart > best else (best, found)
    return [cut * step for cut in found]


def parted(image: NDArray[np.uint8], cuts: Sequence[int]) -> NDArray[np.uint8]:
    """The numbers of phases of grey levels."""
    return np.digitize(image, np.array(cuts)).astype(np.uint8)
