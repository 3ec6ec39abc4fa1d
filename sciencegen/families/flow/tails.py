"""Tails: each entry by itself, so that far values come near before others are looked at."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.univariate import soft_clip

__all__ = ["HeavyTails"]


class HeavyTails(Transform):
    """z = sinh(b asinh(x) - a), entry by entry: tails as heavy as x^(1/b) and leaning to one side become normal ones
    (Sinh-arcsinh distributions; Jones, Pewsey; 2009)."""

    cheap = "both"

    def __init__(self, entries: int, bound: float = 3.0) -> None:
        super().__init__()
        self.lean, self.log_weight = nn.Parameter(torch.zeros(entries)), nn.Parameter(torch.zeros(entries))
        self.bound = bound

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        log_weight, lean = soft_clip(self.log_weight, self.bound), soft_clip(self.lean, self.bound)
        far = torch.asinh(x)
        bent = far * log_weight.exp() - lean
        slope = log_weight + _log_cosh(bent) - _log_cosh(far)
        return Mapped(torch.sinh(bent.clamp(-_MOST, _MOST)), slope.sum(-1))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        log_weight, lean = soft_clip(self.log_weight, self.bound), soft_clip(self.lean, self.bound)
        bent = torch.asinh(z)
        far = (bent + lean) * torch.exp(-log_weight)
        slope = _log_cosh(far) - log_weight - _log_cosh(bent)
        return Mapped(torch.sinh(far.clamp(-_MOST, _MOST)), slope.sum(-1))


_MOST = 40.0
"""Values beyond e^40 are no numbers that single precision squares."""


def _log_cosh(x: Tensor) -> Tensor:
    far = x.abs()
    return far + F.softplus(-2 * far) - math.log(2)
