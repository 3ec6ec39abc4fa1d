"""Settings: everything about a training run that is not the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from sciencegen.core.batch import Batches
from sciencegen.errors import RequestError

__all__ = ["Settings"]

_WHOLE = {"epochs": 0, "steps": 0, "warmup": 0, "patience": 0, "validate": 0}
_COUNTS = {"batch": 1, "accumulate": 1, "devices": 1, "nodes": 1}
_BOUNDS: dict[str, tuple[float, float]] = {
    **{name: (low, math.inf) for name, low in (_WHOLE | _COUNTS).items()},
    **dict.fromkeys(("rate", "objective_rate", "decay"), (0, 1000000.0)),
    **dict.fromkeys(("clip", "save"), (0, math.inf)),
    **dict.fromkeys(("ema", "beta1", "beta2"), (0, 1)),
    "seed": (0, 2**63 - 1),
}


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
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                wanted = f"a number from {low} to {high}" if math.isfinite(high) else f"{low} or more"
                raise RequestError(f"{name}={value}: expected {wanted}")
        if not self.rate > 0:
            raise RequestError(f"rate={self.rate}: expected a number above 0")
        for name in ("ema", "beta1", "beta2"):
            if getattr(self, name) == 1:
                raise RequestError(f"{name}=1: expected a number below 1, such as 0.999")

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
