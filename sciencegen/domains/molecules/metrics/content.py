"""Sets of molecules by their content: digests, and fast membership in sets of millions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sciencegen.data.cache import remembered
from sciencegen.data.workers import Failed, Workers
from sciencegen.domains.molecules.molecule import Molecule, canonical

__all__ = ["Known", "digest", "flat"]

_FEW = 5000


def digest(molecules: Iterable[Molecule]) -> str:
    """The SHA-256 of molecules in their order, one on a line."""
    whole = hashlib.sha256()
    for molecule in molecules:
        whole.update(molecule.encode() + b"\n")
    return whole.hexdigest()


def flat(molecule: Molecule) -> Molecule | None:
    """The canonical SMILES without stereochemistry."""
    from rdkit import Chem

    found = Chem.MolFromSmiles(molecule)
    return None if found is None else Chem.MolToSmiles(found, isomericSmiles=False)


class Known:
    """The molecules of a file, spelled anew by this version of RDKit: another version may spell them differently.

    They are kept as 64-bit digests, eight bytes each; that a new molecule is taken for one of a million known ones
    has a chance of one in ten million millions.
    """

    def __init__(self, lines: Sequence[str], stereo: bool = True) -> None:
        from rdkit import __version__

        key = {"known": 1, "molecules": digest(lines), "stereo": stereo, "rdkit": __version__}
        self._codes = remembered(key, lambda: {"codes": _codes(lines, canonical if stereo else flat)})["codes"]

    def __contains__(self, molecule: Molecule) -> bool:
        code = _code(molecule)
        place = int(np.searchsorted(self._codes, code))
        return place < len(self._codes) and self._codes[place] == code


def _codes(lines: Sequence[str], spell: Callable[[str], Molecule | None]) -> NDArray[np.uint64]:
    with Workers(spell, processes=0 if len(lines) < _FEW else None, chunk=1024) as workers:
        spelled = (one for one in workers.map(lines) if one is not None and not isinstance(one, Failed))
        return np.unique(np.fromiter((_code(one) for one in spelled), np.uint64))


def _code(molecule: Molecule) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(molecule.encode(), digest_size=8).digest()))
