"""The Euler number of a phase."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor
from torch.nn.functional import pad

from sciencegen.domains.microstructures.descriptors.indicator import hard, pairs, unit

__all__ = ["euler_number"]


def euler_number(x: Tensor, *, corners: bool = False, periodic: bool = True) -> Tensor:
    """The Euler number of the phase, [n]: clusters less holes in an image; clusters less tunnels plus cavities in a
    volume.

    `corners`: pixels that share no more than a corner, or an edge of two cubes, are connected (8 and 26 neighbours);
    else only those that share a side (4 and 6). It is the alternating sum of how many cells of each dimension there
    are: without corners the cells are single pixels, pairs, blocks of 2x2 and of 2x2x2 in the phase; with corners they
    are the pixels themselves, their sides, edges and corners. Periodic images lie on a torus, whose own number is 0;
    outside of those that end there is none of the phase.
    """
    x = hard(x)
    dimensions = x.ndim - 1
    if corners and not periodic:
        x = pad(x, (1, 1) * dimensions)
    blocks = [(0, ~x if corners else x)]  # 2 pixels long along so many axes, and all of their pixels outside, or inside
    for axis in range(dimensions):
        step = unit(axis, dimensions)
        blocks += [(span + 1, torch.logical_and(*pairs(block, step, periodic))) for span, block in blocks]
    number = torch.zeros(len(x), dtype=torch.long, device=x.device)
    for span, block in blocks:
        alike = block.flatten(1).sum(1)
        if corners:
            number += (-1) ** (dimensions - span) * (prod(block.shape[1:]) - alike)
        else:
            number += (-1) ** span * alike
    return number
