"""How similar molecules are: the Tanimoto similarity of Morgan fingerprints (radius 2, 2048 bits).

T(a, b) = |a & b| / |a | b| (Extended-Connectivity Fingerprints; Rogers, Hahn; 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.data.workers import Failed, Workers
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.errors import RequestError

__all__ = ["CEILING", "References", "unlike"]

CEILING = 0.6
_RADIUS, _BITS = 2, 2048
_FEW = 5000
"""So many fingerprints are made sooner than other processes have started."""


class References:
    """Molecules to which others are compared, all at once.

    For every bit the molecules that have it are listed: a molecule has some forty of the bits, so that few of the
    lists are looked at for each comparison.
    """

    def __init__(self, molecules: Sequence[Molecule]) -> None:
        with Workers(_bits, processes=0 if len(molecules) < _FEW else None) as workers:
            bits = [one for one in workers.map(molecules) if not isinstance(one, Failed)]
        self._sizes = np.array([len(one) for one in bits], dtype=np.int64)
        of_bits = np.concatenate([*bits, np.empty(0, dtype=np.int64)])
        order = np.argsort(of_bits, kind="stable")
        self._rows = np.repeat(np.arange(len(bits), dtype=np.int32), self._sizes)[order]
        self._starts = np.searchsorted(of_bits[order], np.arange(_BITS + 1))

    def __len__(self) -> int:
        return len(self._sizes)

    def similarities(self, molecule: Molecule) -> NDArray[np.float64]:
        """How similar a molecule is to each of the references, from 0 to 1."""
        bits = _bits(molecule)
        lists = [self._rows[self._starts[bit] : self._starts[bit + 1]] for bit in bits]
        shared = np.bincount(np.concatenate([*lists, np.empty(0, dtype=np.int32)]), minlength=len(self))
        return np.asarray(shared / np.maximum(self._sizes + len(bits) - shared, 1))

    def nearest(self, molecule: Molecule) -> float:
        """How similar the most similar reference is."""
        return float(self.similarities(molecule).max(initial=0.0))


def unlike(molecules: Sequence[Molecule], ceiling: float = CEILING) -> Callable[[Molecule], bool]:
    """Whether a molecule is at most so similar to each of these."""
    if not 0 <= ceiling < 1:
        raise RequestError(f"ceiling={ceiling:g}: expected a similarity from 0 to below 1, such as {CEILING}")
    references = References(molecules)
    return lambda molecule: references.nearest(molecule) <= ceiling


def _bits(molecule: Molecule) -> NDArray[np.int64]:
    return np.array(_generator().GetFingerprint(parsed(molecule)).GetOnBits(), dtype=np.int64)


@cache
def _generator() -> Any:
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_BITS)
