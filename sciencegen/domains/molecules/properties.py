"""What can be measured of a molecule: a line here is at once askable, filterable and in every output."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from sciencegen.core.domain import Property
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.domains.molecules.qed import drug_likeness

__all__ = ["PROPERTIES"]

_ZINC = (
    (2.4570953396190123, 1.434324401111988),  # logP
    (-3.0525811293166134, 0.8335207024513095),  # how hard to make, negative
    (-0.0485696876403053, 0.2860212110245455),  # the largest ring, negative
)
"""Mean and spread over ZINC250k of what penalised logP is made of, as its authors publish them."""


def logp(molecule: Molecule) -> float:
    """Octanol-water partition (Prediction of Physicochemical Parameters by Atomic Contributions; Wildman, Crippen;
    1999)."""
    from rdkit.Chem import Crippen

    return float(Crippen.MolLogP(parsed(molecule)))


def qed(molecule: Molecule) -> float:
    """Drug-likeness, from 0 to 1."""
    return drug_likeness(parsed(molecule), molecule)


def tpsa(molecule: Molecule) -> float:
    """Topological polar surface area."""
    from rdkit.Chem.rdMolDescriptors import CalcTPSA

    return float(CalcTPSA(parsed(molecule)))


def mw(molecule: Molecule) -> float:
    """Molecular weight."""
    from rdkit.Chem.rdMolDescriptors import _CalcMolWt

    return float(_CalcMolWt(parsed(molecule)))


def sa(molecule: Molecule) -> float:
    """How hard a molecule is to make, from 1 to 10 (Estimation of synthetic accessibility score of drug-like
    molecules; Ertl, Schuffenhauer; 2009)."""
    return float(_sascorer().calculateScore(parsed(molecule)))


@cache
def _sascorer() -> Any:
    """The score's reference implementation, which RDKit carries beside its package."""
    from rdkit import RDConfig

    folder = str(Path(RDConfig.RDContribDir) / "SA_Score")
    sys.path.append(folder)
    try:
        import sascorer
    finally:
        sys.path.remove(folder)
    return sascorer


def plogp(molecule: Molecule) -> float:
    """Penalised logP: logP less what makes a molecule hard to make and less what its largest ring has above six atoms,
    each less its mean over ZINC250k and divided by its spread there (Junction Tree Variational Autoencoder for
    Molecular Graph Generation; Jin, Barzilay, Jaakkola; 2018)."""
    largest = max((len(ring) for ring in parsed(molecule).GetRingInfo().AtomRings()), default=0)
    parts = (logp(molecule), -sa(molecule), -float(max(largest - 6, 0)))
    return sum((part - mean) / spread for part, (mean, spread) in zip(parts, _ZINC, strict=True))


def atoms(molecule: Molecule) -> float:
    """How many atoms but hydrogens."""
    return float(parsed(molecule).GetNumAtoms())


def rings(molecule: Molecule) -> float:
    """How many rings."""
    from rdkit.Chem.rdMolDescriptors import CalcNumRings

    return float(CalcNumRings(parsed(molecule)))


def aromatic_rings(molecule: Molecule) -> float:
    """How many aromatic rings."""
    from rdkit.Chem.rdMolDescriptors import CalcNumAromaticRings

    return float(CalcNumAromaticRings(parsed(molecule)))


def aliphatic_rings(molecule: Molecule) -> float:
    """How many rings with a bond that is not aromatic."""
    from rdkit.Chem import rdMolDescriptors

    return float(rdMolDescriptors.CalcNumAliphaticRings(parsed(molecule)))


def donors(molecule: Molecule) -> float:
    """How many hydrogen-bond donors."""
    from rdkit.Chem.rdMolDescriptors import CalcNumHBD

    return float(CalcNumHBD(parsed(molecule)))


def acceptors(molecule: Molecule) -> float:
    """How many hydrogen-bond acceptors."""
    from rdkit.Chem.rdMolDescriptors import CalcNumHBA

    return float(CalcNumHBA(parsed(molecule)))


def rotatable(molecule: Molecule) -> float:
    """How many rotatable bonds."""
    from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds

    return float(CalcNumRotatableBonds(parsed(molecule)))


def charge(molecule: Molecule) -> float:
    """The formal charge."""
    from rdkit.Chem.rdmolops import GetFormalCharge

    return float(GetFormalCharge(parsed(molecule)))


PROPERTIES: dict[str, Property[Molecule]] = {
    "logp": Property(logp),
    "qed": Property(qed, slow=True),
    "tpsa": Property(tpsa, "A^2"),
    "mw": Property(mw, "g/mol"),
    "sa": Property(sa),
    "plogp": Property(plogp),
    "atoms": Property(atoms),
    "rings": Property(rings),
    "aromatic_rings": Property(aromatic_rings),
    "aliphatic_rings": Property(aliphatic_rings),
    "donors": Property(donors),
    "acceptors": Property(acceptors),
    "rotatable": Property(rotatable),
    "charge": Property(charge),
}
