"""What is known already: the keys of the items of some files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Domain
from sciencegen.core.files import sha256
from sciencegen.data.cache import remembered
from sciencegen.data.workers import Failed, Workers

__all__ = ["Known"]

_FEW = 500


class Known:
    """An exact set of keys, as one number of 64 bits for each."""

    def __init__(self, numbers: NDArray[np.uint64]) -> None:
        self._numbers = np.unique(numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        number = _numbers([key])[0]
        place = int(np.searchsorted(self._numbers, number))
        return place < len(self._numbers) and bool(self._numbers[place] == number)

    @classmethod
    def of(cls, domain: Domain[Any], files: Iterable[Path]) -> Known:
        """The keys of all items of some files; they are worked out once for each file."""
        found = [_keys(domain, file) for file in files]
        return cls(np.concatenate([np.empty(0, dtype=np.uint64), *found]))


def _keys(domain: Domain[Any], file: Path) -> NDArray[np.uint64]:
    key = {
        "made": "keys",
        "file": sha256(file),
        "domain": domain.name,
        "sciencegen": version("sciencegen"),
        "rdkit": version("rdkit"),
    }
    return remembered(key, lambda: {"keys": _made(domain, file)})["keys"]


def _made(domain: Domain[Any], file: Path) -> NDArray[np.uint64]:
    items = domain.read(file).items
    make: Callable[[Any], str] = partial(_key, domain)
    with Workers(make, 0 if len(items) < _FEW else None) as workers:
        return _numbers([key for key in workers.map(items) if not isinstance(key, Failed)])


def _key(domain: Domain[Any], item: Any) -> str:
    return domain.standard(item).key


def _numbers(keys: Sequence[str]) -> NDArray[np.uint64]:
    digests = [hashlib.blake2b(key.encode(), digest_size=8).digest() for key in keys]
    return np.frombuffer(b"".join(digests), dtype=np.uint64)
