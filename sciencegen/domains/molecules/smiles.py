"""Molecules as SMILES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from sciencegen.core.batch import seed_at
from sciencegen.domains.molecules.molecule import Molecule, canonical, parsed
from sciencegen.domains.molecules.strings import Strings, tokens

__all__ = ["Smiles"]


@dataclass(frozen=True)
class Smiles(Strings):
    """Canonical SMILES, token by token (SMILES, a chemical language and information system; Weininger; 1988)."""

    @classmethod
    def spell(cls, molecules: Sequence[Molecule]) -> list[str]:
        return list(molecules)

    @classmethod
    def read(cls, text: str) -> Molecule | None:
        return canonical(text)

    def reader(self) -> Callable[[Any], Molecule | None]:
        return canonical

    def spelled(self, items: Sequence[Molecule], seed: int) -> Tensor:
        """Each molecule written from a random atom (Randomized SMILES strings improve the quality of molecular
        generative models; Arus-Pous et al.; 2019); one that this representation cannot hold is left canonical."""
        from rdkit.Chem import MolToRandomSmilesVect

        known = set(self.vocabulary)
        texts = []
        for i, molecule in enumerate(items):
            text = MolToRandomSmilesVect(parsed(molecule), 1, randomSeed=seed_at(seed, i) % 2**31)[0]
            found = tokens(text)
            texts.append(text if len(found) < self.length and known.issuperset(found) else molecule)
        return self.encode_texts(texts)
