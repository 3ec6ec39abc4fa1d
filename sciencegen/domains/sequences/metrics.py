"""How far two sets of sequences are apart, beside what letters alone would give: the same measures of shuffled data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from sciencegen.compare.histograms import wasserstein
from sciencegen.domains.sequences.identity import nearest
from sciencegen.domains.sequences.kinds import Kind
from sciencegen.domains.sequences.kmers import divergence, shares
from sciencegen.domains.sequences.packed import Packed
from sciencegen.domains.sequences.properties import measured

__all__ = ["compare", "shuffled"]

_SIZES = {True: (1, 2, 3, 4), False: (1, 2)}
"""The words that are counted, of bases and of residues."""
_PROPERTIES = {True: ("gc", "tm", "homopolymer"), False: ("charge", "hydrophobicity", "moment", "instability")}
_ENOUGH = 1000
"""The neighbours of so many say enough."""
_SEED = 0
_NEAREST = "identity to the nearest"


def compare(ours: Sequence[str], theirs: Sequence[str], kind: Kind) -> dict[str, float]:
    """Jensen-Shannon divergences of words, the distance of compositions, the identity to the nearest sequence of
    theirs and the share that is there already, and Wasserstein distances of lengths and properties.

    Beside each stands what sequences of theirs reach whose letters are put in random order: as many as ours.
    """
    source = np.random.default_rng(_SEED)
    rows = source.permutation(np.arange(len(ours)) % len(theirs))
    baseline = _apart(shuffled([theirs[row] for row in rows], source), theirs, kind)
    report: dict[str, float] = {}
    for name, value in _apart(ours, theirs, kind).items():
        report |= {name: value, f"{name} (shuffled data)": baseline[name]}
    some = source.permutation(len(theirs))[:_ENOUGH].tolist()
    among = nearest([theirs[row] for row in some], theirs, kind, some)
    return report | {f"{_NEAREST} (data among themselves)": float(among.mean())}


def _apart(ours: Sequence[str], theirs: Sequence[str], kind: Kind) -> dict[str, float]:
    x, y = Packed.of(ours), Packed.of(theirs)
    report = {
        f"{size}-mer divergence": divergence(shares(x, kind, size), shares(y, kind, size))
        for size in _SIZES[kind.nucleic]
    }
    report["composition"] = float(np.abs(shares(x, kind, 1) - shares(y, kind, 1)).sum() / 2)
    known = set(theirs)
    report[_NEAREST] = float(nearest(ours[:_ENOUGH], theirs, kind).mean())
    report["novelty"] = sum(item not in known for item in ours) / len(ours)
    names = ("length", *_PROPERTIES[kind.nucleic])
    a, b = (measured(side, kind, names) for side in (ours, theirs))
    for name in names:
        values = [torch.tensor([v for v in side[name] if v == v], dtype=torch.float64) for side in (a, b)]
        report[f"{name} (Wasserstein)"] = wasserstein(*values) if all(map(len, values)) else float("nan")
    return report


def shuffled(items: Sequence[str], source: np.random.Generator) -> list[str]:
    """The sequences, each with its letters in random order."""
    return ["".join(source.permutation(list(item))) for item in items]
