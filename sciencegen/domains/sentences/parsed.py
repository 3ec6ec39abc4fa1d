"""Sentences parsed into rules: many in several processes, each once in a process, and kept for the next run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from sciencegen.data.cache import remembered
from sciencegen.data.workers import Failed, Workers
from sciencegen.errors import DataError
from sciencegen.grammar import Grammar, Source, compiled

__all__ = ["Parsed", "grammar_of", "parsed", "rules_of"]

_MANY = 20_000
"""From so many sentences on, starting processes and keeping the result is worth it."""
_MOST = 1_000_000
"""The rules of more sentences than these are forgotten: they would take more room than the data."""

Flat = dict[str, NDArray[np.generic]]


@lru_cache(maxsize=16)
def grammar_of(name: str, text: str) -> Grammar:
    """The grammar of the text of a .lark file."""
    return compiled(text, name)


def rules_of(source: Source, sentence: str) -> list[int] | str:
    """The rules of a sentence, or why it has none."""
    try:
        return grammar_of(source.name, source.text).encode(sentence)
    except DataError as error:
        return str(error)


@dataclass(frozen=True)
class Parsed:
    """The rules of some sentences, one after the other."""

    rules: NDArray[np.int16]
    starts: NDArray[np.int64]
    """Where the rules of each begin."""
    lengths: NDArray[np.int64]
    """How many rules each has; none where it is no sentence."""
    complaints: Sequence[str]
    """Why it is none; nothing where it is one."""

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> NDArray[np.int16]:
        return self.rules[self.starts[index] : self.starts[index] + self.lengths[index]]

    @property
    def longest(self) -> int:
        """The most rules that one has."""
        return int(self.lengths.max(initial=0))

    def padded(self, length: int, end: int) -> NDArray[np.int16] | NDArray[np.uint8]:
        """Rows of one length; `end`, which is above all rules, stands after the last of them."""
        out = np.full((len(self), length), end, np.uint8 if end < 256 else np.int16)
        for start in range(0, len(self), _MANY):
            some = slice(start, start + _MANY)
            inside = np.arange(length) < self.lengths[some, None]
            at = np.repeat(self.starts[some], self.lengths[some]) + _counted(self.lengths[some])
            out[some][inside] = self.rules[at]
        return out


def parsed(source: Source, sentences: Sequence[str]) -> Parsed:
    """The rules of sentences, or why they have none."""
    known = _known(source)
    new = [one for one in dict.fromkeys(sentences) if one not in known.places]
    if len(known.places) + len(new) > _MOST:
        _known.cache_clear()
        new = list(dict.fromkeys(sentences))
        known = _Known() if len(new) > _MOST else _known(source)
    if new:
        known.add(new, _flat(source, new))
    return known.of(sentences)


@dataclass
class _Known:
    """What was parsed in this process with one grammar."""

    places: dict[str, int] = field(default_factory=dict)
    rules: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    starts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    lengths: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    complaints: dict[int, str] = field(default_factory=dict)

    def add(self, sentences: Sequence[str], found: Flat) -> None:
        first = len(self.places)
        lengths = found["lengths"].astype(np.int64)
        starts = len(self.rules) + lengths.cumsum() - lengths
        self.rules = np.concatenate([self.rules, found["rules"].astype(np.int16)])
        self.starts, self.lengths = np.concatenate([self.starts, starts]), np.concatenate([self.lengths, lengths])
        self.places |= {sentence: first + i for i, sentence in enumerate(sentences)}
        self.complaints |= {first + i: str(why) for i, why in enumerate(found["complaints"].tolist()) if why}

    def of(self, sentences: Sequence[str]) -> Parsed:
        at = np.fromiter((self.places[one] for one in sentences), np.int64, len(sentences))
        complaints = [self.complaints.get(i, "") for i in at.tolist()] if self.complaints else [""] * len(at)
        return Parsed(self.rules, self.starts[at], self.lengths[at], complaints)


@lru_cache(maxsize=4)
def _known(source: Source) -> _Known:
    return _Known()


def _flat(source: Source, sentences: Sequence[str]) -> Flat:
    """Rules and complaints of different sentences as arrays; many are remembered."""
    if len(sentences) < _MANY:
        return _joined([rules_of(source, one) for one in sentences])
    content = hashlib.sha256()
    for part in (source.name, source.text, *sentences):
        content.update(part.encode("utf-8", "surrogatepass") + b"\0")
    key = {"rules": content.hexdigest(), "compiled": _compiled(source), "lark": version("lark")}
    return remembered(key, lambda: _joined(_in_processes(source, sentences)))


def _compiled(source: Source) -> str:
    """What stands for the rules of a grammar as this version numbers them."""
    grammar = grammar_of(source.name, source.text)
    return hashlib.sha256(repr((grammar.symbols, grammar.rules)).encode()).hexdigest()


def _in_processes(source: Source, sentences: Sequence[str]) -> list[list[int] | str]:
    with Workers(partial(rules_of, source), chunk=512, ahead=16_384) as workers:
        found = workers.map(sentences)
        return [rules_of(source, sentences[one.index]) if isinstance(one, Failed) else one for one in found]


def _joined(found: Sequence[list[int] | str]) -> Flat:
    lengths = np.array([0 if isinstance(one, str) else len(one) for one in found], np.int64)
    rules = np.fromiter((rule for one in found if not isinstance(one, str) for rule in one), np.int16, lengths.sum())
    complaints = np.array([one if isinstance(one, str) else "" for one in found], dtype=object)
    return {"rules": rules, "lengths": lengths, "complaints": complaints}


def _counted(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 ... up to each length, one after the other."""
    ends = lengths.cumsum()
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
