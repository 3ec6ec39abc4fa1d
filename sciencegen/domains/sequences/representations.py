"""Sequences as tokens: their letters, or their codons."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Space, Tokens
from sciencegen.domains.sequences.cleaning import Cleaned, Cleaning, cleaned
from sciencegen.domains.sequences.kinds import KINDS
from sciencegen.errors import DataError

__all__ = ["Codons", "Letters", "Words"]

END = 0
"""The token that ends a sequence; its spelling is empty."""
_LARGEST = 2_000_000_000
_NAMED = 5
_ANY = Cleaning(ambiguous="keep", longest=0)


@dataclass(frozen=True)
class Words(Representation[str]):
    """Sequences over words of one width, a vocabulary learned from the data; everything after the end is the end."""

    vocabulary: tuple[str, ...]
    length: int

    width: ClassVar[int]

    def __post_init__(self) -> None:
        whole = isinstance(self.vocabulary, tuple) and all(isinstance(word, str) for word in self.vocabulary)
        if not whole or len(set(self.vocabulary)) != len(self.vocabulary) or self.vocabulary[:1] != ("",):
            raise ValueError(f"vocabulary={self.vocabulary}: expected different words after an empty one")
        if any(len(word) != self.width or not word.isascii() for word in self.vocabulary[1:]):
            raise ValueError(f"vocabulary={self.vocabulary}: expected words of {self.width}")
        if type(self.length) is not int or self.length < 1:
            raise ValueError(f"length={self.length}: expected a whole number above 0")

    @classmethod
    @abstractmethod
    def read(cls, text: str) -> str | None:
        """The sequence of a text, or None."""

    @classmethod
    def fit(cls, items: Sequence[str]) -> Self:
        words = {word for item in set(items) for word in cls.words(item)}
        longest = max((-(-len(item) // cls.width) for item in items), default=0)
        return cls(("", *sorted(words)), longest + 1)

    @classmethod
    def words(cls, item: str) -> set[str]:
        """The different words of a sequence."""
        if cls.width == 1:
            return set(item)
        return {item[i : i + cls.width] for i in range(0, len(item), cls.width)}

    def extended(self, items: Sequence[str]) -> Self:
        """The representation with room for more sequences: new words come after the old ones."""
        other = type(self).fit(items)
        new = [word for word in other.vocabulary if word not in self.vocabulary]
        return type(self)((*self.vocabulary, *new), max(self.length, other.length))

    @property
    def space(self) -> Space:
        return Tokens((self.length,), len(self.vocabulary), END)

    @property
    def log_volume(self) -> float:
        return 0.0

    def state(self) -> dict[str, Any]:
        return {"vocabulary": list(self.vocabulary), "length": self.length}

    def encode(self, items: Sequence[str]) -> Tensor:
        if len(items) * self.length > _LARGEST:
            said = f"{len(items):,} sequences of up to {self.length - 1:,} tokens are too many to learn from at once"
            raise DataError(f"{said}: leave the longest out with longest=, such as longest=2000")
        self._refuse(items)
        table = self._table()
        out = np.full((len(items), self.length), END, table.dtype)
        for row, item in zip(out, items, strict=True):
            numbers = table[self._index(item)]
            row[: len(numbers)] = numbers
        return torch.from_numpy(out)

    def _index(self, item: str) -> Any:
        """Where each word of a sequence stands in the table."""
        codes = np.frombuffer(item.encode("ascii"), np.uint8).reshape(-1, self.width)
        return tuple(codes.T)

    def _table(self) -> NDArray[np.uint8] | NDArray[np.int32]:
        """The number of every word, at the codes of its letters."""
        table = np.zeros((128,) * self.width, np.uint8 if len(self.vocabulary) < 256 else np.int32)
        for number, word in enumerate(self.vocabulary[1:], 1):
            table[tuple(map(ord, word))] = number
        return table

    def _refuse(self, items: Sequence[str]) -> None:
        """Name the words that were never learned, and the sequences that are too long."""
        known = set(self.vocabulary)
        odd = [row for row, item in enumerate(items) if not self.words(item) <= known]
        if odd:
            unseen = sorted({word for row in odd for word in self.words(items[row])} - known)
            which = f"{', '.join(unseen[:_NAMED])}{' ...' if len(unseen) > _NAMED else ''}"
            raise DataError(f"{_rows(odd)}: {'letters' if self.width == 1 else 'codons'} not seen in training: {which}")
        long = [row for row, item in enumerate(items) if len(item) // self.width >= self.length]
        if long:
            longest = max(len(items[row]) // self.width for row in long)
            raise DataError(f"{_rows(long)}: up to {longest:,} tokens, the model was made for {self.length - 1:,}")

    def decode(self, x: Tensor) -> list[str | None]:
        return [type(self).read(text) for text in self.texts(x)]

    def plain(self, x: Tensor) -> Sequence[str]:
        return self.texts(x)

    def reader(self) -> Callable[[Any], str | None]:
        return type(self).read

    def texts(self, x: Tensor) -> list[str]:
        """The letters of rows of token numbers."""
        spelling = np.array(self.vocabulary, dtype=object)
        lengths = ((x == END).long().cumsum(-1) == 0).sum(-1).tolist()
        return ["".join(spelling[row[:n]]) for row, n in zip(x.cpu().numpy(), lengths, strict=True)]


def _rows(rows: Sequence[int]) -> str:
    named = ", ".join(str(row + 1) for row in rows[:_NAMED])
    return f"sequence {named}" + (f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else "")


@dataclass(frozen=True)
class Letters(Words):
    """Sequences letter by letter."""

    width = 1

    @classmethod
    def read(cls, text: str) -> str | None:
        return text or None


@dataclass(frozen=True)
class Codons(Words):
    """Coding sequences codon by codon; one with a stop codon inside is none."""

    width = 3

    @classmethod
    def read(cls, text: str) -> str | None:
        return text if isinstance(cleaned(text, KINDS["cds"], _ANY), Cleaned) else None
