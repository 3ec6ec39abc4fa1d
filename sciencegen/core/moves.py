"""Moves that a texture does not care about: maps rolled, mirrored and turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Move"]


@dataclass(frozen=True)
class Move:
    """A move of maps [n, channels, *sides]: how far each axis is rolled, as a share of its side, which axes are
    mirrored, and their order where all sides are alike. Axes are counted from 0, the first behind the channels."""

    rolled: tuple[float, ...]
    mirrored: tuple[int, ...]
    order: tuple[int, ...]

    @classmethod
    def drawn(cls, dimensions: int, kinds: Sequence[str]) -> Move:
        """A move at random, of the `kinds` that are allowed: `roll`, `flip` and `turn`."""
        far, sides, ranks = torch.rand(3, dimensions).tolist()
        axes = range(dimensions)
        return cls(
            tuple(far) if "roll" in kinds else (0.0,) * dimensions,
            tuple(axis for axis in axes if sides[axis] < 0.5) if "flip" in kinds else (),
            tuple(sorted(axes, key=lambda axis: ranks[axis])) if "turn" in kinds else tuple(axes),
        )

    def __call__(self, x: Tensor) -> Tensor:
        """The maps, moved: maps of one size are moved alike."""
        sides = x.shape[2:]
        if any(self.rolled):
            shifts = [int(share * side) for share, side in zip(self.rolled, sides, strict=True)]
            x = x.roll(shifts, list(range(2, x.dim())))
        if self.mirrored:
            x = x.flip([axis + 2 for axis in self.mirrored])
        return x.permute(0, 1, *(axis + 2 for axis in self.order)) if len(set(sides)) == 1 else x
