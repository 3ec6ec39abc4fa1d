"""Maps of single numbers, laid out entry after entry with samples innermost."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
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
    if torch.is_grad_enabled() and (x.requires_grad or scale.requires_grad):
        return Moved(*_Scaled.apply(x, scale, shift, bound, inverse))  # type: ignore[no-untyped-call]
    return _scale(x, scale, shift, bound, inverse)


def _scale(x: Tensor, scale: Tensor, shift: Tensor, bound: float, inverse: bool) -> Moved:
    by = scale.abs().div_(-bound if inverse else bound)
    log_slope = scale / (by.sub_(1) if inverse else by.add_(1))
    if inverse:
        return Moved((x - shift) * log_slope.exp(), log_slope)
    return Moved(torch.addcmul(shift, x, log_slope.exp()), log_slope)


class _Scaled(torch.autograd.Function):
    """The same with a gradient of few operations."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor, bound: float, inverse: bool) -> Moved:
        there = _scale(x, scale, shift, bound, inverse)
        ctx.save_for_backward(x, scale, shift, *there)
        ctx.how = (bound, inverse)
        return there

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, shift, y, log_slope = ctx.saved_tensors
        bound, inverse = ctx.how
        if torch.is_grad_enabled():  # somebody differentiates the gradient
            there = _scale(x, scale, shift, bound, inverse)
            return *torch.autograd.grad(there, (x, scale, shift), gradients, create_graph=True), None, None
        to_y, to_slope = gradients
        to_x = to_y * log_slope.exp()
        to_shift = -to_x if inverse else to_y
        to_scale = _summed(to_y * y if inverse else to_x * x, scale).add_(to_slope)
        clip = scale.abs().div_(bound).add_(1)
        to_scale.div_(clip).div_(clip.neg() if inverse else clip)
        return to_x, to_scale, _summed(to_shift, shift), None, None


def _summed(gradient: Tensor, like: Tensor) -> Tensor:
    """Over what was broadcast."""
    return gradient if gradient.shape == like.shape else gradient.sum_to_size(like.shape)
