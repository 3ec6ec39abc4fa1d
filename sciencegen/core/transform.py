"""Transforms: invertible maps with a known change of volume."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

__all__ = ["Mapped", "Transform"]


@dataclass(frozen=True)
class Mapped:
    """Where points went, and the log of how much volume grew on the way."""

    x: Tensor  # [n, d]
    log_volume: Tensor  # [n]


class Transform(nn.Module, ABC):
    """An invertible map between data and noise.

    `cheap` names the direction that needs one pass: "both", "to_noise" or "to_data".
    """

    cheap: str

    @abstractmethod
    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        """From data towards noise: the direction of a density."""

    @abstractmethod
    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        """From noise towards data: the direction of a sample."""
