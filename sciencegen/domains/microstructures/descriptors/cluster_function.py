"""The two-point cluster function: how likely two places apart by a lag lie in one and the same cluster."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors.clusters import labels
from sciencegen.domains.microstructures.descriptors.correlation import correlated, transformed
from sciencegen.domains.microstructures.descriptors.lags import Curve, radial

__all__ = ["two_point_cluster", "two_point_cluster_map"]

_AT_ONCE = 1 << 20
"""So many pixels are transformed together."""


def two_point_cluster_map(x: Tensor, *, corners: bool = False, periodic: bool = True) -> Tensor:
    """C2 at every lag r, the probability that p and p + r lie in one cluster of the phase: [n, *lags].

    Random Heterogeneous Materials; Torquato; 2002, section 2.5.4. It is the sum of the autocorrelations of all
    clusters, by a Fourier transform of each: images with thousands of clusters take time. See `labels` for `corners`.
    """
    number = labels(x, corners=corners, periodic=periodic)
    sides = tuple(x.shape[1:])
    power = transformed(torch.zeros(x.shape, device=x.device), periodic).real
    image, cluster = _all(number.flatten(1).amax(1))
    for some in torch.arange(len(image), device=x.device).split(max(1, _AT_ONCE // prod(sides))):
        mask = number[image[some]] == cluster[some].view(-1, *(1 for _ in sides))
        transform = transformed(mask.to(power.dtype), periodic)
        power = power.index_add(0, image[some], transform.real.square() + transform.imag.square())
    return correlated(power, sides, periodic)


def two_point_cluster(x: Tensor, *, corners: bool = False, periodic: bool = True, bins: int | None = None) -> Curve:
    """C2 averaged over all directions: see `two_point_cluster_map` and `radial`."""
    return radial(two_point_cluster_map(x, corners=corners, periodic=periodic), periodic=periodic, bins=bins)


def _all(clusters: Tensor) -> tuple[Tensor, Tensor]:
    """For every cluster of all images the number of its image and its own."""
    image = torch.arange(len(clusters), device=clusters.device).repeat_interleave(clusters)
    first = clusters.cumsum(0) - clusters
    return image, torch.arange(len(image), device=clusters.device) - first[image] + 1
