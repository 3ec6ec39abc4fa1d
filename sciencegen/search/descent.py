"""Going downhill in many rows at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

__all__ = ["Energy", "Smoothed", "descended", "settled", "slope"]

Energy = Callable[[Tensor], Tensor]
"""A number for every row, of which one gradient is taken for all."""
Smoothed = Callable[[Tensor, float], Tensor]
"""An energy that is told how far the way is done, from 0 to 1, so that it may begin smooth."""


_FIRST, _SECOND, _LEAST = 0.9, 0.99, 1e-12
_ENOUGH, _SHORTER = 1e-4, 0.4


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


def settled(energy: Energy, z: Tensor, steps: int, memory: int = 10) -> Tensor:
    """The rows `z` moved to a low of the energy near each, by L-BFGS: straight there, where Adam wanders.

    Every row has a curvature and a length of its own; a step that does not go down enough is shortened and tried again,
    at the cost of one of the `steps`. (On the Limited Memory BFGS Method for Large Scale Optimization; Liu, Nocedal;
    1989.)
    """
    value, gradient = slope(energy, z)
    past: list[_Move] = []
    scale = 1 / gradient.flatten(1).norm(dim=1).clamp_min(_LEAST)
    length = torch.ones_like(scale)
    for _ in range(steps):
        way = -_newton(gradient, past, scale)
        down = _dot(way, gradient)
        way = way.where(_rows(down < 0, z), -_rows(scale, z) * gradient)
        down = down.where(down < 0, -scale * _dot(gradient, gradient))
        tried = z + _rows(length, z) * way
        far, steep = slope(energy, tried)
        good = (far <= value + _ENOUGH * length * down) & far.isfinite()
        taken = _rows(good, z)
        move = _Move.of((tried - z).where(taken, torch.zeros_like(z)), (steep - gradient).where(taken, z.new_zeros(())))
        past = [*past, move][-memory:]
        scale = (1 / (move.weight * _dot(move.slope, move.slope)).clamp_min(_LEAST)).where(move.weight > 0, scale)
        z, gradient, value = tried.where(taken, z), steep.where(taken, gradient), far.where(good, value)
        length = torch.ones_like(length).where(good, length * _SHORTER)
    return z


@dataclass(frozen=True)
class _Move:
    """Where rows went, how their slopes changed on the way, and one over the product of both, 0 where it says
    nothing."""

    way: Tensor
    slope: Tensor
    weight: Tensor  # [n]

    @classmethod
    def of(cls, way: Tensor, slope: Tensor) -> _Move:
        product = _dot(way, slope)
        curved = product > 1e-10 * _dot(slope, slope).clamp_min(1e-30)
        return cls(way, slope, (1 / product.where(curved, torch.ones_like(product))).where(curved, 0 * product))


def _newton(gradient: Tensor, past: list[_Move], scale: Tensor) -> Tensor:
    """The gradient times what past moves say of the inverse of the curvature (the two loops of L-BFGS)."""
    way, shares = gradient, []
    for move in reversed(past):
        shares.append(move.weight * _dot(move.way, way))
        way = way - _rows(shares[-1], way) * move.slope
    way = _rows(scale, way) * way
    for move, share in zip(past, reversed(shares), strict=True):
        way = way + _rows(share - move.weight * _dot(move.slope, way), way) * move.way
    return way


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).flatten(1).sum(1)


def _rows(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *(1,) * (like.dim() - 1))
