"""How alike sentences are: by the short runs of characters they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sciencegen.core.domain import Likeness

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SentenceLikeness", "runs"]

_LONGEST = 3


def runs(sentence: str) -> set[str]:
    """The different runs of one to three characters of a sentence."""
    return {sentence[i : i + size] for size in range(1, _LONGEST + 1) for i in range(len(sentence) - size + 1)}


class SentenceLikeness(Likeness):
    """The Tanimoto similarity of the runs of characters of sentences: shared / in either."""

    def __init__(self, items: Sequence[str]) -> None:
        found = [runs(item) for item in items]
        numbers = {run: i for i, run in enumerate(sorted(set().union(*found)))}
        self._sizes = np.array([len(one) for one in found], np.int64)
        self._runs = np.fromiter((numbers[run] for one in found for run in one), np.int64, self._sizes.sum())
        self._starts = np.concatenate([[0], self._sizes.cumsum()])
        rows = np.repeat(np.arange(len(found)), self._sizes)
        order = np.argsort(self._runs, kind="stable")
        self._rows = rows[order]
        self._ends = np.searchsorted(self._runs[order], np.arange(len(numbers) + 1))

    def __len__(self) -> int:
        return len(self._sizes)

    def to(self, index: int) -> Tensor:
        import torch

        own = self._runs[self._starts[index] : self._starts[index + 1]]
        lists = [self._rows[self._ends[run] : self._ends[run + 1]] for run in own]
        shared = np.bincount(np.concatenate([*lists, np.empty(0, np.int64)]), minlength=len(self))
        return torch.from_numpy(shared / np.maximum(self._sizes + len(own) - shared, 1))
