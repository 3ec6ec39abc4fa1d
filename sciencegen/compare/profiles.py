"""Free-energy profiles: how unlikely each value of a coordinate is, from weighed draws."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Profile", "profile"]


@dataclass(frozen=True)
class Profile:
    """-ln of the probability of every bin that holds some, with its standard error."""

    edges: Tensor  # [bins + 1]
    kept: Tensor  # [kept], the bins that hold some
    value: Tensor  # [kept]
    error: Tensor  # [kept]

    @property
    def where(self) -> Tensor:
        """The middles of the bins."""
        return ((self.edges[:-1] + self.edges[1:]) / 2)[self.kept]


def profile(values: Tensor, log_w: Tensor, edges: Tensor) -> Profile:
    """The profile of values [n] of draws with weights exp(log_w), each bin as probable as its share of all weight."""
    bins, share = len(edges) - 1, log_w.double().softmax(0)
    inside = (values >= edges[0]) & (values <= edges[-1])
    index = torch.bucketize(values[inside], edges[1:-1])
    total, square = (
        torch.zeros(bins, dtype=torch.float64).index_add(0, index, part[inside]) for part in (share, share.square())
    )
    kept = (total > 0).nonzero()[:, 0]
    return Profile(edges, kept, -total[kept].log(), square[kept].sqrt() / total[kept])
