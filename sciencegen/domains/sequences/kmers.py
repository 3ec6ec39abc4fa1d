"""Short words of sequences: how often each stands in a set, and which sequences share many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sciencegen.domains.sequences.kinds import Kind
from sciencegen.domains.sequences.packed import Numbers, Packed

__all__ = ["Words", "divergence", "shares"]

_SIZES = {True: 5, False: 2}
"""The letters of a word by which sequences are found again: of bases, and of residues."""


def shares(x: Packed, kind: Kind, size: int) -> Numbers:
    """The share of every word of `size` letters among those of a set, in the order of the letters."""
    words, _ = x.words(kind.letters, size)
    counts = np.bincount(words, minlength=len(kind.letters) ** size)
    return np.asarray(counts / max(counts.sum(), 1), np.float64)


def divergence(p: Numbers, q: Numbers) -> float:
    """The Jensen-Shannon divergence of two distributions, in nats: from 0 to log 2."""
    middle = (p + q) / 2
    halves = (side * np.log(np.divide(side, middle, out=np.ones_like(side), where=side > 0)) for side in (p, q))
    return max(0.0, float(sum(half.sum() for half in halves)) / 2)


class Words:
    """Sequences listed by the words they hold, so that those that share many with another are found at once."""

    def __init__(self, items: Sequence[str], kind: Kind) -> None:
        self._letters, self._size = kind.letters, _SIZES[kind.nucleic]
        words, rows = self._distinct(Packed.of(items))
        order = np.argsort(words, kind="stable")
        self._rows = rows[order]
        self._ends = np.searchsorted(words[order], np.arange(len(self._letters) ** self._size + 1))
        self._sizes = np.bincount(rows, minlength=len(items))
        self._words, self._starts = words, np.searchsorted(rows, np.arange(len(items) + 1))

    def __len__(self) -> int:
        return len(self._sizes)

    def of(self, item: str) -> NDArray[np.int64]:
        """The different words of a sequence."""
        return self._distinct(Packed.of([item]))[0]

    def between(self, index: int) -> Numbers:
        """The Tanimoto similarity of the sequence at `index` to each of them."""
        return self.similarities(self._words[self._starts[index] : self._starts[index + 1]])

    def similarities(self, words: NDArray[np.int64]) -> Numbers:
        """The Tanimoto similarity of a set of words to those of each sequence: shared / in either."""
        lists = [self._rows[self._ends[word] : self._ends[word + 1]] for word in words]
        shared = np.bincount(np.concatenate([*lists, np.empty(0, np.int64)]), minlength=len(self))
        return np.asarray(shared / np.maximum(self._sizes + len(words) - shared, 1))

    def _distinct(self, x: Packed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The different words of each sequence, and the rows they are of, in the order of the rows."""
        words, rows = x.words(self._letters, self._size)
        both = np.unique(rows * len(self._letters) ** self._size + words)
        rows, words = np.divmod(both, len(self._letters) ** self._size)
        return words, rows
