"""What is known without a trained model: samples that are simple in some sense and fit the measurements."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sciencegen.search.measurements import Measurement, norm

__all__ = ["fourier_lasso", "total_variation", "zero_filled"]

_LOW, _HIGH = -1.0, 1.0


def zero_filled(measurement: Measurement, y: Tensor) -> Tensor:
    """The adjoint: everything that is not measured is 0."""
    return measurement.adjoint(y)


def fourier_lasso(measurement: Measurement, y: Tensor, weight: float, steps: int = 200) -> Tensor:
    """Minimise |A x - y|^2 / 2 + weight |F x|_1, where F is the orthonormal Fourier transform along all sides.

    (A Fast Iterative Shrinkage-Thresholding Algorithm for Linear Inverse Problems; Beck, Teboulle; 2009.)
    """
    x = measurement.adjoint(y)
    length, ahead, t = 1 / (1.01 * norm(measurement, x)), x, 1.0
    axes = tuple(range(2, x.dim()))
    for _ in range(steps):
        gradient = measurement.adjoint(measurement.measure(ahead) - y)
        spectrum = torch.fft.fftn(ahead - length * gradient, dim=axes, norm="ortho")
        size = spectrum.abs()
        spectrum = spectrum * ((size - weight * length).clamp_min(0) / size.clamp_min(1e-12))
        moved = torch.fft.ifftn(spectrum, dim=axes, norm="ortho").real
        grown = (1 + math.sqrt(1 + 4 * t * t)) / 2
        ahead, x, t = moved + (t - 1) / grown * (moved - x), moved, grown
    return x


def total_variation(
    measurement: Measurement,
    y: Tensor,
    weight: float,
    steps: int = 400,
    periodic: bool = False,
) -> Tensor:
    """Minimise |A x - y|^2 / 2 + weight TV(x) over samples between -1 and 1.

    TV is the sum over all pixels of the length of the gradient. (Nonlinear Total Variation Based Noise Removal
    Algorithms; Rudin, Osher, Fatemi; 1992. A Primal-Dual Splitting Method for Convex Optimization Involving
    Lipschitzian, Proximable and Linear Composite Terms; Condat; 2013.)
    """
    x = measurement.adjoint(y).clamp(_LOW, _HIGH)
    steep = 1.01 * norm(measurement, x)
    edges = 4.0 * (x.dim() - 2)  # the squared norm of the differences
    push = steep / (2 * edges)
    length = 1 / (steep / 2 + push * edges)
    dual = torch.zeros_like(_gradient(x, periodic))
    for _ in range(steps):
        gradient = measurement.adjoint(measurement.measure(x) - y) + _divergence(dual, periodic)
        moved = (x - length * gradient).clamp(_LOW, _HIGH)
        dual = dual + push * _gradient(2 * moved - x, periodic)
        dual = dual / (dual.square().sum(0).sqrt() / weight).clamp_min(1) if weight else torch.zeros_like(dual)
        x = moved
    return x


def _gradient(x: Tensor, periodic: bool) -> Tensor:
    """Differences to the next pixel along every side [sides, n, channels, *sides]."""
    steps = []
    for axis in range(2, x.dim()):
        step = x.roll(-1, axis) - x
        if not periodic:
            step.narrow(axis, x.shape[axis] - 1, 1).zero_()
        steps.append(step)
    return torch.stack(steps)


def _divergence(dual: Tensor, periodic: bool) -> Tensor:
    """The adjoint of the differences."""
    total = torch.zeros_like(dual[0])
    for number, part in enumerate(dual):
        axis = number + 2
        if not periodic:
            part = part.clone()
            part.narrow(axis, part.shape[axis] - 1, 1).zero_()
        total = total + part.roll(1, axis) - part
    return total
