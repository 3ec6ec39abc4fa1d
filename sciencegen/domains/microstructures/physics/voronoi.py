"""Polycrystals: the periodic Voronoi cells of seeds thrown at random.

A point belongs to the grain of its nearest seed. For `grains` seeds in a box of volume V the boundaries between cells
measure, for each volume, on average

    2 Gamma(g + 1) / Gamma(g + 1/2) / V^(1/2)                                             in the plane
    (8 pi / 3) (3 / (4 pi))^(2/3) Gamma(5/3) Gamma(g + 1) / Gamma(g + 2/3) / V^(1/3)      in space

which for many grains are the 2 lambda^(1/2) and 2.910 lambda^(1/3) of a Poisson process, and are right for any number
that leaves no empty ball as wide as the box.

Reference: J. L. Meijering, Interface area, edge length and number of vertices in crystal aggregates with random
nucleation, 1953.
"""

from __future__ import annotations

from itertools import product
from math import gamma, pi, prod

import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics.asked import Asked, asked_numbers, asked_wholes
from sciencegen.domains.microstructures.physics.labelled import Labelled, Progress, blank, streams
from sciencegen.errors import RequestError

__all__ = ["boundary_density", "cells", "polycrystals", "walls"]

_GRAINS = Interval(20, 60)
_TOGETHER = 2**19
"""Distances from pixels to seeds that are held together."""


def polycrystals(
    n: int,
    shape: tuple[int, ...],
    random: torch.Generator,
    *,
    grains: Asked = _GRAINS,
    phases: int = 4,
    width: Asked = 0.0,
    progress: Progress | None = None,
) -> Labelled:
    """Polycrystals (Voronoi): how many `grains`, of so many `phases`, between boundaries of a `width` in pixels.

    Every grain is of a phase drawn at random. With a `width` the boundaries are phase 0 and the grains 1, 2, ...
    """
    images, most = blank(n, shape), max(2, prod(shape) // 16)
    counts = asked_wholes("grains", grains, n, random, 2, most, "two, to one for every 16 pixels")
    widths = asked_numbers("width", width, n, random, 0.0, min(shape) / 4, "0, to a quarter of the smallest side")
    walled = bool((widths > 0).any())
    if walled and not bool((widths >= 1).all()):
        raise RequestError(f"width={width}: expected 1 pixel or more, or 0 for none in any image")
    if not (1 if walled else 2) <= phases <= 254:
        raise RequestError(f"phases={phases}: expected 2 to 254, or 1 of grains between boundaries of a width")
    seeds, own = streams(n, random), torch.Generator()
    for row, seed in enumerate(seeds):
        own.manual_seed(seed)
        points = torch.rand(int(counts[row]), len(shape), dtype=torch.float64, generator=own) * torch.tensor(shape)
        kinds = torch.randint(phases, (len(points),), dtype=torch.uint8, generator=own)
        nearest = cells(points, shape)
        images[row] = kinds[nearest]
        if walled:
            images[row] += 1
            images[row][walls(points, nearest, float(widths[row]))] = 0
        if progress is not None:
            progress(1)
    columns = {"grains": counts, "expected_boundary": boundary_density(counts, shape)}
    return Labelled(images, phases + walled, columns | ({"width": widths} if walled else {}))


def cells(points: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Which of the points [grains, dimensions] is nearest to each pixel, around the borders, [*shape]."""
    nearest = torch.zeros(shape, dtype=torch.long)
    best = torch.full(shape, float("inf"), dtype=torch.float64)
    first = 0
    for some in points.split(max(1, _TOGETHER // prod(shape))):
        squares = torch.zeros(len(some), *[1] * len(shape), dtype=torch.float64)
        for axis, side in enumerate(shape):
            apart = (torch.arange(side) - some[:, axis, None]).abs()  # [grains, side]
            across = [len(some), *(side if one == axis else 1 for one in range(len(shape)))]
            squares = squares + torch.minimum(apart, side - apart).square().reshape(across)
        least, which = squares.min(0)
        nearer = least < best
        best, nearest = torch.where(nearer, least, best), torch.where(nearer, which + first, nearest)
        first += len(some)
    return nearest


def boundary_density(grains: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The expected length of the boundaries between cells for each area, or their area for each volume, in 1/pixels."""
    g, volume = grains.to(torch.float64), prod(shape)
    if len(shape) == 2:
        factor, power = 2.0, 1 / 2
    else:
        factor, power = 8 * pi / 3 * (3 / (4 * pi)) ** (2 / 3) * gamma(5 / 3), 1 / 3
    # Gamma(g + 1) / Gamma(g + 1 - power) grows as g^power
    density: Tensor = factor * torch.exp(torch.lgamma(g + 1) - torch.lgamma(g + 1 - power)) / volume**power
    return density


def walls(points: Tensor, nearest: Tensor, width: float) -> Tensor:
    """Whether a pixel is within half a width of the wall of its cell, [*shape], given the point it is nearest to.

    Walls lie halfway to the other points and to their copies around the borders, the cell's own point among these.
    """
    shape, grain = tuple(nearest.shape), nearest.flatten()
    sides = torch.tensor(shape, dtype=torch.float64)
    x = torch.cartesian_prod(*(torch.arange(side, dtype=torch.float64) for side in shape)) - points[grain]
    x -= (x / sides).round() * sides
    away = x.norm(dim=1)
    radii = torch.zeros(len(points), dtype=torch.float64).scatter_reduce(0, grain, away, "amax")
    shifts = torch.tensor(list(product((-1, 0, 1), repeat=len(shape))), dtype=torch.float64) * sides
    copies = (points[:, None] + shifts).reshape(-1, len(shape))
    inside = torch.zeros(len(x), dtype=torch.bool)
    first = 0
    for some in points.split(max(1, _TOGETHER // len(copies))):
        own = ((grain >= first) & (grain < first + len(some))).nonzero().flatten()
        halves, normals = _facing(some, copies, 2 * radii[first : first + len(some)] + width)
        for half, normal in zip(halves.T, normals.movedim(1, 0), strict=True):
            which = grain[own] - first
            within = half[which] - (x[own] * normal[which]).sum(1) <= width / 2
            inside[own[within]] = True
            own = own[~within & (half[which] <= away[own] + width / 2)]  # the walls that follow are farther still
        first += len(some)
    return inside.reshape(shape)


def _facing(points: Tensor, copies: Tensor, reaches: Tensor) -> tuple[Tensor, Tensor]:
    """How far the walls of points are from them, nearest first, [points, walls], and which way, [..., dimensions].

    Of copies beyond its reach a point has no wall that matters: no pixel of its cell comes near. What is not filled is
    infinitely far.
    """
    between = copies - points[:, None]
    spans = between.norm(dim=2)
    spans = spans.masked_fill((spans == 0) | (spans > reaches[:, None]), float("inf"))
    order = spans.argsort(1)[:, : int(spans.isfinite().sum(1).max())]
    nearby = spans.gather(1, order)
    return nearby / 2, between.gather(1, order[..., None].expand(-1, -1, copies.shape[1])) / nearby[..., None]
