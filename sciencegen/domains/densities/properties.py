"""What can be measured of a point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Property

__all__ = ["PROPERTIES", "Point"]


@dataclass(frozen=True, eq=False)
class Point:
    """A row of a table of numbers."""

    names: tuple[str, ...]
    values: NDArray[np.float64]


def radius(item: Point) -> float:
    """The distance from the origin."""
    return math.hypot(*item.values.tolist())


PROPERTIES: dict[str, Property[Point]] = {"radius": Property(radius)}
