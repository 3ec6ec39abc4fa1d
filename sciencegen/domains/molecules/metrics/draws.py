"""Draws as protocols count them: spelled canonically, valid or not, repeated or not."""

from __future__ import annotations

from collections.abc import Sequence

from sciencegen.data.workers import Failed, Workers
from sciencegen.domains.molecules.molecule import Molecule, canonical

__all__ = ["spelled", "unique_share"]

_FEW = 5000


def spelled(smiles: Sequence[str]) -> list[Molecule | None]:
    """The molecule each SMILES stands for, or None."""
    with Workers(canonical, processes=0 if len(smiles) < _FEW else None, chunk=512) as workers:
        return [None if isinstance(one, Failed) else one for one in workers.map(smiles)]


def unique_share(molecules: Sequence[Molecule]) -> float:
    """How many of the molecules there are when each is counted once."""
    return len(set(molecules)) / len(molecules)
