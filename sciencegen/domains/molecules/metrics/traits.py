"""What the metrics look at in each molecule: fingerprints, fragments, scaffolds, filters and properties.

Molecules are measured by several processes where there are many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciencegen.data.cache import remembered
from sciencegen.data.workers import Failed, Workers
from sciencegen.domains.molecules.metrics.content import digest
from sciencegen.domains.molecules.metrics.filters import passes
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.domains.molecules.properties import PROPERTIES
from sciencegen.errors import DataError

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["Traits", "recalled", "traits"]

_FEW = 1000
"""So many molecules are measured sooner than other processes have started."""
_FORMAT = 1


@dataclass(frozen=True)
class Traits:
    """The traits of a set of molecules."""

    bits: Mapping[str, Tensor] = field(default_factory=dict)  # name: [n, bytes], packed
    counts: Mapping[str, Counter[str]] = field(default_factory=dict)
    values: Mapping[str, Tensor] = field(default_factory=dict)  # name: [n]


def traits(molecules: Sequence[Molecule], names: Sequence[str]) -> Traits:
    """These traits of the molecules; a molecule at which the chemistry library fails has none."""
    few = len(molecules) < _FEW
    with Workers(partial(_measured, tuple(names)), processes=0 if few else None, timeout=60.0) as workers:
        rows = [row for row in workers.map(molecules) if not isinstance(row, Failed)]
    if not rows:
        raise DataError(f"none of {len(molecules):,} molecules could be measured")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    bits, counts, values = {}, {}, {}
    for name, column in columns.items():
        if name in _BITS:
            whole = np.frombuffer(b"".join(column), np.uint8).reshape(len(column), -1)
            bits[name] = torch.from_numpy(whole.copy())
        elif name in _NAMES:
            counts[name] = Counter(one for several in column for one in several)
        else:
            values[name] = torch.tensor(column, dtype=torch.float64)
    return Traits(bits, counts, values)


def recalled(molecules: Sequence[Molecule], names: Sequence[str]) -> Traits:
    """The same for a set that will be looked at again: kept in the user's cache folder."""
    from rdkit import __version__

    key = {"traits": _FORMAT, "names": list(names), "molecules": digest(molecules), "rdkit": __version__}
    return _unpacked(remembered(key, lambda: _packed(traits(molecules, names))))


def _packed(found: Traits) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {f"bits/{name}": x.numpy() for name, x in found.bits.items()}
    arrays |= {f"values/{name}": x.numpy() for name, x in found.values.items()}
    for name, counter in found.counts.items():
        arrays[f"names/{name}"] = np.array(list(counter), dtype=object)
        arrays[f"counts/{name}"] = np.array(list(counter.values()), dtype=np.int64)
    return arrays


def _unpacked(arrays: Mapping[str, NDArray[Any]]) -> Traits:
    by_kind: dict[str, dict[str, Any]] = {"bits": {}, "values": {}, "names": {}, "counts": {}}
    for entry, array in arrays.items():
        kind, _, name = entry.partition("/")
        by_kind[kind][name] = array.tolist() if kind in ("names", "counts") else torch.from_numpy(array)
    pairs = {name: Counter(dict(zip(by_kind["names"][name], n, strict=True))) for name, n in by_kind["counts"].items()}
    return Traits(by_kind["bits"], pairs, by_kind["values"])


def _measured(names: tuple[str, ...], molecule: Molecule) -> tuple[Any, ...]:
    return tuple(_MEASURES[name](molecule) for name in names)


def _fingerprint(size: int, molecule: Molecule) -> bytes:
    """Which circular environments up to two bonds wide a molecule has (Extended-Connectivity Fingerprints; Rogers,
    Hahn; 2010)."""
    from rdkit.DataStructs import BitVectToBinaryText

    return bytes(BitVectToBinaryText(_generator(size).GetFingerprint(parsed(molecule))))


@cache
def _generator(size: int) -> Any:
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=size)


def _fragments(molecule: Molecule) -> list[str]:
    """The pieces left when all bonds that are easy to make are cut, dummy atoms at the cuts (On the art of compiling
    and using drug-like chemical fragment spaces; Degen, Wegscheid-Gerlach, Zaliani, Rarey; 2008)."""
    from rdkit.Chem import MolToSmiles
    from rdkit.Chem.rdmolops import FragmentOnBRICSBonds

    return str(MolToSmiles(FragmentOnBRICSBonds(parsed(molecule)))).split(".")


def _scaffold(molecule: Molecule) -> list[str]:
    """The rings with what joins them, where there are two or more (The Properties of Known Drugs; Bemis, Murcko;
    1996)."""
    from rdkit.Chem import MolToSmiles
    from rdkit.Chem.Scaffolds import MurckoScaffold

    murcko: Any = MurckoScaffold  # it says nothing of types
    scaffold: Chem.Mol = murcko.GetScaffoldForMol(parsed(molecule))
    return [MolToSmiles(scaffold)] if scaffold.GetRingInfo().NumRings() >= 2 else []


def _passes(molecule: Molecule) -> float:
    return float(passes(parsed(molecule)))


def _bertz(molecule: Molecule) -> float:
    """Complexity (The First General Index of Molecular Complexity; Bertz; 1981)."""
    from rdkit.Chem import GraphDescriptors

    descriptors: Any = GraphDescriptors  # it says nothing of types
    return float(descriptors.BertzCT(parsed(molecule)))


def _aliphatic_rings(molecule: Molecule) -> float:
    from rdkit.Chem.rdMolDescriptors import CalcNumAliphaticRings

    return float(CalcNumAliphaticRings(parsed(molecule)))


_BITS: dict[str, Callable[[Molecule], Any]] = {
    "morgan1024": partial(_fingerprint, 1024),
    "morgan4096": partial(_fingerprint, 4096),
}
_NAMES: dict[str, Callable[[Molecule], Any]] = {"fragments": _fragments, "scaffolds": _scaffold}
_MEASURES: dict[str, Callable[[Molecule], Any]] = {
    **_BITS,
    **_NAMES,
    "passes": _passes,
    "bertz": _bertz,
    "aliphatic_rings": _aliphatic_rings,
    **{name: property_.measure for name, property_ in PROPERTIES.items()},
}
