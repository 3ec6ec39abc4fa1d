"""How far any two sets of molecules are apart, by the metrics of the benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

from sciencegen.compare.histograms import wasserstein
from sciencegen.domains.molecules.metrics.moses import beside, diversity
from sciencegen.domains.molecules.metrics.traits import Traits, recalled, traits
from sciencegen.domains.molecules.molecule import Molecule

__all__ = ["compare"]

_PROPERTIES = ("logp", "sa", "qed", "mw")
_ENOUGH = 20_000
"""The diversity of more molecules is that of the first of them."""
_TRAITS = ("morgan1024", "fragments", "scaffolds", *_PROPERTIES)


def compare(ours: Sequence[Molecule], theirs: Sequence[Molecule]) -> dict[str, float]:
    """SNN, Frag, Scaf and IntDiv as MOSES defines them, IntDiv of the data, and Wasserstein distances of properties."""
    a, b = traits(ours, _TRAITS), recalled(theirs, _TRAITS)
    report = beside(a, b) | diversity(a)
    some = Traits({name: bits[:_ENOUGH] for name, bits in b.bits.items()})
    report |= {f"{name} of data": value for name, value in diversity(some).items()}
    return report | {f"{name} (Wasserstein)": wasserstein(a.values[name], b.values[name]) for name in _PROPERTIES}
