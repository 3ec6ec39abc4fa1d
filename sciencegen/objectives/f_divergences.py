"""The mathematics of f-divergences: each function with its slope, its conjugate and an activation for a critic."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from sciencegen.errors import RequestError

__all__ = [
    "Alpha",
    "FGenerator",
    "Jeffrey",
    "KullbackLeibler",
    "Neyman",
    "Pearson",
    "ReverseKullbackLeibler",
    "SquaredHellinger",
    "TotalVariation",
    "log_omega",
]

_LARGEST_EXPONENT = 80.0  # exp of it is still finite in single precision


class FGenerator(ABC):
    """A convex function f with D_f(P || Q) = E_q[f(p/q)], and what a critic needs to bound it from below.

    D_f(P || Q) >= E_p[g(v)] - E_q[f*(g(v))],  with equality where g(v) = f'(p/q)

    v is any real number and g an increasing map onto the domain of the conjugate f*(t) = sup_u (u t - f(u))
    (f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization; Nowozin, Cseke, Tomioka;
    2016, tables 1, 2 and 6). `real` and `fake` are the composed forms g(v) and f*(g(v)), finite with finite
    gradients at least for v in [-50, 50] in single precision; "grows as" says where they are not bounded.
    """

    @abstractmethod
    def f(self, u: Tensor) -> Tensor:
        """f(u), for ratios u > 0."""

    @abstractmethod
    def slope(self, u: Tensor) -> Tensor:
        """f'(u), the best t for a ratio u."""

    @abstractmethod
    def conjugate(self, t: Tensor) -> Tensor:
        """f*(t), for t in its domain."""

    @abstractmethod
    def real(self, v: Tensor) -> Tensor:
        """g(v): what a score is worth on real samples."""

    @abstractmethod
    def fake(self, v: Tensor) -> Tensor:
        """f*(g(v)): what a score costs on fake samples."""


@dataclass(frozen=True)
class TotalVariation(FGenerator):
    """f(u) = |u - 1| / 2, f*(t) = t for |t| <= 1/2, g(v) = tanh(v) / 2."""

    def f(self, u: Tensor) -> Tensor:
        return (u - 1).abs() / 2

    def slope(self, u: Tensor) -> Tensor:
        return (u - 1).sign() / 2

    def conjugate(self, t: Tensor) -> Tensor:
        return t

    def real(self, v: Tensor) -> Tensor:
        return v.tanh() / 2

    def fake(self, v: Tensor) -> Tensor:
        return v.tanh() / 2


@dataclass(frozen=True)
class KullbackLeibler(FGenerator):
    """f(u) = u log u, f*(t) = exp(t - 1), g(v) = v; `fake` grows as exp(v)."""

    def f(self, u: Tensor) -> Tensor:
        return torch.xlogy(u, u)

    def slope(self, u: Tensor) -> Tensor:
        return 1 + u.log()

    def conjugate(self, t: Tensor) -> Tensor:
        return (t - 1).exp()

    def real(self, v: Tensor) -> Tensor:
        return v

    def fake(self, v: Tensor) -> Tensor:
        return _exp(v - 1)


@dataclass(frozen=True)
class ReverseKullbackLeibler(FGenerator):
    """f(u) = -log u, f*(t) = -1 - log(-t) for t < 0, g(v) = -exp(-v); `real` falls as exp(-v)."""

    def f(self, u: Tensor) -> Tensor:
        return -u.log()

    def slope(self, u: Tensor) -> Tensor:
        return -1 / u

    def conjugate(self, t: Tensor) -> Tensor:
        return -1 - (-t).log()

    def real(self, v: Tensor) -> Tensor:
        return -_exp(-v)

    def fake(self, v: Tensor) -> Tensor:
        return v - 1


@dataclass(frozen=True)
class Pearson(FGenerator):
    """f(u) = (u - 1)^2, f*(t) = t^2 / 4 + t, g(v) = v.

    The conjugate is the paper's, which lets u be negative too: below t = -2 the bound is valid but not the tightest,
    and fake samples far from the data still feel a slope.
    """

    def f(self, u: Tensor) -> Tensor:
        return (u - 1).square()

    def slope(self, u: Tensor) -> Tensor:
        return 2 * (u - 1)

    def conjugate(self, t: Tensor) -> Tensor:
        return t.square() / 4 + t

    def real(self, v: Tensor) -> Tensor:
        return v

    def fake(self, v: Tensor) -> Tensor:
        return v.square() / 4 + v


@dataclass(frozen=True)
class Neyman(FGenerator):
    """f(u) = (1 - u)^2 / u, f*(t) = 2 - 2 sqrt(1 - t) for t < 1, g(v) = 1 - exp(-v); `real` falls as exp(-v)."""

    def f(self, u: Tensor) -> Tensor:
        return (1 - u).square() / u

    def slope(self, u: Tensor) -> Tensor:
        return 1 - u.square().reciprocal()

    def conjugate(self, t: Tensor) -> Tensor:
        return 2 - 2 * (1 - t).sqrt()

    def real(self, v: Tensor) -> Tensor:
        return 1 - _exp(-v)

    def fake(self, v: Tensor) -> Tensor:
        return 2 - 2 * _exp(-v / 2)


@dataclass(frozen=True)
class SquaredHellinger(FGenerator):
    """f(u) = (sqrt u - 1)^2, f*(t) = t / (1 - t) for t < 1, g(v) = 1 - exp(-v); grows as exp|v| on both sides."""

    def f(self, u: Tensor) -> Tensor:
        return (u.sqrt() - 1).square()

    def slope(self, u: Tensor) -> Tensor:
        return 1 - u.rsqrt()

    def conjugate(self, t: Tensor) -> Tensor:
        return t / (1 - t)

    def real(self, v: Tensor) -> Tensor:
        return 1 - _exp(-v)

    def fake(self, v: Tensor) -> Tensor:
        return v.clamp(max=_LARGEST_EXPONENT).expm1()


@dataclass(frozen=True)
class Jeffrey(FGenerator):
    """f(u) = (u - 1) log u, f*(t) = w + 1/w + t - 2 with w = W(exp(1 - t)), g(v) = v; `fake` grows as exp(v).

    W is Lambert's function; log w is found without the exponential of a large number.
    """

    def f(self, u: Tensor) -> Tensor:
        return (u - 1) * u.log()

    def slope(self, u: Tensor) -> Tensor:
        return u.log() + 1 - 1 / u

    def conjugate(self, t: Tensor) -> Tensor:
        log_w = log_omega(1 - t)
        return _exp(log_w) + _exp(-log_w) + t - 2

    def real(self, v: Tensor) -> Tensor:
        return v

    def fake(self, v: Tensor) -> Tensor:
        return self.conjugate(v)


@dataclass(frozen=True)
class Alpha(FGenerator):
    """f(u) = (u^a - 1 - a (u - 1)) / (a (a - 1)): near KL for a near 1, near reverse KL for a near 0.

    f*(t) = ((1 - (1 - a) t)^(a / (a - 1)) - 1) / a. For a < 1, t < 1 / (1 - a) and g(v) = 1 / (1 - a) - softplus(-v);
    for 0 < a < 1 `fake` grows as exp(v a / (1 - a)). For a > 1, g(v) = v, and f* is flat below t = 1 / (1 - a):
    there u would be negative.
    """

    alpha: float = 1.5

    def __post_init__(self) -> None:
        if self.alpha in (0, 1):
            raise RequestError(f"alpha={self.alpha}: that limit has a name of its own, reverse-kl (0) or kl (1)")

    def f(self, u: Tensor) -> Tensor:
        a = self.alpha
        return (u.pow(a) - 1 - a * (u - 1)) / (a * (a - 1))

    def slope(self, u: Tensor) -> Tensor:
        return (u.pow(self.alpha - 1) - 1) / (self.alpha - 1)

    def conjugate(self, t: Tensor) -> Tensor:
        a = self.alpha
        return ((1 - (1 - a) * t).clamp_min(0).pow(a / (a - 1)) - 1) / a

    def real(self, v: Tensor) -> Tensor:
        return v if self.alpha > 1 else 1 / (1 - self.alpha) - F.softplus(-v)

    def fake(self, v: Tensor) -> Tensor:
        a = self.alpha
        if a > 1:
            return self.conjugate(v)
        return (_exp(a / (a - 1) * (math.log(1 - a) + _log_softplus(-v))) - 1) / a


def log_omega(z: Tensor) -> Tensor:
    """The y with exp(y) + y = z, so that exp(y) = W(exp z), the Wright omega function.

    Newton's method from above, where it descends monotonically; the last two steps carry first and second derivatives.
    """
    with torch.no_grad():
        y = torch.where(z > 1, z.clamp_min(1).log(), z)
        for _ in range(6):
            y = y - (y.exp() + y - z) / (1 + y.exp())
    for _ in range(2):
        y = y - (y.exp() + y - z) / (1 + y.exp())
    return y


def _exp(x: Tensor) -> Tensor:
    """exp, held where single precision can follow."""
    return x.clamp(max=_LARGEST_EXPONENT).exp()


def _log_softplus(x: Tensor) -> Tensor:
    """log(softplus(x)), which is x itself where softplus(x) is too small a number to divide by."""
    return torch.where(x < -20, x, F.softplus(x.clamp_min(-20)).log())
