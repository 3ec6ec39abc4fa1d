"""The real line on a circle."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform

__all__ = ["Wrapped", "angle"]


def angle(x: Tensor) -> Tensor:
    """The same angle in [-pi, pi)."""
    return torch.remainder(x + math.pi, 2 * math.pi) - math.pi


class Wrapped(Transform):
    """x = 2 pi Phi(z) - pi = pi erf(z / sqrt 2): a standard normal is carried onto uniform angles in (-pi, pi).

    Stands last, next to the noise, behind transforms of angles. Both directions are exact and cheap; the log-volume is
    that of the formula, however far out, and angles end one digit before pi, where the normal would be infinite.
    """

    cheap = "both"

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        most = 1 - torch.finfo(x.dtype).eps
        z = math.sqrt(2) * torch.erfinv((angle(x) / math.pi).clamp(-most, most))
        return Mapped(z, -_log_volume(z))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        most = 1 - torch.finfo(z.dtype).eps
        return Mapped(math.pi * torch.erf(z / math.sqrt(2)).clamp(-most, most), _log_volume(z))


def _log_volume(z: Tensor) -> Tensor:
    return (0.5 * math.log(2 * math.pi) - 0.5 * z.square()).sum(-1)
