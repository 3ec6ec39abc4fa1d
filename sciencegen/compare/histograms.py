"""Distances between samples of one number or one category."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

__all__ = ["cosine", "jensen_shannon", "wasserstein"]


def wasserstein(a: Tensor, b: Tensor) -> float:
    """The area between two distribution functions: how far values must be moved, on average."""
    points = torch.cat((a, b)).sort().values
    below_a = torch.searchsorted(a.sort().values, points[:-1], right=True) / len(a)
    below_b = torch.searchsorted(b.sort().values, points[:-1], right=True) / len(b)
    return float(((below_a - below_b).abs() * points.diff()).sum())


def jensen_shannon(a: Sequence[str], b: Sequence[str]) -> float:
    """The Jensen-Shannon divergence of two samples of categories, in nats: from 0 for equal shares to log 2."""
    left, right = Counter(a), Counter(b)
    names = sorted(left | right)
    p = torch.tensor([left[name] / len(a) for name in names], dtype=torch.float64)
    q = torch.tensor([right[name] / len(b) for name in names], dtype=torch.float64)
    middle = (p + q) / 2
    return float(sum(0.5 * torch.xlogy(side, side / middle).sum() for side in (p, q)))


def cosine(a: Mapping[str, int], b: Mapping[str, int]) -> float:
    """The cosine of the angle between two tables of counts: 1 for equal shares, 0 where they have nothing in common."""
    if not a or not b:
        return math.nan
    dot = sum(count * b[name] for name, count in a.items() if name in b)
    return dot / math.sqrt(math.prod(sum(count * count for count in side.values()) for side in (a, b)))
