"""Maps over all lags, the steps from one place to another, averaged to curves over the distance.

The lag 0 stands first along every axis and negative lags last, as in a Fourier transform: side s has s lags where
images are periodic, and 2 s - 1 where they end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

import torch
from torch import Tensor

from sciencegen.errors import RequestError

__all__ = ["Curve", "along", "numbers_of_pairs", "radial", "reach"]


@dataclass(frozen=True)
class Curve:
    """A function of the distance, for every image."""

    distance: Tensor  # [bins], in pixels
    values: Tensor  # [n, bins]


def radial(lags: Tensor, *, periodic: bool = True, bins: int | None = None) -> Curve:
    """The mean over all lags as long as 0, 1, 2, ... pixels, to the nearest; `distance` is their true mean length.

    Every pair of places counts the same, so that the long lags of images that end, of which there are few pairs, count
    less. Without `bins` the curve goes to half the shortest side.
    """
    sides = tuple(side if periodic else (side + 1) // 2 for side in lags.shape[1:])
    bins = reach(sides, bins, periodic)
    number, weight, distance = _rings(sides, periodic, bins, lags.dtype, lags.device)
    sums = lags.new_zeros(len(lags), bins + 1)
    means = sums.scatter_add(1, number.expand(len(lags), -1), lags.flatten(1) * weight)
    return Curve(distance, means[:, :bins])


def along(lags: Tensor, *, periodic: bool = True, bins: int | None = None) -> Tensor:
    """The values at the lags 0, 1, 2, ... along every axis, [n, axes, bins]."""
    sides = tuple(side if periodic else (side + 1) // 2 for side in lags.shape[1:])
    bins = reach(sides, bins, periodic)
    axes = range(1, lags.ndim)
    lines = [lags.movedim(axis, 1)[:, :bins].flatten(2)[..., 0] for axis in axes]
    return torch.stack(lines, 1)


def reach(sides: tuple[int, ...], bins: int | None, periodic: bool) -> int:
    """So many bins as asked for, or to half the shortest side; an error where images have no lags so long."""
    half = min(sides) // 2 + 1
    most = half if periodic else min(sides)
    if bins is not None and not 0 < bins <= most:
        size = "x".join(map(str, sides))
        raise RequestError(f"bins={bins}: expected 1 to {most} for {'periodic ' if periodic else ''}images of {size}")
    return half if bins is None else bins


def numbers_of_pairs(sides: tuple[int, ...], periodic: bool, like: Tensor) -> Tensor:
    """How many pairs of places are apart by every lag."""
    if periodic:
        return torch.full(sides, float(prod(sides)), dtype=like.dtype, device=like.device)
    count = torch.ones((), dtype=like.dtype, device=like.device)
    for axis, lag in enumerate(_lags(sides, periodic, like.dtype, like.device)):
        count = count * (sides[axis] - lag.abs())
    return count


def _lags(sides: tuple[int, ...], periodic: bool, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, ...]:
    """The signed lags along every axis, each in its own dimension."""
    sizes = [side if periodic else 2 * side - 1 for side in sides]
    lines = [torch.fft.fftfreq(size, 1 / size, dtype=dtype, device=device).round() for size in sizes]
    return torch.meshgrid(*lines, indexing="ij")


@lru_cache(maxsize=32)
def _rings(
    sides: tuple[int, ...], periodic: bool, bins: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """For all lags in a row their bins, the last for those too long, and their shares in the means; the distances."""
    lags = _lags(sides, periodic, torch.float64, device)
    pairs = numbers_of_pairs(sides, periodic, lags[0]).flatten()
    length = torch.stack([lag.flatten() for lag in lags]).norm(dim=0)
    number = length.round().long().clamp_max(bins)
    total = torch.zeros(bins + 1, dtype=torch.float64, device=device).index_add(0, number, pairs)
    share = pairs / total[number]
    distance = torch.zeros_like(total).index_add(0, number, share * length)[:bins]
    return number, share.to(dtype), distance.to(dtype)
