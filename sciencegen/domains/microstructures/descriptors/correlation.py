"""Two-point correlation: how likely two places apart by a lag lie in phases."""

from __future__ import annotations

from math import e

import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors.fractions import fraction
from sciencegen.domains.microstructures.descriptors.indicator import soft
from sciencegen.domains.microstructures.descriptors.lags import Curve, numbers_of_pairs, radial
from sciencegen.errors import DataError

__all__ = ["correlated", "correlation_length", "transformed", "two_point", "two_point_map"]

_ONE_PHASE = 1e-9
"""An image that varies less has no correlation length."""


def two_point_map(x: Tensor, other: Tensor | None = None, *, periodic: bool = True) -> Tensor:
    """S2 at every lag r, the probability that p lies in the phase and p + r too, or in the `other` phase: [n, *lags].

    Random Heterogeneous Materials; Torquato; 2002, section 2.2. At the lag 0 it is the volume fraction, and far away
    its square. By fast Fourier transform; images that end are padded with zeros, and only pairs inside them count.
    `other`, with the `x` of another phase, gives the cross-correlation. It carries gradients.

    The `probability` of porespy (3.2) is another one: that p + r lies in the phase if p does, which is S2 over the
    volume fraction; its `probability_scaled` is S2, of images that end. Its bins go from one whole distance to the next
    and not to the nearest, are two pixels wide or more where all sides are over 200, and count all lags alike.
    """
    x = soft(x)
    first = transformed(x, periodic)
    second = first if other is None else transformed(_alike(x, other), periodic)
    return correlated(first.conj() * second, tuple(x.shape[1:]), periodic)


def two_point(x: Tensor, other: Tensor | None = None, *, periodic: bool = True, bins: int | None = None) -> Curve:
    """S2 averaged over all directions: see `two_point_map` and `radial`."""
    return radial(two_point_map(x, other, periodic=periodic), periodic=periodic, bins=bins)


def correlation_length(x: Tensor, *, periodic: bool = True, bins: int | None = None) -> Tensor:
    """The distance at which the autocovariance S2(r) - S2(inf) has fallen to 1/e of what it is at 0, [n], in pixels.

    S2(inf) is the square of the volume fraction; between bins the curve goes straight. inf where the curve ends before;
    nan for images of one phase.
    """
    x = soft(x).double()
    curve = two_point(x, periodic=periodic, bins=bins)
    covariance = curve.values - fraction(x).square()[:, None]
    start = covariance[:, :1]
    part = torch.where(start > _ONE_PHASE, covariance / start, torch.nan)
    below = part < 1 / e
    after = below.long().argmax(1, keepdim=True).clamp_min(1)
    if part.shape[1] == 1:
        return torch.where(part[:, 0].isnan(), torch.nan, torch.inf)
    high, low = part.gather(1, after - 1), part.gather(1, after)
    near, far = curve.distance[after - 1], curve.distance[after]
    crossing = (near + (far - near) * (high - 1 / e) / (high - low))[:, 0]
    return torch.where(below.any(1) | part[:, 0].isnan(), crossing, torch.inf)


def transformed(x: Tensor, periodic: bool) -> Tensor:
    """The Fourier transform over all sides; images that end are padded, so that they do not meet their own copies."""
    transform: Tensor = torch.fft.rfftn(x, _padded(tuple(x.shape[1:]), periodic), tuple(range(1, x.ndim)))
    return transform


def correlated(power: Tensor, sides: tuple[int, ...], periodic: bool) -> Tensor:
    """The map over lags of the product of two transforms, as the mean over all pairs of places."""
    sums: Tensor = torch.fft.irfftn(power, _padded(sides, periodic), tuple(range(1, power.ndim)))
    if not periodic:
        for axis, side in enumerate(sides, 1):
            sums = torch.cat((sums.narrow(axis, 0, side), sums.narrow(axis, side + 1, side - 1)), axis)
    return sums / numbers_of_pairs(sides, periodic, sums)


def _padded(sides: tuple[int, ...], periodic: bool) -> tuple[int, ...]:
    return sides if periodic else tuple(2 * side for side in sides)  # 2 side - 1 would do, but is often a prime, slow


def _alike(x: Tensor, other: Tensor) -> Tensor:
    if other.shape != x.shape:
        ours, theirs = ("x".join(map(str, one.shape)) for one in (x, other))
        raise DataError(f"phases of shape {ours} and {theirs}: expected the same images")
    return soft(other).to(x.dtype)
