"""Strings of many molecules, written by several processes and remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version

import numpy as np

from sciencegen.data.cache import remembered
from sciencegen.data.workers import Failed, Workers
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.errors import DataError

__all__ = ["unwritten", "written"]

_MANY = 20_000
"""From so many molecules on, starting processes and keeping the result is worth it."""
_MOST = 1_000_000
"""What more molecules than these are written as is forgotten: it would take more room than the data."""


def written(
    molecules: Sequence[Molecule], write: Callable[[Molecule], str], notation: str, packages: Sequence[str]
) -> list[str]:
    """What `write` makes of each molecule; it raises ValueError for one that cannot be written.

    `write` is a function of a module, and the `packages` are those whose versions decide what it makes.
    """
    texts = _all_texts(molecules, write, notation, packages)
    failed = [row for row, text in enumerate(texts) if not text]
    if failed:
        raise DataError(_complaint(molecules, write, notation, failed))
    return texts


def unwritten(
    molecules: Sequence[Molecule], write: Callable[[Molecule], str], notation: str, packages: Sequence[str]
) -> Mapping[int, str]:
    """The molecules that cannot be written, by position, and why not."""
    texts = _all_texts(molecules, write, notation, packages)
    return {row: _reason(write, molecules[row]) for row, text in enumerate(texts) if not text}


def _all_texts(
    molecules: Sequence[Molecule], write: Callable[[Molecule], str], notation: str, packages: Sequence[str]
) -> list[str]:
    """The text of each molecule, empty for one that cannot be written, as far as they are not known yet."""
    known = _known(notation)
    new = [one for one in dict.fromkeys(molecules) if one not in known]
    if len(known) + len(new) > _MOST:
        _known.cache_clear()
        new = list(dict.fromkeys(molecules))
        known = {} if len(new) > _MOST else _known(notation)
    known |= zip(new, _texts(new, write, notation, packages), strict=True)
    return [known[one] for one in molecules]


@lru_cache(maxsize=4)
def _known(notation: str) -> dict[Molecule, str]:
    """What was written in this process in one notation."""
    return {}


def _texts(
    molecules: Sequence[Molecule], write: Callable[[Molecule], str], notation: str, packages: Sequence[str]
) -> list[str]:
    """The text of each molecule, empty for one that cannot be written; many are remembered."""
    if len(molecules) < _MANY:
        return [_text(write, molecule) for molecule in molecules]
    content = hashlib.sha256("\n".join(molecules).encode()).hexdigest()
    key = {"notation": notation, "molecules": content} | {name: version(name) for name in packages}
    kept: list[str] = remembered(key, lambda: {"texts": _in_processes(molecules, write)})["texts"].tolist()
    return kept


def _text(write: Callable[[Molecule], str], molecule: Molecule) -> str:
    try:
        return write(molecule)
    except ValueError:
        return ""


def _in_processes(
    molecules: Sequence[Molecule], write: Callable[[Molecule], str]
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    texts = np.empty(len(molecules), dtype=object)
    with Workers(write, chunk=512, ahead=16_384) as workers:
        texts[:] = ["" if isinstance(text, Failed) else text for text in workers.map(molecules)]
    return texts


def _complaint(
    molecules: Sequence[Molecule], write: Callable[[Molecule], str], notation: str, failed: Sequence[int]
) -> str:
    """How many molecules cannot be written, the first of them, and why."""
    first = failed[0]
    reason = _reason(write, molecules[first])
    return (
        f"{len(failed):,} of {len(molecules):,} molecules cannot be written as {notation}: leave them out; "
        f"the first is molecule {first + 1}, {molecules[first]}: {reason}"
    )


def _reason(write: Callable[[Molecule], str], molecule: Molecule) -> str:
    try:
        write(molecule)
    except ValueError as error:
        return str(error).strip().splitlines()[0]
    return "its process ended"
