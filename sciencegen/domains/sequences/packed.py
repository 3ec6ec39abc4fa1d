"""Many sequences as one array of letters, so that they are measured together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["LETTERS", "Numbers", "Packed", "table_of", "table_of_pairs"]

LETTERS = 26
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Packed:
    """Sequences of upper-case letters, one after the other."""

    codes: NDArray[np.uint8]  # [letters], 0 for A
    lengths: NDArray[np.int64]  # [n]

    @classmethod
    def of(cls, items: Sequence[str]) -> Packed:
        """The letters of some sequences."""
        codes = np.frombuffer("".join(items).encode("ascii"), np.uint8) - ord("A")
        return cls(codes, np.fromiter(map(len, items), np.int64, len(items)))

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each sequence begins."""
        return self.lengths.cumsum() - self.lengths

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Which sequence each letter is of."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Where in its sequence each letter stands, from 0."""
        return np.arange(len(self.codes)) - self.starts[self.rows]

    @cached_property
    def counts(self) -> NDArray[np.int64]:  # [n, 26]
        """How often each letter stands in each sequence."""
        cells = self.rows * LETTERS + self.codes
        return np.bincount(cells, minlength=len(self) * LETTERS).reshape(len(self), LETTERS)

    @property
    def first(self) -> NDArray[np.uint8]:
        """The first letter of each sequence."""
        return self.codes[self.starts]

    @property
    def last(self) -> NDArray[np.uint8]:
        """The last letter of each sequence."""
        found: NDArray[np.uint8] = self.codes[self.starts + self.lengths - 1]
        return found

    def total(self, values: Numbers) -> Numbers:
        """The sum of numbers of letters, for each sequence."""
        found: Numbers = np.bincount(self.rows, weights=values, minlength=len(self)).astype(np.float64)
        return found

    def pairs(self, table: Numbers) -> Numbers:
        """The sum over neighbouring letters of what a table [26, 26] says of them, for each sequence."""
        values = table[self.codes[:-1], self.codes[1:]]
        together = self.rows[:-1] == self.rows[1:]
        found = np.bincount(self.rows[:-1][together], weights=values[together], minlength=len(self))
        return found.astype(np.float64)

    def words(self, letters: str, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The number of every run of `size` letters, all of them among `letters`, and the sequence it is of."""
        digits = np.full(LETTERS, -1, np.int64)
        digits[[ord(letter) - ord("A") for letter in letters]] = np.arange(len(letters))
        found = digits[self.codes]
        count = max(len(found) - size + 1, 0)
        number, known = np.zeros(count, np.int64), np.ones(count, bool)
        for i in range(size):
            digit = found[i : i + count]
            number = number * len(letters) + digit
            known &= digit >= 0
        known &= self.rows[:count] == self.rows[size - 1 : size - 1 + count]
        return number[known], self.rows[:count][known]


def table_of(values: Mapping[str, float]) -> Numbers:
    """What is said of each letter [26]; NaN of all others."""
    table = np.full(LETTERS, np.nan)
    for letter, value in values.items():
        table[ord(letter) - ord("A")] = value
    return table


def table_of_pairs(values: Mapping[str, float]) -> Numbers:
    """What is said of two letters [26, 26]; NaN of all others."""
    table = np.full((LETTERS, LETTERS), np.nan)
    for pair, value in values.items():
        table[ord(pair[0]) - ord("A"), ord(pair[1]) - ord("A")] = value
    return table
