"""What can be measured of an array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Property

__all__ = ["PROPERTIES", "Array"]

Array = NDArray[np.integer[Any]]


def filled(item: Array) -> float:
    """The share of entries that are not 0."""
    return float(np.count_nonzero(item) / item.size)


def changes(item: Array) -> float:
    """The share of neighbouring entries that differ, along all axes."""
    differ = [np.diff(item.astype(np.int64), axis=axis) != 0 for axis in range(item.ndim)]
    pairs = sum(d.size for d in differ)
    return float(sum(int(d.sum()) for d in differ) / max(pairs, 1))


PROPERTIES: dict[str, Property[Array]] = {
    "filled": Property(filled),
    "changes": Property(changes),
}
