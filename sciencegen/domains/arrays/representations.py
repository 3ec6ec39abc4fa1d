"""Arrays as bits or levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
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

    def __post_init__(self) -> None:
        whole = isinstance(self.shape, tuple) and all(type(n) is int for n in (*self.shape, self.levels))
        if not whole or not self.shape or min(self.shape) < 1 or not 2 <= self.levels <= 65536:
            raise ValueError(f"shape={self.shape}, levels={self.levels}: expected sizes above 0 and 2 to 65536 levels")

    @classmethod
    def fit(cls, items: Sequence[Array]) -> Self:
        x = _stacked(items, np.shape(items[0]))
        return cls(x.shape[1:], max(2, 1 + int(x.max())))

    @property
    def space(self) -> Space:
        return Bits(self.shape) if self.levels == 2 else Levels(self.shape, self.levels)

    @property
    def log_volume(self) -> float:
        return 0.0

    def state(self) -> dict[str, Any]:
        return {"shape": list(self.shape), "levels": self.levels}

    def encode(self, items: Sequence[Array]) -> Tensor:
        x = _stacked(items, self.shape)
        above = np.flatnonzero((x >= self.levels).reshape(len(x), -1).any(1))
        if len(above):
            row = above[0]
            raise DataError(f"array {row + 1} has entries up to {x[row].max()}: expected 0 to {self.levels - 1}")
        return torch.from_numpy(x.astype(np.uint8 if self.levels <= 256 else np.int32))

    def decode(self, x: Tensor) -> list[Array | None]:
        return list(x.cpu().numpy().astype(np.uint8 if self.levels <= 256 else np.int32))


def _stacked(items: Sequence[Array], shape: tuple[int, ...]) -> NDArray[Any]:
    """Arrays of one shape as one array, or an error that names the first that is no array of whole numbers."""
    for row, item in enumerate(items, 1):
        if np.shape(item) != shape or not np.size(item):
            given = _times(np.shape(item)) or "none"
            raise DataError(f"array {row} has shape {given}, expected {_times(shape) or 'some entries'}")
    x = np.stack(list(items))
    if x.dtype.kind not in "biuf":
        raise DataError(f"the arrays hold entries of type {x.dtype}: expected whole numbers")
    odd = (x < 0) | (x > 65535) | (x != np.floor(x) if x.dtype.kind == "f" else False)
    rows = np.flatnonzero(odd.reshape(len(x), -1).any(1))
    if len(rows):
        raise DataError(f"array {rows[0] + 1} has entries that are not whole numbers from 0 to 65535")
    return x


def _times(shape: Sequence[int]) -> str:
    return "x".join(str(n) for n in shape)
