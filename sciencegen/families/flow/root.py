"""Roots of rising functions of one number, to the last digits and with a gradient."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["root"]

_STEPS = 64  # bisection alone reaches the last digit of double precision; Newton's steps do so in ten


def root(rising: Callable[[Tensor], tuple[Tensor, Tensor]], low: Tensor, high: Tensor) -> Tensor:
    """Where a rising function is 0, between `low` and `high`; the function gives its value and its slope.

    Newton's steps, halvings where a step leaves the bracket. One more step, recorded, carries the gradient to all the
    function depends on.
    """
    with torch.no_grad():
        low, high = low.clone(), high.clone()
        x = 0.5 * (low + high)
        for _ in range(_STEPS):
            value, slope = rising(x)
            low, high = torch.where(value < 0, x, low), torch.where(value < 0, high, x)
            step = x - value / slope
            new = torch.where((step > low) & (step < high), step, 0.5 * (low + high))
            if torch.equal(new, x):
                break
            x = new
    value, slope = rising(x)
    return x - value / slope
