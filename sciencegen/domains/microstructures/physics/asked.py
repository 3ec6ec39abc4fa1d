"""Numbers asked for: one for all images, a range to draw from, or one for each image."""

from __future__ import annotations

import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.errors import RequestError

__all__ = ["Asked", "asked_numbers", "asked_wholes"]

Asked = float | Interval | Tensor
"""A number; a range, drawn from uniformly; or a tensor [n]."""


def asked_numbers(
    name: str, asked: Asked, n: int, random: torch.Generator, low: float, high: float, why: str = ""
) -> Tensor:
    """The number of each image, float64 [n]; `why` says what bounds them."""
    if isinstance(asked, Tensor):
        if asked.shape != (n,):
            raise RequestError(f"{name}: expected a number for each of {n} images, got {list(asked.shape)}")
        found = asked.to(torch.float64)
        ends = (float(found.min()), float(found.max()))
    else:
        ends = (asked.low, asked.high) if isinstance(asked, Interval) else (float(asked), float(asked))
        found = torch.full((n,), ends[0], dtype=torch.float64)
    if not low <= ends[0] <= ends[1] <= high:
        given = Interval(*ends) if isinstance(asked, Tensor) else asked
        raise RequestError(f"{name}={_written(given)}: expected {low:g} to {high:g}{why and f': {why}'}")
    if isinstance(asked, Interval) and ends[0] < ends[1]:
        found += (ends[1] - ends[0]) * torch.rand(n, dtype=torch.float64, generator=random)
    return found


def asked_wholes(
    name: str, asked: Asked, n: int, random: torch.Generator, low: int, high: int, why: str = ""
) -> Tensor:
    """The whole number of each image, float64 [n]; both ends of a range may be drawn."""
    ends = (asked.low, asked.high) if isinstance(asked, Interval) else (asked,)
    if any(bool((torch.as_tensor(end) % 1 != 0).any()) for end in ends):
        raise RequestError(f"{name}={_written(asked)}: expected whole numbers")
    if not isinstance(asked, Interval):
        return asked_numbers(name, asked, n, random, low, high, why)
    asked_numbers(name, torch.tensor(ends), 2, random, low, high, why)
    inside = Interval(asked.low, asked.high + 1)
    return asked_numbers(name, inside, n, random, low, high + 1).floor().clamp(max=asked.high)


def _written(asked: Asked) -> str:
    return f"{asked:g}" if isinstance(asked, float) else str(asked)
