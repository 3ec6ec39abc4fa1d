"""Discs and spheres that overlap: the Boolean model, whose statistics are known in closed form.

Centres are a Poisson process of intensity rho in a periodic box, and phase 1 is what lies within `radius` of any. With
the volume V of a disc, phase 0, the matrix, has the fraction exp(-rho V). Two points of it a distance r apart see the
union of two discs empty, and all of a segment its sausage:

    S2(r) = exp(-rho V2(r))        L(r) = exp(-rho (V + r A))       A = 2 R, or pi R^2 in space

Reference: S. Torquato, Random heterogeneous materials, 2002, chapters 4 and 5.
"""

from __future__ import annotations

from math import ceil, pi, prod

import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics.asked import Asked, asked_numbers
from sciencegen.domains.microstructures.physics.labelled import Labelled, Progress, blank, streams

__all__ = ["disc_lineal_path", "disc_surface", "disc_two_point", "overlapping_discs"]

_FRACTIONS, _RADII = Interval(0.2, 0.6), Interval(2.0, 6.0)
_TOGETHER = 2**22
"""Pixels of the boxes around discs that are looked at together."""


def overlapping_discs(
    n: int,
    shape: tuple[int, ...],
    random: torch.Generator,
    *,
    fraction: Asked = _FRACTIONS,
    radius: Asked = _RADII,
    progress: Progress | None = None,
) -> Labelled:
    """Overlapping discs or spheres: the `fraction` they are to fill on average, and their `radius` in pixels."""
    images, why = blank(n, shape), "a pixel, to a quarter of the smallest side"
    fractions = asked_numbers("fraction", fraction, n, random, 0.01, 0.99)
    radii = asked_numbers("radius", radius, n, random, 1.0, min(shape) / 4, why)
    seeds, own = streams(n, random), torch.Generator()
    intensities = _intensity(fractions, radii, len(shape))
    counts = torch.zeros(n, dtype=torch.float64)
    for row, seed in enumerate(seeds):
        own.manual_seed(seed)
        counts[row] = torch.poisson(intensities[row] * prod(shape), generator=own)
        centres = torch.rand(int(counts[row]), len(shape), dtype=torch.float64, generator=own)
        _stamp(images[row], centres * torch.tensor(shape), float(radii[row]))
        if progress is not None:
            progress(1)
    surface = disc_surface(fractions, radii, len(shape))
    return Labelled(images, 2, {"fraction": fractions, "radius": radii, "discs": counts, "expected_surface": surface})


def disc_two_point(r: Tensor, fraction: float, radius: float, dimensions: int, phase: int = 1) -> Tensor:
    """S2, the probability that two points a distance `r` apart both lie in a phase, [...]; `fraction` of the discs."""
    matrix, r = 1 - fraction, r.to(torch.float64).clamp(max=2 * radius)
    if dimensions == 2:
        lens = 2 * radius**2 * torch.acos(r / (2 * radius)) - r / 2 * (4 * radius**2 - r.square()).sqrt()
    else:
        lens = pi * (4 * radius + r) * (2 * radius - r).square() / 12
    both: Tensor = matrix ** (2 - lens / _volume(radius, dimensions))
    return both if phase == 0 else 1 - 2 * matrix + both


def disc_lineal_path(r: Tensor, fraction: float, radius: float, dimensions: int) -> Tensor:
    """The probability that a segment of length `r` lies in the matrix, phase 0, as a whole, [...]."""
    section = 2 * radius if dimensions == 2 else pi * radius**2
    path: Tensor = (1 - fraction) ** (1 + r.to(torch.float64) * section / _volume(radius, dimensions))
    return path


def disc_surface(fraction: Tensor, radius: Tensor, dimensions: int) -> Tensor:
    """The expected length of the boundary for each area, or its area for each volume, in 1/pixels."""
    around = 2 * pi * radius if dimensions == 2 else 4 * pi * radius.square()
    return _intensity(fraction, radius, dimensions) * around * (1 - fraction)


def _intensity(fraction: Tensor, radius: Tensor, dimensions: int) -> Tensor:
    """How many centres there are for each pixel."""
    volume = pi * radius.square() if dimensions == 2 else 4 / 3 * pi * radius**3
    return -torch.log1p(-fraction) / volume


def _volume(radius: float, dimensions: int) -> float:
    return pi * radius**2 if dimensions == 2 else 4 / 3 * pi * radius**3


def _stamp(image: Tensor, centres: Tensor, radius: float) -> None:
    """Fill an image within a distance of each centre, in pixels, around its borders too."""
    reach, sides = ceil(radius) + 1, torch.tensor(image.shape)
    steps = torch.arange(-reach, reach + 1)
    box = torch.stack(torch.meshgrid(*[steps] * image.ndim, indexing="ij"), -1).reshape(-1, image.ndim)
    for some in centres.split(max(1, _TOGETHER // len(box))):
        pixels = some.floor().long()[:, None] + box  # [centres, box, dimensions]
        inside = (pixels - some[:, None]).square().sum(-1) <= radius**2
        image[tuple((pixels[inside] % sides).unbind(-1))] = 1
