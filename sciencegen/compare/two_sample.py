"""Two-sample statistics on feature vectors."""

from __future__ import annotations

import torch
from torch import Tensor

from sciencegen.compare.histograms import wasserstein

__all__ = ["distances", "energy_distance", "mmd", "nearest_neighbour_accuracy", "sliced_wasserstein"]

_AT_MOST = 4000
"""Pairwise statistics look at this many samples of each side."""


def energy_distance(a: Tensor, b: Tensor) -> float:
    """E|a - b| * 2 - E|a - a'| - E|b - b'| (Energy statistics; Szekely, Rizzo; 2013)."""
    across = 2 * torch.cdist(a, b).mean()
    return float(across - _mean_off_diagonal(torch.cdist(a, a)) - _mean_off_diagonal(torch.cdist(b, b)))


def mmd(a: Tensor, b: Tensor) -> float:
    """The unbiased squared maximum mean discrepancy under a Gaussian kernel as wide as the median distance.

    A Kernel Two-Sample Test; Gretton et al.; 2012.
    """
    aa, bb, ab = (torch.cdist(p, q).square() for p, q in ((a, a), (b, b), (a, b)))
    scale = ab.median().clamp_min(1e-12)
    within = _mean_off_diagonal(torch.exp(-aa / scale)) + _mean_off_diagonal(torch.exp(-bb / scale))
    return float(within - 2 * torch.exp(-ab / scale).mean())


def sliced_wasserstein(a: Tensor, b: Tensor, directions: int = 128) -> float:
    """The mean Wasserstein distance of projections on random lines, the same lines every time."""
    source = torch.Generator().manual_seed(0)
    lines = torch.randn(a.shape[1], directions, generator=source, dtype=a.dtype).to(a.device)
    lines = lines / lines.norm(dim=0)
    return sum(wasserstein(p, q) for p, q in zip((a @ lines).t(), (b @ lines).t(), strict=True)) / directions


def nearest_neighbour_accuracy(a: Tensor, b: Tensor) -> float:
    """How often a sample's nearest neighbour comes from its own side: 0.5 where the sides cannot be told apart.

    Revisiting Classifier Two-Sample Tests; Lopez-Paz, Oquab; 2017.
    """
    n = min(len(a), len(b))
    both = torch.cat((a[:n], b[:n]))
    distance = torch.cdist(both, both).fill_diagonal_(torch.inf)
    side = torch.arange(2 * n, device=a.device) < n
    return float((side[distance.argmin(1)] == side).double().mean())


def distances(a: Tensor, b: Tensor) -> dict[str, float]:
    """All of the above, on at most a few thousand samples of each side."""
    a, b = a[:_AT_MOST].double(), b[:_AT_MOST].double()
    return {
        "energy_distance": energy_distance(a, b),
        "mmd": mmd(a, b),
        "sliced_wasserstein": sliced_wasserstein(a, b),
        "nearest_neighbour_accuracy": nearest_neighbour_accuracy(a, b),
    }


def _mean_off_diagonal(square: Tensor) -> Tensor:
    n = len(square)
    return (square.sum() - square.diagonal().sum()) / max(n * (n - 1), 1)
