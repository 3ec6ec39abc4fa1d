"""Transforms: invertible maps with a known change of volume."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

__all__ = ["Direction", "Mapped", "Transform"]

Direction = Literal["both", "to_noise", "to_data"]


@dataclass(frozen=True)
class Mapped:
    """Where points went, and the log of how much volume grew on the way."""

    x: Tensor  # [n, d]
    log_volume: Tensor  # [n]


class Transform(nn.Module, ABC):
    """An invertible map between data and noise."""

    cheap: Direction
    """What needs one pass; the other direction goes step by step."""
    exact: Direction = "both"
    """What is a formula; the other direction solves it for its inverse, to the last digits."""

    def compiled(self) -> Transform:
        """The same weights with compiled arithmetic, where there is some that is worth it; otherwise itself."""
        return self

    def extra_repr(self) -> str:
        """Say which direction is cheap, and which is a formula."""
        return f"cheap: {self.cheap}, exact: {self.exact}"

    @abstractmethod
    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        """From data towards noise: the direction of a density."""

    @abstractmethod
    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        """From noise towards data: the direction of a sample."""
