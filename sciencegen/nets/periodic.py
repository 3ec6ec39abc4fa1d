"""What goes on at the other side: the borders of a periodic map, laid around it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["wrapped"]


def wrapped(x: Tensor, before: int, after: int) -> Tensor:
    """Maps [n, channels, *sides] with so many pixels of the other side before and after each axis.

    The same as `F.pad(..., mode="circular")`, which spends on its gradients what a small convolution costs.
    """
    if not before and not after:
        return x
    out: Tensor = _Wrap.apply(x, before, after)  # type: ignore[no-untyped-call]
    return out


class _Wrap(torch.autograd.Function):
    """Lays borders around; its gradient folds them back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, before: int, after: int) -> Tensor:
        ctx.borders = before, after
        for axis in range(2, x.dim()):
            side = x.shape[axis]
            parts = (x.narrow(axis, side - before, before), x, x.narrow(axis, 0, after))
            x = torch.cat([part for part in parts if part.shape[axis]], axis)
        return x

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return _Fold.apply(grads[0], *ctx.borders), None, None  # type: ignore[no-untyped-call]


class _Fold(torch.autograd.Function):
    """Adds borders to the pixels they show; its gradient lays them around."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, before: int, after: int) -> Tensor:
        ctx.borders = before, after
        for axis in reversed(range(2, x.dim())):
            side = x.shape[axis] - before - after
            middle = x.narrow(axis, before, side).clone(memory_format=torch.preserve_format)
            middle.narrow(axis, side - before, before).add_(x.narrow(axis, 0, before))
            middle.narrow(axis, 0, after).add_(x.narrow(axis, before + side, after))
            x = middle
        return x

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        return _Wrap.apply(grads[0], *ctx.borders), None, None  # type: ignore[no-untyped-call]
