"""The filters that made the MOSES sets: what a medicinal chemist would not keep.

Molecular Sets (MOSES): A Benchmarking Platform for Molecular Generation Models; Polykovskiy et al.; 2020. A molecule
passes that has no other elements than these, no charged atom, no ring of eight or more atoms, no pan-assay interference
structure (New Substructure Filters for Removal of PAINS; Baell, Holloway; 2010), and none of the groups below.

The published list has a furan, a thiophene and an aniline with rings of alternating bonds. RDKit sees those rings as
aromatic, so that these three never matched furans, thiophenes and anilines when the sets were made, and do not here;
what is left of them is the thiophene dioxide.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["GROUPS", "passes"]

GROUPS = {
    "unsaturated nitrile": "N#[#6]-[#6]=!@[#6]",
    "vinyl sulfone": "O=S(=O)-[#6]=!@[#6]",
    "acrylamide": "O=[#6](-!@[#7])-!@[#6;!H0]=!@[#6]",
    "primary halide": "[F,Cl,Br,I][CX4;H2][#6]",
    "epoxide": "[#8]1-[#6]-[#6]1",
    "aziridine": "[#7]1-[#6]-[#6]1",
    "isocyanate": "O=C=N-[#6]",
    "aldehyde": "O=[#6;!H0]",
    "imine": "[#6,#7,#8,#16]-!@[#6]=!@[#7;!H0]",
    "hydrazine": "[#6]~!@[#7]~!@[#7]~!@[#6]",
    "azo": "[#7]=!@[#7]",
    "chain of three nitrogens": "[#7]~!@[#7]~!@[#7]",
    "disulfide": "[#16]~[#16]",
    "aminal": "[#7]-!@[#6;!H0;!H1]-!@[#7]",
    "acetal": "[#8]-!@[#6;!H0]-!@[#8]",
    "activated aryl halide": "[Cl,Br,I]-c:[a;!#6]",
    "thiophene dioxide": "[#16]1-[#6;H1]=[#6;H1]-[#6]=[#6]1-*",
}
"""Reactive groups, as SMARTS."""
_TOO_MANY = {"Br": 3, "Cl": 4, "F": 7}
_ALLOWED = frozenset(("H", "C", "N", "O", "F", "S", "Cl", "Br"))
_LARGEST_RING = 7


def passes(mol: Chem.Mol) -> bool:
    """Whether a molecule passes all filters, the quick ones first."""
    atoms: Counter[str] = Counter()
    for atom in mol.GetAtoms():
        if atom.GetFormalCharge():
            return False
        atoms[atom.GetSymbol()] += 1
    if not atoms.keys() <= _ALLOWED or any(atoms[name] >= many for name, many in _TOO_MANY.items()):
        return False
    if any(len(ring) > _LARGEST_RING for ring in mol.GetRingInfo().AtomRings()):
        return False
    return not any(mol.HasSubstructMatch(group) for group in _groups()) and not _interferes(mol)


def _interferes(mol: Chem.Mol) -> bool:
    return bool(_catalog().HasMatch(mol))


@cache
def _groups() -> tuple[Chem.Mol, ...]:
    from rdkit import Chem

    return tuple(Chem.MolFromSmarts(group) for group in GROUPS.values())


@cache
def _catalog() -> Any:
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

    wanted = FilterCatalogParams()
    catalogs = FilterCatalogParams.FilterCatalogs
    for one in (catalogs.PAINS_A, catalogs.PAINS_B, catalogs.PAINS_C):
        wanted.AddCatalog(one)
    return FilterCatalog(wanted)
