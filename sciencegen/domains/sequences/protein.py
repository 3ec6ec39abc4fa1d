"""What is measured of proteins and peptides, many at a time; NaN where a letter has no such number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciencegen.domains.sequences.kinds import KINDS
from sciencegen.domains.sequences.packed import Numbers, Packed, table_of, table_of_pairs
from sciencegen.domains.sequences.scales import (
    EISENBERG,
    GUIDE,
    KYTE_DOOLITTLE,
    MASS,
    PK_C,
    PK_C_TERMINAL,
    PK_N,
    PK_N_TERMINAL,
    PK_SIDE,
    WATER,
)

__all__ = ["PH", "aromaticity", "charge", "hydrophobicity", "instability", "moment", "mw", "pi", "valid"]

PH = 7.4
"""The acidity at which the charge is told: that of blood."""
_ANGLE = math.radians(100)  # from one residue of a helix to the next
_HALVINGS = 24
_KNOWN = [ord(letter) - ord("A") for letter in KINDS["protein"].letters]
_SIDES = [ord(letter) - ord("A") for letter in PK_SIDE]
_SIDE_PK = np.array(list(PK_SIDE.values()))
_SIGNS = np.array([1.0 if letter in "HKR" else -1.0 for letter in PK_SIDE])
_FIRST, _LAST = (
    np.nan_to_num(table_of(ends), nan=other) for ends, other in ((PK_N_TERMINAL, PK_N), (PK_C_TERMINAL, PK_C))
)
_HYDROPATHY, _CONSENSUS, _MASS, _PAIRS = (
    table_of(KYTE_DOOLITTLE),
    table_of(EISENBERG),
    table_of(MASS),
    table_of_pairs(GUIDE),
)


def charge(x: Packed) -> Numbers:
    """The net charge at pH 7.4: Henderson and Hasselbalch's for every side chain and both ends."""
    return _Groups.of(x).charge(np.full(len(x), PH))


def pi(x: Packed) -> Numbers:
    """The pH at which there is no net charge, between 0 and 14."""
    groups = _Groups.of(x)
    low, high = np.zeros(len(x)), np.full(len(x), 14.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = groups.charge(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(groups.known, (low + high) / 2, np.nan)


@dataclass(frozen=True)
class _Groups:
    """The groups of proteins that take up or give away a proton: how many of each there are, and how acid they are."""

    counts: Numbers  # [n, groups], below 0 where the group gives a proton away
    strength: Numbers  # [n, groups], 10 to the power of the pK
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, x: Packed) -> _Groups:
        counts = np.column_stack((x.counts[:, _SIDES] * _SIGNS, np.ones(len(x)), -np.ones(len(x))))
        pk = np.column_stack((np.tile(_SIDE_PK, (len(x), 1)), _FIRST[x.first], _LAST[x.last]))
        return cls(counts, 10**pk, _standard(x))

    def charge(self, ph: Numbers) -> Numbers:
        """The mean charge of each protein."""
        acid = (10**-ph)[:, None] * self.strength
        share = np.where(self.counts > 0, acid, 1.0) / (1 + acid)  # of a base the part with its proton
        return np.where(self.known, (self.counts * share).sum(1), np.nan)


def hydrophobicity(x: Packed) -> Numbers:
    """The grand average of hydropathy (GRAVY), on Kyte and Doolittle's scale."""
    return x.total(_HYDROPATHY[x.codes]) / x.lengths


def moment(x: Packed) -> Numbers:
    """The hydrophobic moment of the whole chain as one helix, a residue, on Eisenberg's consensus scale:
    |sum of H exp(100 i k degrees)| / length."""
    values, turned = _CONSENSUS[x.codes], x.places * _ANGLE
    return np.hypot(x.total(values * np.cos(turned)), x.total(values * np.sin(turned))) / x.lengths


def instability(x: Packed) -> Numbers:
    """Guruprasad's index; proteins above 40 were short-lived."""
    return np.where(_standard(x), 10 * x.pairs(_PAIRS) / x.lengths, np.nan)


def mw(x: Packed) -> Numbers:
    """The average molecular weight, in g/mol."""
    return x.total(_MASS[x.codes]) - (x.lengths - 1) * WATER


def aromaticity(x: Packed) -> Numbers:
    """The share of phenylalanine, tryptophan and tyrosine."""
    rings = x.counts[:, [ord(letter) - ord("A") for letter in "FWY"]].sum(1)
    return np.asarray(rings / x.lengths, np.float64)


def valid(x: Packed) -> Numbers:
    """1 where every letter is one of the twenty residues, otherwise 0."""
    return _standard(x).astype(np.float64)


def _standard(x: Packed) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = x.counts[:, _KNOWN].sum(1) == x.lengths
    return found
