"""Settings: everything about a training run that is not the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from sciencegen.core.batch import Batches
from sciencegen.errors import RequestError

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How to train. `steps` wins over `epochs`; `patience` counts validations without improvement (0: never stop)."""

    epochs: int = 10
    steps: int = 0
    batch: int = 128
    rate: float = 1e-3
    objective_rate: float = 0.0  # 0: the same as rate
    beta1: float = 0.9
    beta2: float = 0.999
    decay: float = 0.0
    clip: float = 1.0  # 0: off
    warmup: int = 0
    schedule: Literal["constant", "cosine"] = "constant"
    accumulate: int = 1
    ema: float = 0.0  # 0: off
    patience: int = 0
    validate: int = 0  # every so many steps; 0: every epoch
    save: float = 60.0  # seconds between checkpoints
    seed: int = 0
    precision: Literal["32", "bf16", "64"] = "32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    devices: int = 1
    nodes: int = 1

    def __post_init__(self) -> None:
        least = {"batch": 1, "accumulate": 1, "devices": 1, "nodes": 1, "epochs": 0, "steps": 0, "warmup": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise RequestError(f"{name}={getattr(self, name)}: expected {low} or more")
        if not self.rate > 0 or not math.isfinite(self.rate):
            raise RequestError(f"rate={self.rate}: expected a number above 0")
        if not 0 <= self.ema < 1:
            raise RequestError(f"ema={self.ema}: expected a number from 0 up to but not including 1, such as 0.999")

    @property
    def dtype(self) -> torch.dtype:
        """What weights are kept in."""
        return torch.float64 if self.precision == "64" else torch.float32

    @property
    def engine_precision(self) -> Literal["32-true", "64-true", "bf16-mixed"]:
        """The precision in the engine's words."""
        names: dict[str, Literal["32-true", "64-true", "bf16-mixed"]] = {"32": "32-true", "64": "64-true"}
        return names.get(self.precision, "bf16-mixed")

    def total(self, batches: Batches) -> int:
        """How many steps there will be."""
        return self.steps or self.epochs * batches.per_epoch

    def rate_at(self, step: int, total: int) -> float:
        """What the learning rate is multiplied by."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        if self.schedule == "constant":
            return 1.0
        done = (step - self.warmup) / max(total - self.warmup, 1)
        return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
