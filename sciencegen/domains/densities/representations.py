"""Points as standardised numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Reals
from sciencegen.domains.densities.properties import Point
from sciencegen.errors import DataError

__all__ = ["Standardised"]


@dataclass(frozen=True)
class Standardised(Representation[Point]):
    """Each column less its mean, over its spread."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, items: Sequence[Point]) -> Self:
        x, names = np.stack([item.values for item in items]), items[0].names
        mean, std = x.mean(0), x.std(0)
        for name, spread in zip(names, std, strict=True):
            if not spread > 0:
                raise DataError(f"column {name} has one value only: remove it, it has no density")
        return cls(names, tuple(mean.tolist()), tuple(std.tolist()))

    @property
    def space(self) -> Reals:
        return Reals((len(self.names),))

    @property
    def log_volume(self) -> float:
        return -sum(math.log(std) for std in self.std)

    def state(self) -> dict[str, Any]:
        return {"names": list(self.names), "mean": list(self.mean), "std": list(self.std)}

    def encode(self, items: Sequence[Point]) -> Tensor:
        for row, item in enumerate(items, 1):
            if item.names != self.names:
                given, wanted = ", ".join(item.names), ", ".join(self.names)
                raise DataError(f"row {row} has the columns {given}; expected {wanted}")
        x = np.stack([item.values for item in items])
        standard = (x - np.array(self.mean)) / np.array(self.std)
        return torch.from_numpy(standard).to(torch.get_default_dtype())

    def decode(self, x: Tensor) -> list[Point | None]:
        values = x.double().cpu().numpy() * np.array(self.std) + np.array(self.mean)
        finite = np.isfinite(values).all(1)
        return [Point(self.names, row) if ok else None for row, ok in zip(values, finite, strict=True)]
