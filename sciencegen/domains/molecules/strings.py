"""Molecules as strings of tokens: what all string representations share."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciencegen.core.constraint import Constraint
from sciencegen.core.domain import Representation
from sciencegen.core.space import Space, Tokens
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.errors import DataError

__all__ = ["Strings", "UnseenTokens", "tokens", "vocabulary_of"]

_TOKEN = re.compile(r"\[[^\]]*\]|%\d\d|Br|Cl|.")
_SEVERAL = re.compile(r"\[[^\]]*\]|%\d\d|Br|Cl")
"""Tokens of several characters: atoms in brackets, ring numbers above 9, two-letter atoms."""
_PRIVATE = 0xE000  # where Unicode leaves 6,400 characters to us: one for each token of several characters
_TOGETHER = 100_000
_NAMED = 5
END = 0
"""The token that ends a string; its spelling is empty."""


class UnseenTokens(DataError):
    """Strings hold tokens a representation has not learned."""


def tokens(text: str) -> list[str]:
    """The tokens of a SMILES or SELFIES: atoms in brackets and two-letter atoms are one."""
    return _TOKEN.findall(text)


def vocabulary_of(texts: Iterable[str]) -> tuple[str, ...]:
    """All tokens of some strings, sorted, after the end."""
    several: set[str] = set()
    single: set[str] = set()
    for joined in _joined(texts):
        several.update(_SEVERAL.findall(joined))
        single.update(_SEVERAL.sub("", joined))
    return ("", *sorted(several | (single - {"\n"})))


def _joined(texts: Iterable[str]) -> Iterator[str]:
    part: list[str] = []
    for text in texts:
        part.append(text)
        if len(part) == _TOGETHER:
            yield "\n".join(part)
            part = []
    if part:
        yield "\n".join(part)


@dataclass(frozen=True)
class Strings(Representation[Molecule]):
    """Strings over a vocabulary learned from the data; everything after the end is the end."""

    vocabulary: tuple[str, ...]
    length: int

    def __post_init__(self) -> None:
        whole = isinstance(self.vocabulary, tuple) and all(isinstance(token, str) for token in self.vocabulary)
        if not whole or len(set(self.vocabulary)) != len(self.vocabulary) or self.vocabulary[:1] != ("",):
            raise ValueError(f"vocabulary={self.vocabulary}: expected different tokens after an empty one")
        if type(self.length) is not int or self.length < 1:
            raise ValueError(f"length={self.length}: expected a whole number above 0")

    @classmethod
    @abstractmethod
    def spell(cls, molecules: Sequence[Molecule]) -> list[str]:
        """The strings of molecules."""

    @classmethod
    @abstractmethod
    def read(cls, text: str) -> Molecule | None:
        """The molecule of a string, or None."""

    @classmethod
    def fit(cls, items: Sequence[Molecule]) -> Self:
        texts = cls.spell(items)
        vocabulary = vocabulary_of(texts)
        longest = max((int(n) for x in _indices(texts, vocabulary) for n in _lengths(x)), default=0)
        return cls(vocabulary, longest + 1)

    def extended(self, items: Sequence[Molecule]) -> Self:
        """The representation with room for more molecules: new tokens come after the old ones."""
        other = type(self).fit(items)
        new = [token for token in other.vocabulary if token not in self.vocabulary]
        return type(self)((*self.vocabulary, *new), max(self.length, other.length))

    @property
    def space(self) -> Space:
        return Tokens((self.length,), len(self.vocabulary), END, self.constraint)

    @property
    def constraint(self) -> Constraint | None:
        """What may come next; nothing is forbidden unless a representation says so."""
        return None

    @property
    def log_volume(self) -> float:
        return 0.0

    def state(self) -> dict[str, Any]:
        return {"vocabulary": list(self.vocabulary), "length": self.length}

    def encode(self, items: Sequence[Molecule]) -> Tensor:
        return self.encode_texts(type(self).spell(items))

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Rows of token numbers [n, length]."""
        kind = torch.uint8 if len(self.vocabulary) < 256 else torch.int32
        out = torch.full((len(texts), self.length), END, dtype=kind)
        first = 0
        for x in _indices(texts, self.vocabulary):
            lengths = _lengths(x)
            self._refuse(texts, first, x, lengths)
            within = np.arange(self.length)[None] < lengths[:, None]
            rows = np.full(within.shape, END, dtype=np.uint8 if kind == torch.uint8 else np.int32)
            rows[within] = x[x != _BREAK]
            out[first : first + len(rows)] = torch.from_numpy(rows)
            first += len(rows)
        return out

    def _refuse(self, texts: Sequence[str], first: int, x: NDArray[np.int32], lengths: NDArray[np.int64]) -> None:
        """Name the tokens that were never learned, and the strings that are too long."""
        if (x == _UNSEEN).any():
            ends = np.flatnonzero(x == _BREAK)
            rows = first + np.unique(np.searchsorted(ends, np.flatnonzero(x == _UNSEEN)))
            unseen = sorted({token for row in rows for token in tokens(texts[row])} - set(self.vocabulary))
            which = f"{', '.join(unseen[:_NAMED])}{' ...' if len(unseen) > _NAMED else ''}"
            raise UnseenTokens(f"{_rows(rows)}: tokens not seen in training: {which}")
        if lengths.max(initial=0) >= self.length:
            rows = first + np.flatnonzero(lengths >= self.length)
            longest = lengths.max()
            raise DataError(f"{_rows(rows)}: up to {longest} tokens, the model was made for {self.length - 1}")

    def decode(self, x: Tensor) -> list[Molecule | None]:
        return [type(self).read(text) for text in self.texts(x)]

    def plain(self, x: Tensor) -> Sequence[str]:
        return self.texts(x)

    def reader(self) -> Callable[[Any], Molecule | None]:
        return type(self).read

    def texts(self, x: Tensor) -> list[str]:
        """The strings of rows of token numbers."""
        spelling = np.array(self.vocabulary, dtype=object)
        ended = (x == END).long().cumsum(-1) == 0
        lengths = ended.sum(-1).tolist()
        return ["".join(spelling[row[:n]]) for row, n in zip(x.cpu().numpy(), lengths, strict=True)]


_BREAK, _UNSEEN = -1, -2


def _indices(texts: Sequence[str], vocabulary: Sequence[str]) -> Iterator[NDArray[np.int32]]:
    """The token numbers of many strings at once, every string followed by a break."""
    several = sorted((token for token in vocabulary if len(token) > 1), key=len, reverse=True)
    spelled = {token: chr(_PRIVATE + i) for i, token in enumerate(several)}
    table = np.full(0x10000, _UNSEEN, dtype=np.int32)
    table[ord("\n")] = _BREAK
    for number, token in enumerate(vocabulary):
        if token:
            table[ord(spelled.get(token, token))] = number
    for start in range(0, len(texts), _TOGETHER):
        some = texts[start : start + _TOGETHER]
        joined = "".join(text + "\n" for text in some)
        if joined.count("\n") != len(some):
            broken = next(i for i, text in enumerate(some, start) if "\n" in text)
            raise DataError(f"molecule {broken + 1} is spelled over several lines: {texts[broken]!r}")
        for token in several:
            joined = joined.replace(token, spelled[token])
        points = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
        yield table[np.minimum(points, 0xFFFF)]


def _lengths(x: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many tokens there are before every break."""
    return np.diff(np.flatnonzero(x == _BREAK), prepend=-1) - 1


def _rows(rows: NDArray[np.int64]) -> str:
    named = ", ".join(str(row + 1) for row in rows[:_NAMED])
    return f"molecule {named}" + (f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else "")
