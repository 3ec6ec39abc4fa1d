"""Energies: densities known up to a constant, as functions of points [n, d] that return [n]."""

from __future__ import annotations

from torch import Tensor

__all__ = ["double_well"]


def double_well(x: Tensor) -> Tensor:
    """Two wells side by side, the left one deeper: U(x, y) = 2 (x^2 - 1)^2 + 0.3 x + y^2, in units of kT."""
    return 2 * (x[:, 0].square() - 1).square() + 0.3 * x[:, 0] + x[:, 1].square()
