"""How alike sequences are, letter by letter: 1 - edits / letters of the longer one.

Edits are letters changed, left out or put in; they are counted for many pairs at once, 64 letters of each in one step
(A Bit-Vector Algorithm for Computing Levenshtein and Damerau Edit Distances; Hyyrö; 2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Likeness
from sciencegen.domains.sequences.kinds import Kind
from sciencegen.domains.sequences.kmers import Words
from sciencegen.domains.sequences.packed import LETTERS, Numbers, Packed

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SequenceLikeness", "edits", "identities", "nearest"]

_WORD = 64
_TRIED = 8
"""Of so many that share the most words, the one that is most alike is the nearest."""
_TOGETHER = 4096
_ONE = np.uint64(1)


def identities(ours: Sequence[str], theirs: Sequence[str]) -> Numbers:
    """How alike the sequences of each pair are, from 0 to 1."""
    found = np.empty(len(ours))
    for start in range(0, len(ours), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        longer = np.array([max(len(a), len(b), 1) for a, b in zip(ours[some], theirs[some], strict=True)])
        found[some] = 1 - edits(ours[some], theirs[some]) / longer
    return found


def edits(ours: Sequence[str], theirs: Sequence[str]) -> NDArray[np.int64]:
    """The fewest edits that make the one sequence of each pair the other.

    >>> edits(["KITTEN", "A"], ["SITTING", ""]).tolist()
    [3, 1]
    """
    x, y = Packed.of(ours), Packed.of(theirs)
    blocks = int(-(-x.lengths.max(initial=1) // _WORD))
    matches = _matches(x, blocks)
    last = np.maximum(x.lengths - 1, 0)
    state = _State(len(x), blocks, last // _WORD, _ONE << (last % _WORD).astype(np.uint64))
    texts = np.zeros((len(y), int(y.lengths.max(initial=0))), np.uint8)
    texts[y.rows, y.places] = y.codes
    distance, rows = x.lengths.copy(), np.arange(len(x))
    for i in range(texts.shape[1]):
        change = state.step(matches[rows, texts[:, i]])
        distance += np.where(i < y.lengths, change, 0)
    return np.where(x.lengths > 0, distance, y.lengths)


def _matches(x: Packed, blocks: int) -> NDArray[np.uint64]:
    """Where each letter stands in each sequence, as bits [n, 26, blocks]."""
    bits = np.zeros((len(x), LETTERS, blocks), np.uint64)
    where = (x.rows, x.codes, x.places // _WORD)
    np.bitwise_or.at(bits, where, _ONE << (x.places % _WORD).astype(np.uint64))
    return bits


class _State:
    """A column of every table of distances, as the bits of its steps up and down."""

    def __init__(self, n: int, blocks: int, last: NDArray[np.int64], mask: NDArray[np.uint64]) -> None:
        self._up = np.full((blocks, n), ~np.uint64(0))
        self._down = np.zeros((blocks, n), np.uint64)
        self._last, self._mask = last, mask
        self._top = _ONE << np.uint64(_WORD - 1)

    def step(self, matches: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Go on by a letter, whose `matches` are given [n, blocks], and say by how much the last row changes."""
        change = np.zeros(len(self._mask), np.int64)
        rise = np.ones(len(self._mask), np.uint64)  # the first row counts the letters so far
        fall = np.zeros(len(self._mask), np.uint64)
        for block, (up, down) in enumerate(zip(self._up, self._down, strict=True)):
            same = matches[:, block]
            vertical = same | down
            same = same | fall
            across = (((same & up) + up) ^ up) | same
            plus, minus = down | ~(across | up), up & across
            ends = self._last == block
            change += ends * ((plus & self._mask != 0).astype(np.int64) - (minus & self._mask != 0))
            over, under = (plus & self._top != 0).astype(np.uint64), (minus & self._top != 0).astype(np.uint64)
            plus, minus = (plus << _ONE) | rise, (minus << _ONE) | fall
            self._up[block], self._down[block] = minus | ~(vertical | plus), plus & vertical
            rise, fall = over, under
        return change


def nearest(ours: Sequence[str], theirs: Sequence[str], kind: Kind, own: Sequence[int] | None = None) -> Numbers:
    """How alike each sequence is to the nearest of `theirs`, which is looked for among those that share the most words.

    `own`: where each stands in theirs, so that none is its own nearest.
    """
    words = Words(theirs, kind)
    count = min(_TRIED, len(theirs) - (own is not None))
    if count < 1:
        return np.zeros(len(ours))
    chosen: list[int] = []
    for row, item in enumerate(ours):
        similar = words.similarities(words.of(item))
        if own is not None:
            similar[own[row]] = -1
        chosen += np.argpartition(similar, -count)[-count:].tolist()
    asked = [item for item in ours for _ in range(count)]
    found = identities(asked, [theirs[i] for i in chosen])
    return np.asarray(found.reshape(-1, count).max(1), np.float64)


class SequenceLikeness(Likeness):
    """How many words sequences share: the Tanimoto similarity of their words."""

    def __init__(self, items: Sequence[str], kind: Kind) -> None:
        self._items, self._words = items, Words(items, kind)

    def __len__(self) -> int:
        return len(self._items)

    def to(self, index: int) -> Tensor:
        import torch

        if not -len(self) <= index < len(self):
            raise IndexError(f"index={index}: there are {len(self):,} sequences")
        found = self._words.between(index % len(self))
        same = np.fromiter((item == self._items[index] for item in self._items), bool, len(self))
        return torch.from_numpy(np.where(same, 1.0, found))
