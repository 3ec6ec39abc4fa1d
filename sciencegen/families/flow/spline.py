"""Monotone rational-quadratic splines, as plain functions of points and of the numbers a net gives for each."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from sciencegen.families.flow.univariate import Moved

__all__ = ["STEEPEST", "Tails", "numbers", "spline"]

STEEPEST = 1e3
"""No two bins differ by more in width or in height, and no knot is steeper, or flatter, than this."""
Tails = Literal["straight", "circular"]


def numbers(bins: int, tails: Tails) -> int:
    """How many numbers describe the spline of one entry.

    Widths and heights of the bins, and slopes of the knots: those inside, or all of them where the last is the first.
    """
    return 3 * bins - (1 if tails == "straight" else 0)


def spline(x: Tensor, given: Tensor, bound: float = 5.0, tails: Tails = "straight", inverse: bool = False) -> Moved:
    """A monotone spline by its definition; `quick_spline` says the same faster, except to a compiler.

    Between the knots (x_k, y_k), (x_k+1, y_k+1) of slopes d_k, d_k+1, with s = (y_k+1 - y_k) / (x_k+1 - x_k) and
    t = (x - x_k) / (x_k+1 - x_k),

        y = y_k + (y_k+1 - y_k) (s t^2 + d_k t (1 - t)) / (s + (d_k + d_k+1 - 2 s) t (1 - t)),

    and outside [-bound, bound] y = x (Neural Spline Flows; Durkan, Bekasov, Murray, Papamakarios; 2019). What is
    `circular` has one slope at both ends (Normalizing Flows on Tori and Spheres; Rezende et al.; 2020).

    The bins run along the last axis but one of `given` [entries, numbers, n], so that sums over them are sums of whole
    rows. Widths and heights are exp(u / (1 + |u| c)) over their sum, slopes alike: no training step can fold the map.
    """
    bins = (given.shape[-2] + 1) // 3
    sizes = _positive(given[:, : 2 * bins].unflatten(1, (2, bins)), 0.5)  # [entries, 2, bins, n]
    edges = F.pad(sizes.cumsum(2), (0, 0, 1, 0))
    whole = edges[:, :, -1]
    scale = 2 * bound / whole  # [entries, 2, n]
    at = (x.clamp(-bound, bound) + bound) / scale[:, int(inverse)]
    k = (edges[:, int(inverse), 1:-1] <= at[:, None]).sum(1)  # [entries, n]
    k_both = k[:, None, None].expand(-1, 2, 1, -1)
    (w, h), (left, low) = ((part.gather(2, k_both)[:, :, 0]).unbind(1) for part in (sizes, edges))
    d0, d1 = _positive(_slopes(given[:, 2 * bins :], k, bins, tails), 1.0)
    s = h * scale[:, 1] / (w * scale[:, 0])
    e = d0 + d1 - 2 * s
    if inverse:
        rise = ((at - low) / h).clamp(0, 1)
        b = d0 - rise * e
        t = (2 * rise * s / (b + (b * b + 4 * rise * s * (s - b)).clamp_min(0).sqrt())).clamp(0, 1)
    else:
        t = ((at - left) / w).clamp(0, 1)
    q = t * (1 - t)
    over = s + e * q
    log_slope = torch.log(d1 * t * t + 2 * s * q + d0 * (1 - t) ** 2) + 2 * torch.log(s / over)
    if inverse:
        y, log_slope = (left + t * w) * scale[:, 0] - bound, -log_slope
    else:
        y = (low + h * (s * t * t + d0 * q) / over) * scale[:, 1] - bound
    if tails == "circular":
        return Moved(y, log_slope)
    inside = x.abs() < bound
    return Moved(torch.where(inside, y, x), torch.where(inside, log_slope, 0.0))


def _positive(u: Tensor, share: float) -> Tensor:
    """exp of what is near `u` at 0 and stays within `share` of the logarithm of what is steepest."""
    return torch.exp(u / (1 + u.abs() / (share * math.log(STEEPEST))))


def _slopes(u: Tensor, k: Tensor, bins: int, tails: Tails) -> Tensor:
    """The numbers of the slopes to the left and to the right of bin `k`: [2, entries, n]."""
    if tails == "circular":
        knots = torch.cat((u, u[:, :1]), 1)
    else:
        knots = F.pad(u, (0, 0, 1, 1))
    return torch.stack([knots.gather(1, (k + side)[:, None])[:, 0] for side in (0, 1)])
