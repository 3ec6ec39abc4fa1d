"""What images show, counted without knowing how they were made, and whether it is what it should be on average."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor


def two_point(x: Tensor, reach: int) -> Tensor:
    """How often two pixels 0, 1, ... apart along an axis are both of a phase given as 0 and 1, [n, reach]."""
    axes = range(1, x.ndim)
    shares = [torch.stack([(x * x.roll(r, axis)).flatten(1).mean(1) for axis in axes]).mean(0) for r in range(reach)]
    return torch.stack(shares, 1)


def lineal_path(x: Tensor, reach: int) -> Tensor:
    """How often 1, 2, ... pixels in a row along an axis are all of a phase given as 0 and 1, [n, reach]."""
    found = []
    for axis in range(1, x.ndim):
        runs = [x]
        for r in range(1, reach):
            runs.append(runs[-1] * x.roll(-r, axis))
        found.append(torch.stack([run.flatten(1).mean(1) for run in runs], 1))
    return torch.stack(found).mean(0)


def surface(x: Tensor) -> Tensor:
    """The boundary for each area or volume, from how often straight lines cross it (Cauchy and Crofton), [n]."""
    crossings = [(x != x.roll(1, axis)).flatten(1).double().mean(1) for axis in range(1, x.ndim)]
    return torch.stack(crossings).mean(0) * (pi / 2 if x.ndim == 3 else 2)


def agrees(found: Tensor, expected: Tensor, bias: float = 0.0) -> bool:
    """Whether the mean of `found` [n, ...] is what is expected, but for noise and a relative `bias` of the counting."""
    noise = found.std(0) / len(found) ** 0.5
    assert bool((noise < 0.05 * expected.abs().max()).all()), "too few images to tell"
    return bool(((found.mean(0) - expected).abs() <= 5 * noise + bias * expected).all())
