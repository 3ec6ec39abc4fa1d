"""Maps of single numbers, laid out entry after entry with samples innermost."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

__all__ = ["Moved", "scaled", "soft_clip"]


class Moved(NamedTuple):
    """Where numbers went, and the log of the slope there."""

    x: Tensor  # [entries, n]
    log_slope: Tensor  # [entries, n]


def soft_clip(x: Tensor, bound: float) -> Tensor:
    """`x` near 0, never beyond `bound`: a log-scale that no training step can blow up."""
    return x / (1 + x.abs() / bound)


def scaled(x: Tensor, scale: Tensor, shift: Tensor, bound: float, inverse: bool) -> Moved:
    """x exp(s) + t with s = soft_clip(scale), or its inverse."""
    scale = soft_clip(scale, bound)
    if inverse:
        return Moved((x - shift) * (-scale).exp(), -scale)
    return Moved((x * scale.exp()).add(shift), scale)
