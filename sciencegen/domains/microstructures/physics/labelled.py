"""Images whose labels are known because we made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from sciencegen.errors import RequestError

__all__ = ["Labelled", "Progress", "blank", "streams"]

Progress = Callable[[int], None]
"""Told how many images are done, now and then."""

_SMALLEST = 8


@dataclass(frozen=True)
class Labelled:
    """Periodic images of numbered phases, or of grey levels where there are none, and what is known of each without
    measuring it."""

    images: Tensor  # uint8 [n, *shape]
    phases: int
    columns: Mapping[str, Tensor] = field(default_factory=dict)  # float64 [n] each
    beside: Mapping[str, Labelled] = field(default_factory=dict)
    """Other images, of which each belongs to one of these, by name."""


def blank(n: int, shape: tuple[int, ...]) -> Tensor:
    """Images of phase 0 alone, or a refusal of a number or a shape that makes no sense."""
    size = "x".join(map(str, shape))
    if n < 1:
        raise RequestError(f"n={n}: expected 1 image or more")
    if len(shape) not in (2, 3) or min(shape) < _SMALLEST:
        raise RequestError(f"size={size}: expected two or three sides of {_SMALLEST} pixels or more")
    try:
        return torch.zeros(n, *shape, dtype=torch.uint8)
    except RuntimeError:  # what torch says of memory
        raise RequestError(f"n={n}, size={size}: these images do not fit in memory; ask for fewer") from None


def streams(n: int, random: torch.Generator) -> list[int]:
    """A seed for each image: what is drawn for one does not depend on those made before or together with it."""
    seeds: list[int] = torch.randint(2**63 - 1, (n,), generator=random).tolist()
    return seeds
