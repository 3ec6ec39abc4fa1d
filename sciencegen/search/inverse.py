"""Inverse problems: the noise of which a trained generator makes what was measured.

(Compressed Sensing using Generative Models; Bora, Jalal, Price, Dimakis; 2017.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Pushforward
from sciencegen.search.descent import descended, slope
from sciencegen.search.hamiltonian import Chain, Walk, hamiltonian
from sciencegen.search.measurements import Measurement

__all__ = ["Fit", "Inverse", "curvature", "fitted", "perturbed", "walked"]


@dataclass(frozen=True)
class Fit:
    """How the best noise is looked for: `starts` at random, each followed for `scout` steps, the best for `steps`."""

    steps: int = 300
    rate: float = 0.1
    starts: int = 4
    scout: int = 60


@dataclass(frozen=True)
class Inverse:
    """The posterior of noise: exp(-energy) with |A G(z, condition) - y|^2 / (2 noise^2) + |z|^2 / 2 for energy.

    G is the generator, A the measurement, and a row of `y` and of `noise` belongs to a row of z. Noise is the standard
    deviation of what was measured, and of what the generator cannot make.
    """

    generator: Pushforward
    measurement: Measurement
    y: Tensor  # [n, m]
    noise: Tensor  # [n]
    condition: Condition | None = None

    def samples(self, z: Tensor) -> Tensor:
        """G(z): [n, channels, *sides]."""
        return self.generator.decoded(z, self.condition)

    def residual(self, z: Tensor) -> Tensor:
        """What is measured of the samples more than was measured: [n, m]."""
        return self.measurement.measure(self.samples(z)) - self.y

    def misfit(self, z: Tensor) -> Tensor:
        """The root mean square of the residual: [n]."""
        with torch.no_grad():
            return self.residual(z).square().mean(1).sqrt()

    def energy(self, z: Tensor, middle: Tensor | None = None) -> Tensor:
        """Minus the log-density of the posterior, up to a constant: [n]; `middle` is where the prior is moved to."""
        far = z if middle is None else z - middle
        fit = self.residual(z).square().sum(1) / (2 * self.noise.square())
        return fit + far.flatten(1).square().sum(1) / 2

    def repeated(self, n: int) -> Inverse:
        """The same with every row `n` times, one after the other."""
        several = self.condition if self.condition is None or len(self.condition) == 1 else _each(self.condition, n)
        y, noise = self.y.repeat_interleave(n, 0), self.noise.repeat_interleave(n)
        return Inverse(self.generator, self.measurement, y, noise, several)

    def under(self, noise: Tensor) -> Inverse:
        """The same with another noise."""
        return Inverse(self.generator, self.measurement, self.y, noise, self.condition)


def fitted(inverse: Inverse, fit: Fit) -> Tensor:
    """The most probable noise that was found for each row: one point of the posterior, which need not be typical."""
    n, several = len(inverse.y), inverse.repeated(fit.starts)
    z = inverse.generator.prior(n * fit.starts)
    if fit.starts > 1:
        z = descended(several.energy, z, fit.scout, fit.rate)
        with torch.no_grad():
            best = several.energy(z).view(n, fit.starts).argmin(1)
        z = z.view(n, fit.starts, *z.shape[1:])[torch.arange(n, device=z.device), best]
    return descended(inverse.energy, z, fit.steps, fit.rate)


def perturbed(inverse: Inverse, n: int, fit: Fit, start: Tensor | None = None) -> Tensor:
    """`n` draws for each row by randomising, then optimising: each fits its own noisy copy of what was measured, from
    noise of its own, [rows * n, ...].

    Exact where the generator is linear, an approximation with the right spread where it is nearly so, and blind to
    how a curved generator changes volumes. (Randomize-Then-Optimize; Bardsley, Solonen, Haario, Laine; 2014, without
    its weights.)
    """
    several = inverse.repeated(n)
    middle = inverse.generator.prior(len(several.y))
    disturbed = several.y + several.noise[:, None] * torch.randn_like(several.y)
    moved = Inverse(inverse.generator, inverse.measurement, disturbed, several.noise, several.condition)
    begin = middle if start is None else start.repeat_interleave(n, 0)
    return descended(lambda z: moved.energy(z, middle), begin, fit.steps, fit.rate)


def curvature(inverse: Inverse, z: Tensor, probes: int = 8) -> Tensor:
    """How fast the slope of the energy grows along every axis at `z`, where the misfit is small: shaped like z.

    That is 1 + diag(J* J) / noise^2 with the Jacobian J of what is measured, whose diagonal is the mean square of
    J* v over random signs v (An Estimator for the Diagonal of a Matrix; Bekas, Kokiopoulou, Saad; 2007).
    """
    with torch.enable_grad():
        z = z.detach().requires_grad_(True)
        measured = inverse.residual(z)
        total = torch.zeros_like(z)
        for _ in range(probes):
            signs = torch.randn_like(measured).sign()
            (pulled,) = torch.autograd.grad(measured, z, signs, retain_graph=True)
            total = total + pulled.square()
    scale = inverse.noise.square().view(-1, *(1,) * (z.dim() - 1))
    return 1 + total / probes / scale


def walked(inverse: Inverse, z: Tensor, walk: Walk) -> Chain:
    """Draws of the posterior by Hamiltonian Monte Carlo that begin at `z`, with the curvature there for mass."""
    return hamiltonian(inverse.energy, z, walk, curvature(inverse, z))


def _each(condition: Condition, n: int) -> Condition:
    """A condition of several rows with every row `n` times, one after the other."""
    return condition[torch.arange(len(condition)).repeat_interleave(n)]
