"""Properties of very many molecules: in worker processes, and remembered."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.data.cache import remembered
from sciencegen.data.workers import Failed, Workers, usable_cores
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.domains.molecules.properties import PROPERTIES

__all__ = ["measured_in_parallel"]

_PATIENCE = 20.0  # seconds for a chunk, which takes a twentieth of one
_WORTH_REMEMBERING = 1000
_NAMED = 3


def measured_in_parallel(
    items: Sequence[Molecule], names: Sequence[str], processes: int | None = None
) -> dict[str, NDArray[np.float64]]:
    """Properties of molecules by name; NaN, and a warning, where RDKit fails, crashes or takes for ever.

    What was measured before of the same molecules is found again.
    """
    if len(items) < _WORTH_REMEMBERING:
        return _measured(items, names, processes)
    digest, columns = _digest(items), {}
    for name in names:
        try:
            columns[name] = remembered(_key(digest, name), _absent)["values"]
        except _Absent:
            continue
    new = [name for name in names if name not in columns]
    for name, values in (_measured(items, new, processes) if new else {}).items():
        columns[name] = remembered(_key(digest, name), partial(dict, values=values))["values"]
    return {name: columns[name] for name in names}


class _Absent(Exception):
    """Nothing is remembered under a key."""


def _absent() -> dict[str, NDArray[Any]]:
    raise _Absent


def _digest(items: Sequence[Molecule]) -> str:
    return hashlib.blake2b("\n".join(items).encode(), digest_size=32).hexdigest()


def _key(digest: str, name: str) -> Mapping[str, object]:
    import rdkit

    made = {"made": "property of molecules", "version": 1, "rdkit": rdkit.__version__}
    return {**made, "property": name, "molecules": digest}


def _measured(items: Sequence[Molecule], names: Sequence[str], processes: int | None) -> dict[str, NDArray[np.float64]]:
    values = np.full((len(names), len(items)), np.nan)
    failed: list[Failed] = []
    if processes is None:
        processes = min(usable_cores(), 1 + len(items) // _WORTH_REMEMBERING)
    with Workers(partial(_of_one, tuple(names)), processes, _PATIENCE) as workers:
        for i, one in enumerate(workers.map(items)):
            if isinstance(one, Failed):
                failed.append(one)
            else:
                values[:, i] = one
    if failed:
        said = "; ".join(f"{items[one.index][:60]}: {one.reason}" for one in failed[:_NAMED])
        warnings.warn(f"{len(failed):,} of {len(items):,} molecules could not be measured: {said}", stacklevel=3)
    return dict(zip(names, values, strict=True))


def _of_one(names: tuple[str, ...], molecule: Molecule) -> tuple[float, ...]:
    return tuple(float(PROPERTIES[name].measure(molecule)) for name in names)
