"""Densities: points with real coordinates, from a table or from an energy."""

from sciencegen.domains.densities.domain import Densities, Point
from sciencegen.domains.densities.representations import Standardised

__all__ = ["Densities", "Point", "Standardised"]
