"""Small molecules, as canonical SMILES."""

from sciencegen.domains.molecules.domain import Molecules
from sciencegen.domains.molecules.molecule import Molecule

__all__ = ["Molecule", "Molecules"]
