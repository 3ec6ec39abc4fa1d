"""Features of draws that are to be those of the data, as something added to an adversarial loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.generator import Generator, Pathwise
from sciencegen.core.objective import Loss, Objective, Ramp
from sciencegen.objectives.adversarial import Extra

__all__ = ["Matched", "Matching"]


class Matched(Extra):
    """weight E|f(fake) - f(x)|^2, where both were made under one condition: a law of physics that is known of them.

    `features` gives numbers [n, k] of one scale, and carries gradients. With `column` only those count whose condition
    knows that field: what was asked for is to be met, and what was not is free. `together` compares the means over a
    batch, which says nothing about a single draw.
    """

    def __init__(
        self,
        features: Callable[[Tensor], Tensor],
        weight: float | Ramp = 0.05,
        column: int | None = None,
        together: bool = False,
    ) -> None:
        super().__init__()
        self.features, self.column, self.together = features, column, together
        self.weight = weight if isinstance(weight, Ramp) else Ramp(weight, weight, 0)

    def forward(self, generator: Generator, batch: Batch, fake: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self.features(batch.x.to(fake.dtype))
        away = self.features(fake) - wanted
        if self.column is not None:
            assert batch.condition is not None
            away = away * batch.condition.known[:, self.column, None]
        away = away.mean(0) if self.together else away
        weighed: Tensor = self.weight.value * away.square().mean()
        return weighed

    def validation(self, generator: Generator, batch: Batch) -> Tensor | None:
        return None


class Matching(Objective):
    """Lower E|f(fake) - f(x)|^2 and nothing else: each draw is compared with the real sample of the same condition.

    `features` is as in `Matched`. Every field of a condition is forgotten with probability `hide`.
    """

    needs = (Pathwise,)

    def __init__(self, features: Callable[[Tensor], Tensor], hide: float = 0.0) -> None:
        super().__init__()
        self.matched, self.hide = Matched(features, 1.0), hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Pathwise)
        seen = Batch(batch.x, None if batch.condition is None else batch.condition.hide(self.hide))
        fake = generator.rview(len(seen), seen.condition)
        yield Loss("matching", self.matched(generator, seen, fake), generator)

    def validation(self, generator: Generator, batch: Batch) -> None:
        """None: draws that match features need not be like the data."""
        return None
