"""Arrays of small integers: binarised images, lattices of spins, rows of a binary table, grey levels."""

from sciencegen.domains.arrays.domain import Arrays
from sciencegen.domains.arrays.representations import Grid

__all__ = ["Arrays", "Grid"]
