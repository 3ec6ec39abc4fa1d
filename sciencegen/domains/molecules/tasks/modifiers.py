"""What a number is worth, from 0 to 1: the shapes that tasks are put together of.

The definitions are those of GuacaMol (Benchmarking Models for de Novo Molecular Design; Brown, Fiscato, Segler,
Vaucher; 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

__all__ = ["Clipped", "Falling", "Gaussian", "Modifier", "Plain", "Rising"]


@dataclass(frozen=True)
class Plain:
    """A number that is worth itself."""

    def __call__(self, x: float) -> float:
        return x


@dataclass(frozen=True)
class Gaussian:
    """exp(-((x - mu) / sigma)^2 / 2): best at `mu`."""

    mu: float
    sigma: float

    def __call__(self, x: float) -> float:
        return exp(-0.5 * ((x - self.mu) / self.sigma) ** 2)


@dataclass(frozen=True)
class Falling:
    """1 up to `mu`, and half a Gaussian beyond; GuacaMol's MinGaussian."""

    mu: float
    sigma: float

    def __call__(self, x: float) -> float:
        return Gaussian(self.mu, self.sigma)(max(x, self.mu))


@dataclass(frozen=True)
class Rising:
    """Half a Gaussian up to `mu`, and 1 beyond; GuacaMol's MaxGaussian."""

    mu: float
    sigma: float

    def __call__(self, x: float) -> float:
        return Gaussian(self.mu, self.sigma)(min(x, self.mu))


@dataclass(frozen=True)
class Clipped:
    """A ramp from 0 to `upper`, and 1 beyond."""

    upper: float

    def __call__(self, x: float) -> float:
        return min(max(x / self.upper, 0.0), 1.0)


Modifier = Plain | Gaussian | Falling | Rising | Clipped
