"""Quadrature: what is known exactly of a density of one or two coordinates, by summing over a grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid:
    """A density exp(log_density) on a grid over a box, by the rule of middle points."""

    x: Tensor  # [n, d]
    log_mass: Tensor  # [n]

    @classmethod
    def over(
        cls, log_density: Callable[[Tensor], Tensor], box: Sequence[tuple[float, float]], points: int = 1200
    ) -> Grid:
        """So many points along every side of a box, in double precision."""
        lines, cell = [], 1.0
        for low, high in box:
            step = (high - low) / points
            lines.append(low + step * (torch.arange(points, dtype=torch.float64) + 0.5))
            cell *= step
        x = torch.cartesian_prod(*lines).view(-1, len(lines))
        with torch.no_grad():
            log_p = torch.cat([log_density(part) for part in x.split(200_000)])
        return cls(x, log_p + math.log(cell))

    @property
    def log_partition(self) -> float:
        """ln of the integral."""
        return float(self.log_mass.logsumexp(0))

    def mean(self, measure: Callable[[Tensor], Tensor]) -> float:
        """The mean of a number."""
        return float((self.log_mass.softmax(0) * measure(self.x).double()).sum())

    def log_ratio(self, one: Callable[[Tensor], Tensor], other: Callable[[Tensor], Tensor]) -> float:
        """ln(P(one) / P(other)) of two regions."""
        a, b = (self.log_mass[region(self.x)].logsumexp(0) for region in (one, other))
        return float(a - b)
