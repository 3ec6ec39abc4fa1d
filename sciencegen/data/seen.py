"""A set of strings in nine bits a string, for saying offline whether a molecule was in the training data."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.files import atomic
from sciencegen.errors import DataError

__all__ = ["Seen"]

_MAGIC = b"sg-seen1"
_HEADER = struct.Struct("<8sQQII16s")  # magic, strings, seed, segment length, segments, digest
_BATCH = 1 << 16
_ATTEMPTS = 100

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class _Shape:
    """How the table of a filter is cut: a string has one place in each of three neighbouring segments."""

    length: int  # of a segment, a power of two
    segments: int

    @staticmethod
    def of(count: int) -> _Shape:
        """The sizes the paper found to leave room enough for `count` strings."""
        count = max(count, 2)
        length = min(1 << math.floor(math.log(count) / math.log(3.33) + 2.25), 1 << 18)
        room = round(count * max(1.125, 0.875 + 0.25 * math.log(1e6) / math.log(count)))
        return _Shape(length, max(math.ceil(room / length), 3))

    @property
    def size(self) -> int:
        return self.length * self.segments

    def places(self, mixed: Hashes) -> NDArray[np.int64]:
        """Where in the table each string looks."""
        first = ((mixed >> np.uint64(32)) * np.uint64((self.segments - 2) * self.length)) >> np.uint64(32)
        within = np.uint64(self.length - 1)
        second = (first + np.uint64(self.length)) ^ (mixed & within)
        third = (first + np.uint64(2 * self.length)) ^ ((mixed >> np.uint64(18)) & within)
        return np.stack([first, second, third], axis=1).astype(np.int64)  # [n, 3]


class Seen:
    """An approximate set of strings: what was put in is always found, and 1 in 256 of what was not is found too.

    A table of bytes in which three places of every string xor to its fingerprint. Binary Fuse Filters: Fast and Smaller
    Than Xor Filters, T. M. Graf and D. Lemire, 2022.

    >>> seen = Seen.of(["CCO", "c1ccccc1"])
    >>> "CCO" in seen
    True
    """

    def __init__(self, count: int, seed: int, shape: _Shape, table: NDArray[np.uint8]) -> None:
        self._count, self._seed, self._shape, self._table = count, seed, shape, table

    @staticmethod
    def of(strings: Iterable[str]) -> Seen:
        """The set of these strings; 1.6 million take a few seconds."""
        hashes = np.unique(_hashes(strings))
        shape = _Shape.of(len(hashes))
        for seed in range(_ATTEMPTS):
            mixed = _mixed(hashes, seed)
            table = _table(shape.places(mixed), _fingerprints(mixed), shape.size)
            if table is not None:
                return Seen(len(hashes), seed, shape, table)
        raise AssertionError(f"no table of {shape} holds {len(hashes)} strings")

    def __len__(self) -> int:
        """How many different strings were put in."""
        return self._count

    def __contains__(self, text: str) -> bool:
        return bool(self.many([text])[0])

    def many(self, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Whether each of the texts was put in."""
        mixed = _mixed(_hashes(texts), self._seed)
        found = np.bitwise_xor.reduce(self._table[self._shape.places(mixed)], axis=1)
        return np.asarray(found == _fingerprints(mixed)) & (self._count > 0)

    @property
    def false_positive_rate(self) -> float:
        """The share of strings that were never put in and are found all the same."""
        return 1 / 256 if self._count else 0.0

    def save(self, path: Path) -> None:
        """Write the set to one file, a little over a byte for each string."""
        with atomic(path) as temporary:
            temporary.write_bytes(self._header() + self._table.tobytes())

    @staticmethod
    def load(path: Path) -> Seen:
        """Read what `save` wrote."""
        try:
            whole = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
        if not whole.startswith(_MAGIC):
            raise DataError(f"{path}: expected a set of seen strings, as Seen.save writes it")
        if len(whole) >= _HEADER.size:
            _, count, seed, length, segments, _ = _HEADER.unpack_from(whole)
            table = np.frombuffer(whole, np.uint8, offset=_HEADER.size)
            seen = Seen(count, seed, _Shape(length, segments), table)
            if whole.startswith(seen._header()):
                return seen
        raise DataError(f"{path}: damaged: it is not what was written; get the file again")

    def _header(self) -> bytes:
        facts = (_MAGIC, self._count, self._seed, self._shape.length, self._shape.segments)
        digest = hashlib.blake2b(_HEADER.pack(*facts, b""), digest_size=16)
        digest.update(self._table.tobytes())
        return _HEADER.pack(*facts, digest.digest())


def _hashes(strings: Iterable[str]) -> Hashes:
    """64 bits of BLAKE2 for each string, the same on every machine."""

    def batches() -> Iterator[bytes]:
        rest = iter(strings)
        while batch := list(islice(rest, _BATCH)):
            yield b"".join(
                hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in batch
            )

    hashes: Hashes = np.frombuffer(b"".join(batches()), "<u8").astype(np.uint64)
    return hashes


def _mixed(hashes: Hashes, seed: int) -> Hashes:
    """The hashes stirred with a seed, as SplitMix64 does it (Steele, Lea and Flood, 2014)."""
    mixed: Hashes = hashes + np.array([seed % 2**64], np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _fingerprints(mixed: Hashes) -> NDArray[np.uint8]:
    return (_mixed(mixed, 1) >> np.uint64(56)).astype(np.uint8)


def _table(places: NDArray[np.int64], fingerprints: NDArray[np.uint8], size: int) -> NDArray[np.uint8] | None:
    """The bytes that xor to the fingerprints; None where the strings tie each other up.

    A string that is alone in one of its places can have that byte to itself: it is set aside, others become alone, and
    so on. Bytes are then chosen in the opposite order, a whole round of strings at a time.
    """
    rounds = _set_aside(places, size)
    if rounds is None:
        return None
    table = np.zeros(size, np.uint8)
    for strings, own in reversed(rounds):
        table[own] = fingerprints[strings] ^ np.bitwise_xor.reduce(table[places[strings]], axis=1)
    return table


def _set_aside(places: NDArray[np.int64], size: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]] | None:
    """Rounds of strings and the place each has to itself; None where some never get one."""
    n = len(places)
    inhabitants = np.bincount(places.ravel(), minlength=size)
    sums = np.bincount(places.ravel(), np.repeat(np.arange(n), 3), size).astype(np.int64)  # alone: the string's number
    rounds = []
    alone = np.flatnonzero(inhabitants == 1)
    while len(alone):
        strings, first = np.unique(sums[alone], return_index=True)
        rounds.append((strings, alone[first]))
        touched = places[strings].ravel()
        np.subtract.at(inhabitants, touched, 1)
        np.subtract.at(sums, touched, np.repeat(strings, 3))
        alone = np.unique(touched[inhabitants[touched] == 1])
    return rounds if sum(len(strings) for strings, _ in rounds) == n else None
