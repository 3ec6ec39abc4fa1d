"""What tasks look at in a molecule: how like another it is, its formula, what it contains, and means of these."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import exp, fsum, log
from typing import TYPE_CHECKING, Any

from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.domains.molecules.properties import PROPERTIES
from sciencegen.domains.molecules.tasks.modifiers import Gaussian, Modifier, Plain
from sciencegen.errors import UnknownName

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["FINGERPRINTS", "Alike", "Arithmetic", "Formula", "Geometric", "Like", "Matches", "Measured"]

Part = Callable[[Molecule], float]
_PLAIN = Plain()
FINGERPRINTS = ("ECFP4", "ECFP6", "FCFP4", "AP", "PHCO")


@dataclass(frozen=True)
class Alike:
    """How like a target a molecule is: the Tanimoto similarity of counted, unfolded fingerprints.

    `kind`: ECFP4 and ECFP6 are circles of atoms of radius 2 and 3, FCFP4 circles of features, AP pairs of atoms at most
    10 bonds apart, PHCO pairs and triples of pharmacophores, which are not counted (Gobbi, Poppinger; 1998).
    """

    target: Molecule
    kind: str
    modifier: Modifier = _PLAIN

    def __post_init__(self) -> None:
        if self.kind not in FINGERPRINTS:
            raise UnknownName("fingerprint", self.kind, FINGERPRINTS)

    def __call__(self, molecule: Molecule) -> float:
        from rdkit.DataStructs import TanimotoSimilarity

        make = _maker(self.kind)
        return self.modifier(TanimotoSimilarity(make(parsed(molecule)), _of_target(self.kind, self.target)))


@cache
def _maker(kind: str) -> Callable[[Chem.Mol], Any]:
    from rdkit.Chem import rdFingerprintGenerator as Generators

    if kind == "PHCO":
        from rdkit.Chem.Pharm2D import Generate, Gobbi_Pharm2D

        pharmacophores: Any = Generate
        return lambda mol: pharmacophores.Gen2DFingerprint(mol, Gobbi_Pharm2D.factory)
    if kind == "AP":
        found = Generators.GetAtomPairGenerator(maxDistance=10)
    else:
        features = Generators.GetMorganFeatureAtomInvGen() if kind.startswith("F") else None
        found = Generators.GetMorganGenerator(radius=int(kind[-1]) // 2, atomInvariantsGenerator=features)
    make: Callable[[Chem.Mol], Any] = found.GetSparseCountFingerprint
    return make


@cache
def _of_target(kind: str, target: Molecule) -> Any:
    return _maker(kind)(parsed(target))


@dataclass(frozen=True)
class Measured:
    """A property that is worth more at some values than at others."""

    name: str
    modifier: Modifier

    def __call__(self, molecule: Molecule) -> float:
        return self.modifier(_measure(self.name, molecule))


@dataclass(frozen=True)
class Like:
    """A property that should be that of another molecule, by a Gaussian."""

    name: str
    other: Molecule
    sigma: float

    def __call__(self, molecule: Molecule) -> float:
        return Gaussian(_measured(self.name, self.other), self.sigma)(_measure(self.name, molecule))


@cache
def _measured(name: str, molecule: Molecule) -> float:
    return _measure(name, molecule)


def _measure(name: str, molecule: Molecule) -> float:
    """A property of the domain, how complex a molecule is (The first general index of molecular complexity; Bertz;
    1981), or how many atoms of an element there are."""
    if name in PROPERTIES:
        return float(PROPERTIES[name].measure(molecule))
    mol = parsed(molecule)
    if name == "complexity":
        from rdkit.Chem import GraphDescriptors

        indices: Any = GraphDescriptors
        return float(indices.BertzCT(mol))
    return float(_elements(mol).get(name, 0))


def _elements(mol: Chem.Mol) -> dict[str, int]:
    """How many atoms of each element a molecule has."""
    found: dict[str, int] = {}
    for atom in mol.GetAtoms():
        symbol = atom.GetSymbol()
        found[symbol] = found.get(symbol, 0) + 1
        found["H"] = found.get("H", 0) + atom.GetTotalNumHs()
    return found


@dataclass(frozen=True)
class Formula:
    """How near the formula of a molecule is: the geometric mean of Gaussians of how many atoms of each element there
    are (sigma 1), and of how many atoms there are in all (sigma 2)."""

    formula: str

    def __call__(self, molecule: Molecule) -> float:
        found = _elements(parsed(molecule))
        wanted = {symbol: int(count or 1) for symbol, count in re.findall(r"([A-Z][a-z]?)(\d*)", self.formula)}
        each = [Gaussian(count, 1.0)(found.get(symbol, 0)) for symbol, count in wanted.items()]
        return _geometric([*each, Gaussian(sum(wanted.values()), 2.0)(sum(found.values()))])


@dataclass(frozen=True)
class Matches:
    """1 where a molecule contains a substructure, a SMARTS, and 0 where not; the other way round where it is not
    `wanted`."""

    smarts: str
    wanted: bool = True

    def __call__(self, molecule: Molecule) -> float:
        return float(parsed(molecule).HasSubstructMatch(_pattern(self.smarts)) == self.wanted)


@cache
def _pattern(smarts: str) -> Chem.Mol:
    from rdkit import Chem

    return Chem.MolFromSmarts(smarts)


@dataclass(frozen=True)
class Geometric:
    """The geometric mean of some parts: worth nothing where one of them is."""

    parts: tuple[Part, ...]

    def __call__(self, molecule: Molecule) -> float:
        return _geometric([part(molecule) for part in self.parts])


@dataclass(frozen=True)
class Arithmetic:
    """The arithmetic mean of some parts."""

    parts: tuple[Part, ...]

    def __call__(self, molecule: Molecule) -> float:
        return fsum(part(molecule) for part in self.parts) / len(self.parts)


def _geometric(values: list[float]) -> float:
    return exp(fsum(log(value) for value in values) / len(values)) if min(values) > 0 else 0.0
