"""The f-divergences that compare each side with their mixture; a sigmoid critic bounds them without exponentials."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from sciencegen.errors import RequestError
from sciencegen.objectives.f_divergences import FGenerator

__all__ = ["GAN", "JensenShannon", "WeightedJensenShannon"]


@dataclass(frozen=True)
class JensenShannon(FGenerator):
    """f(u) = u log u - (u + 1) log((u + 1) / 2), f*(t) = -log(2 - exp t) for t < log 2, g(v) = log 2 - softplus(-v).

    With this f, D_f is twice the Jensen-Shannon divergence, as in the paper.
    """

    def f(self, u: Tensor) -> Tensor:
        return torch.xlogy(u, u) - (u + 1) * ((u + 1) / 2).log()

    def slope(self, u: Tensor) -> Tensor:
        return math.log(2) - (1 / u).log1p()

    def conjugate(self, t: Tensor) -> Tensor:
        return -(2 - t.exp()).log()

    def real(self, v: Tensor) -> Tensor:
        return math.log(2) - F.softplus(-v)

    def fake(self, v: Tensor) -> Tensor:
        return F.softplus(v) - math.log(2)


@dataclass(frozen=True)
class WeightedJensenShannon(FGenerator):
    """f(u) = pi u log u - (1 - pi + pi u) log(1 - pi + pi u), for pi KL(P || M) + (1 - pi) KL(Q || M).

    M = pi P + (1 - pi) Q, f*(t) = (1 - pi) log((1 - pi) / (1 - pi exp(t / pi))) for t < -pi log pi. The activation
    is -pi log pi - pi softplus(-v) rather than the paper's -pi log pi - softplus(-v): the same range, and then
    f*(g(v)) = (1 - pi) (log(1 - pi) + softplus(v)).
    """

    pi: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.pi < 1:
            raise RequestError(f"pi={self.pi}: expected a number between 0 and 1")

    def f(self, u: Tensor) -> Tensor:
        mixed = 1 - self.pi + self.pi * u
        return self.pi * torch.xlogy(u, u) - mixed * mixed.log()

    def slope(self, u: Tensor) -> Tensor:
        return -self.pi * ((1 - self.pi) / u + self.pi).log()

    def conjugate(self, t: Tensor) -> Tensor:
        rest = 1 - self.pi
        return rest * (math.log(rest) - (1 - self.pi * (t / self.pi).exp()).log())

    def real(self, v: Tensor) -> Tensor:
        return -self.pi * (math.log(self.pi) + F.softplus(-v))

    def fake(self, v: Tensor) -> Tensor:
        return (1 - self.pi) * (math.log(1 - self.pi) + F.softplus(v))


@dataclass(frozen=True)
class GAN(FGenerator):
    """f(u) = u log u - (u + 1) log(u + 1), f*(t) = -log(1 - exp t) for t < 0, g(v) = -softplus(-v).

    D_f is twice the Jensen-Shannon divergence less log 4 (Generative Adversarial Nets; Goodfellow et al.; 2014).
    """

    def f(self, u: Tensor) -> Tensor:
        return torch.xlogy(u, u) - (u + 1) * (u + 1).log()

    def slope(self, u: Tensor) -> Tensor:
        return -(1 / u).log1p()

    def conjugate(self, t: Tensor) -> Tensor:
        return -(-t.expm1()).log()

    def real(self, v: Tensor) -> Tensor:
        return -F.softplus(-v)

    def fake(self, v: Tensor) -> Tensor:
        return F.softplus(v)
