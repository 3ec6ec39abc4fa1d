"""Fields moved up or down, so that their level sets have the share asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from sciencegen.core.condition import Condition
from sciencegen.families.fields.fields import Finish

__all__ = ["Quantile"]


class Quantile(Finish):
    """Fields of two phases, moved up or down until the share above 0 is the one asked for, where one is.

    `column` is where the share stands among the numbers of a condition, `mean` and `std` what it is standardised by.
    """

    def __init__(self, column: int, mean: float, std: float) -> None:
        super().__init__()
        self.column, self.mean, self.std = column, mean, std

    def forward(self, x: Tensor, condition: Condition | None) -> Tensor:
        if condition is None or not bool(condition.known[:, self.column].any()):
            return x
        share = (condition.values[:, self.column] * self.std + self.mean).expand(len(x)).clamp(0, 1)
        known = condition.known[:, self.column].expand(len(x))
        flat = x.flatten(1)
        many = (share * flat.shape[1]).round().long().clamp(1, flat.shape[1] - 1)[:, None]
        order = flat.detach().argsort(dim=1, descending=True)
        level = flat.gather(1, order.gather(1, torch.cat((many - 1, many), 1))).mean(1, keepdim=True)
        moved = level.where(known[:, None], torch.zeros_like(level))
        return x - moved.view(-1, *(1,) * (x.dim() - 1))
