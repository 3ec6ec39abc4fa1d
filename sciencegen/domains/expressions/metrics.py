"""How alike expressions are, and how far two sets of them are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sciencegen.compare.histograms import jensen_shannon, wasserstein
from sciencegen.core.domain import Likeness
from sciencegen.domains.expressions.properties import measured
from sciencegen.domains.expressions.target import Target
from sciencegen.domains.expressions.tree import parsed

__all__ = ["ValueLikeness", "compare"]

_COMPARED = ("length", "size", "depth", "error", "roots")


def compare(ours: Sequence[str], theirs: Sequence[str], target: Target) -> dict[str, float]:
    """The Jensen-Shannon divergence of names, the shares that are new and that differ, and Wasserstein distances of
    properties in standard deviations of theirs."""
    known, names = set(theirs), [[name for item in side for name in parsed(item).names] for side in (ours, theirs)]
    report = {
        "name divergence": jensen_shannon(*names),
        "novelty": sum(item not in known for item in ours) / len(ours),
        "distinct": len(set(ours)) / len(ours),
    }
    a, b = (measured(side, _COMPARED, target) for side in (ours, theirs))
    for name in _COMPARED:
        left, right = (torch.tensor(side[name], dtype=torch.float64) for side in (a, b))
        std = float(right.std(correction=0)) or 1.0
        report[f"{name} (Wasserstein)"] = wasserstein(left, right) / std
    return report


class ValueLikeness(Likeness):
    """How near the values of expressions are, as angles: 1 - mean |atan f - atan g| / pi; where only one has a value
    they are as far apart as can be."""

    def __init__(self, items: Sequence[str], target: Target) -> None:
        values = np.stack([target.values(item) for item in items]) if items else np.empty((0, target.points))
        self._angles = torch.from_numpy(np.arctan(values).astype(np.float32))

    def __len__(self) -> int:
        return len(self._angles)

    def to(self, index: int) -> Tensor:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index={index}: there are {len(self):,} expressions")
        away = (self._angles - self._angles[index]).abs() / torch.pi
        absent = self._angles.isnan()
        away = away.where(~absent & ~absent[index], (absent != absent[index]).to(away.dtype))
        return 1 - away.double().mean(1)
