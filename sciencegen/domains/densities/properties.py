"""What can be measured of a point."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sciencegen.core.domain import Property
from sciencegen.core.target import Measure, Target

__all__ = ["PROPERTIES", "Point", "measures_of", "properties_of"]


@dataclass(frozen=True, eq=False)
class Point:
    """A row of a table of numbers."""

    names: tuple[str, ...]
    values: NDArray[np.float64]


def radius(item: Point) -> float:
    """The distance from the origin."""
    return math.hypot(*item.values.tolist())


PROPERTIES: dict[str, Property[Point]] = {"radius": Property(radius)}


def measures_of(target: Target) -> dict[str, Measure]:
    """What can be measured of points of a target, many at once: their energy, and its observables."""
    return {"energy": target.energy, **target.observables}


def properties_of(target: Target) -> dict[str, Property[Point]]:
    """The same of one point."""

    def measured(measure: Measure) -> Callable[[Point], float]:
        return lambda item: float(measure(torch.from_numpy(item.values)[None])[0])

    units = {"energy": target.unit}
    return {name: Property(measured(one), units.get(name, "")) for name, one in measures_of(target).items()}
