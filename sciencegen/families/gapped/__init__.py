"""Densities of rows with gaps, and what proposes how to fill them."""

from sciencegen.families.gapped.copula import Copula
from sciencegen.families.gapped.gapped import Gapped

__all__ = ["Copula", "Gapped"]
