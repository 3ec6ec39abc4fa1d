"""How much surface a phase has."""

from __future__ import annotations

from itertools import product
from math import pi, sqrt

from torch import Tensor

from sciencegen.domains.microstructures.descriptors.indicator import pairs, soft

__all__ = ["specific_surface"]

_CROFTON = {2: pi / 2, 3: 2.0}
"""Surface per volume over crossings per length of a line."""
_WEIGHTS = {2: (1 / 4, 1 / 4), 3: (0.0915557824, 0.0739612558, 0.0703912796)}
"""The share of all directions that are nearest to one along an axis, a diagonal of a face, a diagonal of a cube."""


def specific_surface(x: Tensor, *, periodic: bool = True) -> Tensor:
    """The length of the border of the phase per area, or the area of its surface per volume, [n], per pixel.

    The formula of Cauchy and Crofton: lines in all directions cross the border pi/2 times less often per length than
    there is border per area (2 times, in three dimensions). Lines run along the axes and all diagonals, 4 or 13
    directions, weighted by the share of directions nearest to each (Efficient N-dimensional surface estimation using
    Crofton formula and run-length encoding; Lehmann, Legland; 2012). A straight border is measured within -5.2 % and
    +2.6 % whatever way it runs, a plane within -7.3 % and +2.3 %; along the axes alone these were -21 % and +11 %,
    -33 % and +15 %. Per pair of neighbours in the image, whose own border is none. It carries gradients: what counts is
    by how much neighbours differ.
    """
    x = soft(x)
    dimensions = x.ndim - 1
    crossings = x.new_zeros(len(x))
    for step in product((-1, 0, 1), repeat=dimensions):
        if step > (0,) * dimensions:
            here, there = pairs(x, step, periodic)
            squared = sum(map(abs, step))
            weight = _WEIGHTS[dimensions][squared - 1] / sqrt(squared)
            crossings = crossings + weight * (here - there).abs().flatten(1).mean(1)
    return _CROFTON[dimensions] * crossings
