"""Going downhill in many rows at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

__all__ = ["Energy", "Smoothed", "descended", "slope"]

Energy = Callable[[Tensor], Tensor]
"""A number for every row, of which one gradient is taken for all."""
Smoothed = Callable[[Tensor, float], Tensor]
"""An energy that is told how far the way is done, from 0 to 1, so that it may begin smooth."""


_FIRST, _SECOND, _LEAST = 0.9, 0.99, 1e-12


def slope(energy: Energy, z: Tensor) -> tuple[Tensor, Tensor]:
    """The energies of all rows [n], and the gradient of each with respect to its own row."""
    with torch.enable_grad():
        z = z.detach().requires_grad_(True)
        values = energy(z)
        (gradient,) = torch.autograd.grad(values.sum(), z)
    return values.detach(), gradient


def descended(energy: Smoothed, z: Tensor, steps: int, rate: float) -> Tensor:
    """The rows `z` moved to where the energy of each is low, by Adam with a rate that falls to 0 along a cosine.

    (Adam: A Method for Stochastic Optimization; Kingma, Ba; 2015.)
    """
    first, second = torch.zeros_like(z), torch.zeros_like(z)
    for step in range(steps):
        done = step / steps
        _, gradient = slope(partial(_at, energy, done), z)
        first = _FIRST * first + (1 - _FIRST) * gradient
        second = _SECOND * second + (1 - _SECOND) * gradient.square()
        mean = first / (1 - _FIRST ** (step + 1))
        spread = (second / (1 - _SECOND ** (step + 1))).sqrt()
        z = z - rate * 0.5 * (1 + math.cos(math.pi * done)) * mean / (spread + _LEAST)
    return z


def _at(energy: Smoothed, done: float, z: Tensor) -> Tensor:
    return energy(z, done)
