"""What can be measured of each kind of sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sciencegen.core.domain import Property
from sciencegen.domains.sequences import nucleic, protein
from sciencegen.domains.sequences.kinds import Kind
from sciencegen.domains.sequences.packed import Numbers, Packed

__all__ = ["measured", "properties_of"]

Measure = Callable[[Packed], Numbers | list[str]]

_BASES: dict[str, tuple[Measure, str]] = {
    "length": (nucleic.length, ""),
    "gc": (nucleic.gc, ""),
    "tm": (nucleic.tm_dna, "C"),
    "homopolymer": (nucleic.homopolymer, ""),
    "orf": (nucleic.orf_either_strand, ""),
    "valid": (nucleic.valid, ""),
}
_RESIDUES: dict[str, tuple[Measure, str]] = {
    "length": (nucleic.length, ""),
    "charge": (protein.charge, ""),
    "pi": (protein.pi, ""),
    "hydrophobicity": (protein.hydrophobicity, ""),
    "moment": (protein.moment, ""),
    "instability": (protein.instability, ""),
    "mw": (protein.mw, "g/mol"),
    "aromaticity": (protein.aromaticity, ""),
    "valid": (protein.valid, ""),
}
_ONE_STRAND: dict[str, tuple[Measure, str]] = {"orf": (nucleic.orf, "")}
_LEVELS = {"coding": nucleic.CODING}


def properties_of(kind: Kind, organism: str) -> Mapping[str, Property[str]]:
    """The properties of a kind, by name; codons are measured by the usage of an organism."""
    return {
        name: Property(partial(_one, measure), unit, _LEVELS.get(name, ()))
        for name, (measure, unit) in _measures(kind, organism).items()
    }


def measured(items: Sequence[str], kind: Kind, names: Sequence[str], organism: str = "") -> dict[str, list[Any]]:
    """Properties of many sequences at once."""
    x, measures = Packed.of(items), _measures(kind, organism)
    return {name: list(map(_plain, measures[name][0](x))) for name in names}


def _measures(kind: Kind, organism: str) -> dict[str, tuple[Measure, str]]:
    if not kind.nucleic:
        return _RESIDUES
    if kind.name == "cds":
        adaptation = partial(nucleic.cai, organism=organism)
        return {**_BASES, **_ONE_STRAND, "coding": (nucleic.coding, ""), "cai": (adaptation, "")}
    return {**_BASES, **_ONE_STRAND, "tm": (nucleic.tm_rna, "C")} if kind.name == "rna" else _BASES


def _one(measure: Measure, item: str) -> float | str:
    return _plain(measure(_packed(item))[0])


@lru_cache(maxsize=256)
def _packed(item: str) -> Packed:
    """The letters of one sequence, for everything that is measured of it in a row."""
    return Packed.of([item])


def _plain(value: Any) -> float | str:
    return value if isinstance(value, str) else float(value)
