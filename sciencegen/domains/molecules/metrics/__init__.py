"""Metrics of sets of molecules, and the published benchmark protocols made of them."""

from collections.abc import Mapping

from sciencegen.core.protocol import Protocol
from sciencegen.domains.molecules.metrics.distance import compare
from sciencegen.domains.molecules.metrics.guacamol import GuacaMol
from sciencegen.domains.molecules.metrics.moses import Moses

__all__ = ["PROTOCOLS", "GuacaMol", "Moses", "compare"]

PROTOCOLS: Mapping[str, Protocol[str]] = {"guacamol": GuacaMol(), "moses": Moses()}
