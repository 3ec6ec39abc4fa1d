"""The Frechet distance of two Gaussians, as it is used to compare activations of a network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Gaussian", "frechet"]


@dataclass(frozen=True)
class Gaussian:
    """The mean and the covariance of some feature vectors."""

    mean: Tensor  # [k]
    covariance: Tensor  # [k, k]

    @classmethod
    def fit(cls, x: Tensor) -> Gaussian:
        """The Gaussian of at least two feature vectors."""
        x = x.double()
        return cls(x.mean(0), x.t().cov())


def frechet(a: Gaussian, b: Gaussian) -> float:
    """|mu_a - mu_b|^2 + tr(A + B - 2 (A B)^(1/2)) (Frechet; 1957).

    (A B)^(1/2) has the trace of (A^(1/2) B A^(1/2))^(1/2), a symmetric matrix, whose eigenvalues are never complex.
    """
    values, vectors = torch.linalg.eigh(a.covariance)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.t()
    cross = torch.linalg.eigvalsh(root @ b.covariance @ root).clamp_min(0).sqrt().sum()
    apart = (a.mean - b.mean).square().sum()
    return float(apart + a.covariance.trace() + b.covariance.trace() - 2 * cross)
