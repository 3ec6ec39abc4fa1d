"""Inverse problems: the noise of which a trained generator makes what was measured.

(Compressed Sensing using Generative Models; Bora, Jalal, Price, Dimakis; 2017.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Pushforward
from sciencegen.errors import RequestError
from sciencegen.search.descent import descended, settled
from sciencegen.search.hamiltonian import Chain, Walk, hamiltonian
from sciencegen.search.measurements import Measurement

__all__ = ["Fit", "Inverse", "curvature", "fitted", "perturbed", "walked"]


@dataclass(frozen=True)
class Fit:
    """How noise is looked for: from so many `starts` at once, straight downhill for `steps` of L-BFGS.

    As many again `wander` before, for so many steps of Adam with its `rate`, whose steps are too long to end in every
    dip. What was measured is first taken to be as uncertain as `smooth`, and after `cooled` of them as it is: coarse
    shapes settle before fine ones.
    """

    starts: int = 2
    steps: int = 150
    wander: int = 200
    rate: float = 0.1
    smooth: float = 1.0
    cooled: float = 0.8

    def __post_init__(self) -> None:
        for name, value, least in (("starts", self.starts, 1), ("steps", self.steps, 1), ("wander", self.wander, 0)):
            if value < least:
                raise RequestError(f"{name}={value}: expected {least} or more")


@dataclass(frozen=True)
class Inverse:
    """The posterior of noise: exp(-energy) with |A G(z, condition) - y|^2 / (2 noise^2) + |z|^2 / 2 for energy.

    G is the generator, A the measurement; a row of `y` and of `noise` belongs to a row of z. Noise is the standard
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
        """By how much too much is measured of the samples: [n, m]."""
        return self.measurement.measure(self.samples(z)) - self.y

    def misfit(self, z: Tensor) -> Tensor:
        """The root mean square of the residual: [n]."""
        with torch.no_grad():
            return self.residual(z).square().mean(1).sqrt()

    def energy(self, z: Tensor, middle: Tensor | None = None) -> Tensor:
        """Minus the logarithm of the posterior, up to a constant, [n]; with `middle`, the prior is moved there."""
        far = z if middle is None else z - middle
        return self.residual(z).square().sum(1) / (2 * self.noise.square()) + _half_square(far)

    def repeated(self, n: int) -> Inverse:
        """The same with every row `n` times, one after the other."""
        condition = self.condition
        if condition is not None and len(condition) > 1:
            condition = condition[torch.arange(len(condition)).repeat_interleave(n)]
        y, noise = self.y.repeat_interleave(n, 0), self.noise.repeat_interleave(n)
        return replace(self, y=y, noise=noise, condition=condition)

    def settled(self, z: Tensor, steps: int, middle: Tensor | None = None) -> Tensor:
        """The nearest low of the energy, looked for from `z`; with `middle`, the prior is moved there."""
        return settled(lambda rows: self.energy(rows, middle), z, steps)

    def wandered(self, z: Tensor, fit: Fit) -> Tensor:
        """Where Adam comes from `z`, while what was measured becomes as certain as it is."""

        def energy(rows: Tensor, done: float) -> Tensor:
            # times the square of the noise, so that what Adam remembers stays true while it falls
            begun = self.noise.clamp_min(fit.smooth)
            noise = begun * (self.noise / begun) ** min(done / fit.cooled, 1.0)
            return self.residual(rows).square().sum(1) / 2 + noise.square() * _half_square(rows)

        return descended(energy, z, fit.wander, fit.rate)


def fitted(inverse: Inverse, fit: Fit) -> Tensor:
    """The most probable noise that was found for each row: one point of the posterior, which need not be typical.

    A generator that makes the same of noise and of half the noise has no such point but 0: then little is known of the
    prior here, and the draws know more.
    """
    n = len(inverse.y)
    many = fit.starts * (2 if fit.wander else 1)
    several = inverse.repeated(many)
    z = inverse.generator.prior(n * many)
    if fit.wander:
        begun = z.view(n, many, *z.shape[1:])
        half = inverse.repeated(fit.starts)
        moved = half.wandered(begun[:, : fit.starts].flatten(0, 1), fit)
        z = torch.cat((moved.view(n, fit.starts, *z.shape[1:]), begun[:, fit.starts :]), 1).flatten(0, 1)
    z = several.settled(z, fit.steps)
    with torch.no_grad():
        best = several.energy(z).view(n, many).argmin(1)
    return z.view(n, many, *z.shape[1:])[torch.arange(n, device=z.device), best]


def perturbed(inverse: Inverse, n: int, fit: Fit, best: Tensor) -> Tensor:
    """`n` draws for each row by randomising, then optimising, [rows * n, ...]: each fits a copy of what was measured
    with more noise in it, near noise of its own that was drawn of the prior.

    Exact where the generator is linear, an approximation where it is nearly so, and blind to how a curved one changes
    volumes; draws share the mode that `best` is in. (Randomize-Then-Optimize; Bardsley, Solonen, Haario, Laine; 2014,
    without its weights.)
    """
    several = inverse.repeated(n)
    middle = inverse.generator.prior(len(several.y))
    start = _begun(several, middle, best.repeat_interleave(n, 0))
    disturbed = several.y + several.noise[:, None] * torch.randn_like(several.y)
    return replace(several, y=disturbed).settled(start, fit.steps, middle)


@torch.no_grad()
def _begun(inverse: Inverse, middle: Tensor, best: Tensor) -> Tensor:
    """Noise between the prior's and the best, with so much of it that the energy is lowest.

    Some generators make the same of noise and of twice the noise, and then the best noise is very small.
    """
    lengths = [0.0, *(2.0**k for k in range(9))]
    fits = [inverse.residual(middle + length * best).square().sum(1) for length in lengths]
    costs = [length**2 * _half_square(best) for length in lengths]
    values = torch.stack(fits) / (2 * inverse.noise.square()) + torch.stack(costs)
    chosen = torch.tensor(lengths).to(middle)[values.argmin(0)]
    return middle + chosen.view(-1, *(1,) * (middle.dim() - 1)) * best


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
    return 1 + total / probes / inverse.noise.square().view(-1, *(1,) * (z.dim() - 1))


def walked(inverse: Inverse, z: Tensor, walk: Walk) -> Chain:
    """Draws of the posterior by Hamiltonian Monte Carlo that begin at `z`, with the curvature there for mass."""
    return hamiltonian(inverse.energy, z, walk, curvature(inverse, z))


def _half_square(z: Tensor) -> Tensor:
    return z.flatten(1).square().sum(1) / 2
