"""One phase of a batch of images, in two or three dimensions: how much of every pixel lies in it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sciencegen.errors import DataError

__all__ = ["hard", "pairs", "soft", "unit"]


def soft(x: Tensor) -> Tensor:
    """The images as floating-point numbers: those they are made of, or 0 and 1."""
    _check(x)
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


def hard(x: Tensor) -> Tensor:
    """The images as booleans: what is more than half in the phase is in it."""
    _check(x)
    if x.dtype == torch.bool:
        return x
    if x.isnan().any():
        raise DataError(f"image {int(x.isnan().flatten(1).any(1).nonzero()[0])} has entries that are no number")
    return x > 0.5


def pairs(x: Tensor, step: Sequence[int], periodic: bool) -> tuple[Tensor, Tensor]:
    """The entries at all places, and those a step further on; in images that end, where both lie inside.

    x: Tensor  # [n, *sides, ...]
    """
    if periodic:
        return x, x.roll([-one for one in step], tuple(range(1, 1 + len(step))))
    here = tuple(slice(max(-one, 0), side - max(one, 0)) for one, side in zip(step, x.shape[1:], strict=False))
    there = tuple(slice(max(one, 0), side - max(-one, 0)) for one, side in zip(step, x.shape[1:], strict=False))
    return x[:, *here], x[:, *there]


def unit(axis: int, dimensions: int) -> tuple[int, ...]:
    """The step to the next pixel along an axis."""
    return tuple(int(other == axis) for other in range(dimensions))


def _check(x: Tensor) -> None:
    shape = "x".join(map(str, x.shape))
    if x.ndim not in (3, 4) or not x.numel():
        raise DataError(f"images of shape {shape}: expected [n, h, w], or [n, d, h, w] for volumes, none of them empty")
    if not x.is_floating_point() and x.dtype != torch.bool and not ((x == 0) | (x == 1)).all():
        raise DataError(f"images with entries from {int(x.min())} to {int(x.max())}: expected one phase, as 0 and 1")
