"""A Gaussian copula of draws: what is missing of a row is likely to be, given what is there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

__all__ = ["Copula", "Given"]

_KNOTS = 33
_NOISE = 1e-3
"""Of a unit variance: columns that follow from others are not proposed as exact."""
_WIDER = 1.2
"""How much wider than draws proposals are: what is proposed too seldom costs more than what is proposed too often."""


@dataclass(frozen=True)
class Given:
    """Normal scores of the missing entries of rows, given the others: z = mean + spread * noise, or 0 * noise."""

    missing: Tensor  # [n, d]
    mean: Tensor  # [n, d]
    root: Tensor  # [n, d, d], lower: of the precision

    def scores(self, noise: Tensor) -> Tensor:
        """Normal scores [..., n, d] of standard normal noise."""
        away = torch.linalg.solve_triangular(self.root.mT, (noise * self.missing)[..., None], upper=True)[..., 0]
        return torch.where(self.missing, self.mean + _WIDER * away, self.mean)

    def log_prob(self, noise: Tensor) -> Tensor:
        """The log-density of the scores that `noise` stands for [..., n]."""
        many = self.missing.sum(-1)
        grown = self.root.diagonal(dim1=-2, dim2=-1).log().where(self.missing, 0.0).sum(-1)
        normal = -0.5 * (noise.square().where(self.missing, 0.0).sum(-1) + many * math.log(2 * math.pi))
        return normal + grown - many * math.log(_WIDER)


@dataclass(frozen=True)
class Copula:
    """Curves from every column to normal scores, straight between knots, and how the scores hang together."""

    knots: Tensor  # [d, k]
    scores: Tensor  # [k]
    precision: Tensor  # [d, d]

    @classmethod
    def of(cls, draws: Tensor) -> Self:
        """The copula of draws [n, d]."""
        draws = draws[draws.isfinite().all(-1)]
        shares = (torch.arange(_KNOTS, device=draws.device, dtype=draws.dtype) + 0.1) / (_KNOTS - 0.8)
        knots = torch.quantile(draws, shares, 0).t().contiguous()
        apart = (knots[:, -1:] - knots[:, :1]).clamp_min(1e-6) * 1e-4
        knots = knots + apart * torch.arange(_KNOTS, device=draws.device)  # no two in one place
        copula = cls(knots, torch.special.ndtri(shares), draws.new_zeros(0))
        z = copula.normal(draws)
        covariance = torch.cov(z.t()).view(len(knots), -1)
        precision = torch.linalg.inv(covariance + _NOISE * torch.eye(len(knots), dtype=z.dtype, device=z.device))
        return cls(knots, copula.scores, (precision + precision.t()) / 2)

    def normal(self, x: Tensor) -> Tensor:
        """The normal scores of rows [n, d]."""
        at = torch.searchsorted(self.knots, x.t().contiguous()).clamp(1, _KNOTS - 1)
        low, high = self.knots.gather(1, at - 1), self.knots.gather(1, at)
        share = (x.t() - low) / (high - low)
        return (self.scores[at - 1] + share * (self.scores[at] - self.scores[at - 1])).t()

    def values(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The entries that normal scores [n, d] stand for, and the logarithms of their slopes there."""
        at = torch.searchsorted(self.scores, z.t().contiguous()).clamp(1, _KNOTS - 1)
        low, high = self.knots.gather(1, at - 1), self.knots.gather(1, at)
        slope = (high - low) / (self.scores[at] - self.scores[at - 1])
        return (low + (z.t() - self.scores[at - 1]) * slope).t(), slope.log().t()

    def given(self, x: Tensor, known: Tensor) -> Given:
        """What the entries that are not `known` of rows may be; what stands there does not matter."""
        z = self.normal(x.where(known, torch.zeros_like(x))).where(known, torch.zeros_like(x))
        missing = ~known
        both = missing[:, :, None] & missing[:, None, :]
        one = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        root = torch.linalg.cholesky(torch.where(both, self.precision, one))
        pulled = (z @ self.precision).where(missing, torch.zeros_like(z))
        mean = -torch.cholesky_solve(pulled[..., None], root)[..., 0]
        return Given(missing, torch.where(known, z, mean), root)
