"""How similar molecules are: the Tanimoto similarity of Morgan fingerprints (radius 2, 2048 bits).

T(a, b) = |a & b| / |a | b| (Extended-Connectivity Fingerprints; Rogers, Hahn; 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Likeness
from sciencegen.data.workers import Failed, Workers
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.errors import RequestError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CEILING", "MoleculeLikeness", "Nearest", "References", "fingerprint", "unlike"]

CEILING = 0.6
_RADIUS, _BITS = 2, 2048
_BIT = np.int16
_FEW = 5000
"""So many fingerprints are made sooner than other processes have started."""


@dataclass(frozen=True)
class Nearest:
    """The reference that is most like a molecule, and how like it is; the first of several."""

    index: int
    similarity: float


class References:
    """Molecules to which others are compared, all at once.

    For every bit the molecules that have it are listed: a molecule has some forty of the bits, so that few of the
    lists are looked at for each comparison.
    """

    def __init__(self, molecules: Sequence[Molecule]) -> None:
        nothing = np.empty(0, dtype=_BIT)  # of a molecule that has no fingerprint: it is like no other, in its place
        with Workers(fingerprint, processes=0 if len(molecules) < _FEW else None) as workers:
            bits = [nothing if isinstance(one, Failed) else one for one in workers.map(molecules)]
        self._sizes = np.array([len(one) for one in bits], dtype=np.int64)
        self._ends = self._sizes.cumsum()
        self._bits = np.concatenate([*bits, nothing])
        order = np.argsort(self._bits, kind="stable")
        self._rows = np.repeat(np.arange(len(bits), dtype=np.int32), self._sizes)[order]
        self._starts = np.searchsorted(self._bits[order], np.arange(_BITS + 1, dtype=_BIT))

    def __len__(self) -> int:
        return len(self._sizes)

    def similarities(self, molecule: Molecule) -> NDArray[np.float64]:
        """How similar a molecule is to each of the references, from 0 to 1."""
        return self._to(fingerprint(molecule))

    def between(self, index: int) -> NDArray[np.float64]:
        """How similar the reference at `index` is to each of them."""
        end = self._ends[index]
        return self._to(self._bits[end - self._sizes[index] : end])

    def nearest(self, molecule: Molecule) -> float:
        """How similar the most similar reference is."""
        return float(self.similarities(molecule).max(initial=0.0))

    def nearest_of(self, molecule: Molecule) -> Nearest | None:
        """Which reference is the most similar; None where there are none."""
        if not len(self):
            return None
        found = self.similarities(molecule)
        index = int(found.argmax())
        return Nearest(index, float(found[index]))

    def _to(self, bits: NDArray[np.int16]) -> NDArray[np.float64]:
        lists = [self._rows[self._starts[bit] : self._starts[bit + 1]] for bit in bits]
        shared = np.bincount(np.concatenate([*lists, np.empty(0, dtype=np.int32)]), minlength=len(self))
        return np.asarray(shared / np.maximum(self._sizes + len(bits) - shared, 1))


class MoleculeLikeness(Likeness):
    """How similar some molecules are."""

    def __init__(self, molecules: Sequence[Molecule]) -> None:
        self._references = References(molecules)

    def __len__(self) -> int:
        return len(self._references)

    def to(self, index: int) -> Tensor:
        import torch

        if not -len(self) <= index < len(self):
            raise IndexError(f"index={index}: there are {len(self):,} molecules")
        return torch.from_numpy(self._references.between(index))


def unlike(molecules: Sequence[Molecule], ceiling: float = CEILING) -> Callable[[Molecule], bool]:
    """Whether a molecule is at most so similar to each of these."""
    if not 0 <= ceiling < 1:
        raise RequestError(f"ceiling={ceiling:g}: expected a similarity from 0 to below 1, such as {CEILING}")
    references = References(molecules)
    return lambda molecule: references.nearest(molecule) <= ceiling


def fingerprint(molecule: Molecule) -> NDArray[np.int16]:
    """The bits a molecule has, in order."""
    return np.array(_generator().GetFingerprint(parsed(molecule)).GetOnBits(), dtype=_BIT)


@cache
def _generator() -> Any:
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_BITS)
