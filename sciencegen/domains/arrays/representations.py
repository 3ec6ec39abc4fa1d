"""Arrays as bits or levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Bits, Levels, Space
from sciencegen.domains.arrays.properties import Array
from sciencegen.errors import DataError

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid(Representation[Array]):
    """Arrays of one shape with entries below `levels`; two levels are bits."""

    shape: tuple[int, ...]
    levels: int

    @classmethod
    def fit(cls, items: Sequence[Array]) -> Self:
        return cls(tuple(items[0].shape), max(2, 1 + max(int(item.max()) for item in items)))

    @property
    def space(self) -> Space:
        return Bits(self.shape) if self.levels == 2 else Levels(self.shape, self.levels)

    @property
    def log_volume(self) -> float:
        return 0.0

    def state(self) -> dict[str, Any]:
        return {"shape": list(self.shape), "levels": self.levels}

    def encode(self, items: Sequence[Array]) -> Tensor:
        for row, item in enumerate(items, 1):
            if tuple(item.shape) != self.shape:
                raise DataError(f"array {row} has shape {_times(item.shape)}, expected {_times(self.shape)}")
            if item.min() < 0 or item.max() >= self.levels:
                raise DataError(
                    f"array {row} has entries {item.min()} to {item.max()}, expected 0 to {self.levels - 1}"
                )
        return torch.from_numpy(np.stack(items).astype(np.uint8 if self.levels <= 256 else np.int32))

    def decode(self, x: Tensor) -> list[Array | None]:
        return list(x.cpu().numpy().astype(np.uint8 if self.levels <= 256 else np.int32))


def _times(shape: Sequence[int]) -> str:
    return "x".join(str(n) for n in shape)
