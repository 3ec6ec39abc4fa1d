"""Points as standardised numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from sciencegen.domains.densities.properties import Point
from sciencegen.domains.densities.scaled import Scaled, stacked
from sciencegen.errors import DataError

__all__ = ["Standardised"]


@dataclass(frozen=True)
class Standardised(Scaled):
    """Each column less its mean, over its spread."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        self.check("mean", "std")

    @classmethod
    def fit(cls, items: Sequence[Point]) -> Self:
        x, names = stacked(items), items[0].names
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std, width = x.mean(0), x.std(0), np.ptp(x, axis=0)
        for name, far, spread in zip(names, width, std, strict=True):
            if not far > 0:
                raise DataError(f"column {name} has one value only: remove it, it has no density")
            if not 0 < spread < np.inf:
                raise DataError(f"column {name} has numbers too large or too small to standardise: scale it")
        return cls(names, tuple(mean.tolist()), tuple(std.tolist()))

    @property
    def middles(self) -> tuple[float, ...]:
        return self.mean

    @property
    def scales(self) -> tuple[float, ...]:
        return self.std

    def state(self) -> dict[str, Any]:
        return {"names": list(self.names), "mean": list(self.mean), "std": list(self.std)}
