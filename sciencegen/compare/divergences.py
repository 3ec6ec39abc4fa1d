"""Kullback-Leibler divergences between samples of one number, as GuacaMol estimates them.

GuacaMol: Benchmarking Models for de Novo Molecular Design; Brown, Fiscato, Segler, Vaucher; 2019.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["kl_of_densities", "kl_of_histograms"]

_POINTS = 1000
_BINS = 10
_FLOOR = 1e-10


def kl_of_densities(theirs: Tensor, ours: Tensor) -> float:
    """KL(theirs || ours) of Gaussian kernel densities of Scott's width, on a grid over both samples."""
    both = torch.cat((theirs, ours))
    if float(theirs.std()) == 0 or float(ours.std()) == 0:  # a density that is a point
        return 0.0 if float(both.min()) == float(both.max()) else math.inf
    grid = torch.linspace(float(both.min()), float(both.max()), _POINTS, dtype=torch.float64)
    return _kl(_density(theirs, grid), _density(ours, grid))


def kl_of_histograms(theirs: Tensor, ours: Tensor) -> float:
    """KL(theirs || ours) of histograms with ten bins over the range of theirs."""
    low, high = float(theirs.min()), float(theirs.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = torch.linspace(low, high, _BINS + 1, dtype=torch.float64)
    return _kl(_shares(theirs, edges), _shares(ours, edges))


def _density(x: Tensor, grid: Tensor) -> Tensor:
    x = x.double()
    width = float(x.std()) * len(x) ** -0.2
    kernels = ((grid[:, None] - x) / width).square_().mul_(-0.5).exp_()
    density: Tensor = kernels.mean(1) / (width * math.sqrt(2 * math.pi))
    return density


def _shares(x: Tensor, edges: Tensor) -> Tensor:
    counts: Tensor = torch.histogram(x.double(), edges).hist
    return counts / (counts.sum().clamp_min(1) * (edges[1] - edges[0]))


def _kl(p: Tensor, q: Tensor) -> float:
    p, q = p + _FLOOR, q + _FLOOR
    p, q = p / p.sum(), q / q.sum()
    return float(torch.xlogy(p, p / q).sum())
