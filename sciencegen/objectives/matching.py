"""Features of draws that are to be those of the data, as something added to an adversarial loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Generator
from sciencegen.objectives.adversarial import Extra

__all__ = ["Matched"]


class Matched(Extra):
    """weight E|f(fake) - f(x)|^2, where both were made under one condition: a law of physics that is known of them.

    `features` gives numbers [n, k] of one scale, and carries gradients.
    """

    def __init__(self, features: Callable[[Tensor], Tensor], weight: float = 0.05) -> None:
        super().__init__()
        self.features, self.weight = features, weight

    def forward(self, generator: Generator, batch: Batch, fake: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self.features(batch.x.to(fake.dtype))
        return self.weight * (self.features(fake) - wanted).square().mean()

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        return None
