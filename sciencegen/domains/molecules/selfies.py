"""Molecules as SELFIES (Self-referencing embedded strings; Krenn, Haese, Nigam, Friederich, Aspuru-Guzik; 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor

from sciencegen.domains.molecules.molecule import Molecule, canonical
from sciencegen.domains.molecules.strings import Strings
from sciencegen.domains.molecules.written import written

__all__ = ["Selfies", "selfies_of"]

_MOST_BONDS = (
    dict.fromkeys(("H", "F", "Cl", "Br", "I", "O-1", "S-1"), 1)
    | dict.fromkeys(("Li+1", "Na+1", "K+1", "Mg+2", "Ca+2", "Zn+2", "F-1", "Cl-1", "Br-1", "I-1"), 0)
    | {"B": 3, "B+1": 2, "B-1": 4, "C": 4, "C+1": 3, "C-1": 3, "Si": 4}
    | {"N": 3, "N+1": 4, "N-1": 2, "O": 2, "O+1": 3, "P": 5, "P+1": 4, "P-1": 6, "As": 5}
    | {"S": 6, "S+1": 5, "Se": 6, "Se+1": 5, "Te": 6, "Cl+3": 4, "?": 8}
)
"""The bond orders an atom can take, by element and charge, as RDKit accepts them."""


@dataclass(frozen=True)
class Selfies(Strings):
    """SELFIES, token by token: nearly every string stands for a molecule, as a token that cannot be is read as
    another."""

    @classmethod
    def spell(cls, molecules: Sequence[Molecule]) -> list[str]:
        with _constrained():
            return written(molecules, selfies_of, "SELFIES", ("rdkit", "selfies"))

    @classmethod
    def read(cls, text: str) -> Molecule | None:
        import selfies

        with _constrained():
            try:
                return canonical(selfies.decoder(text))
            except selfies.DecoderError:
                return None

    def decode(self, x: Tensor) -> list[Molecule | None]:
        with _constrained():  # once for all
            return super().decode(x)


def selfies_of(molecule: Molecule) -> str:
    """The SELFIES of a molecule; a ValueError where there is none."""
    import selfies

    with _constrained():
        try:
            return str(selfies.encoder(molecule))
        except selfies.EncoderError as error:
            said = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise ValueError(said[0] if said else "it cannot be parsed") from error


@contextmanager
def _constrained() -> Iterator[None]:
    """The package's valences are ours inside, and what they were afterwards."""
    import selfies

    before = selfies.get_semantic_constraints()
    if before == _MOST_BONDS:
        yield
        return
    selfies.set_semantic_constraints(_MOST_BONDS)
    try:
        yield
    finally:
        selfies.set_semantic_constraints(before)
