"""Published catalogues of suspicious molecules, as RDKit has them: what a molecule is listed for first.

pains: New Substructure Filters for Removal of Pan Assay Interference Compounds (PAINS); Baell, Holloway; 2010.
brenk: Lessons Learnt from Assembling Screening Libraries for Drug Discovery for Neglected Diseases; Brenk et al.; 2008.
nih: Quantitative Analyses of Aggregation, Autofluorescence, and Reactivity Artifacts in a Screen for Inhibitors of a
Thiol Protease; Jadhav et al.; 2010. chembl: the alerts of eight groups collected in ChEMBL 23; four fifths of the drugs
on the market stand in it, so that it is there to mark molecules, not to reject them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.domains.molecules.needs import Needs, surroundings

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["ALERTS", "listed"]

_BEGINS = b"\xef\xbe\xad\xde"
"""How RDKit begins what it writes of a molecule."""
_ONE_PATTERN = re.compile(rb"22 serialization::archive \d+ 1 1\s0 0 1 4 1 1\s1 0 0 \d+ .* (\d+) ", re.DOTALL)
_AT_LEAST_ONCE = b" 1 4294967295 0 0 "


class _Catalogue:
    """The entries of a catalogue, and what each needs of a molecule."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self._entries = entries
        self._needs = Needs([_pattern(entry) for entry in entries])

    def first(self, molecule: Molecule) -> str:
        mol = parsed(molecule)
        for number in self._needs.possible(surroundings(molecule)):
            if self._entries[number].HasFilterMatch(mol):
                return str(self._entries[number].GetDescription())
        return ""


def listed(catalogue: str, molecule: Molecule) -> str:
    """What a molecule is listed for first in a catalogue of RDKit's, or nothing."""
    return _catalogue(catalogue).first(molecule)


@cache
def _catalogue(name: str) -> _Catalogue:
    from rdkit.Chem import FilterCatalog

    rdkits: Any = FilterCatalog  # its types are wrong
    whole = rdkits.FilterCatalog(getattr(rdkits.FilterCatalogParams.FilterCatalogs, name.upper()))
    return _Catalogue([whole.GetEntryWithIdx(number) for number in range(whole.GetNumEntries())])


def _pattern(entry: Any) -> Chem.Mol | None:
    """The one pattern of an entry, from what RDKit writes of it; None where an entry is more than one pattern that is
    found or not, or is written in another way: then it is searched for in every molecule."""
    from rdkit import Chem
    from rdkit.Chem import FilterCatalog

    rdkits: Any = FilterCatalog
    if not rdkits.FilterCatalogCanSerialize():
        return None
    written: bytes = entry.Serialize()
    before = written.partition(_BEGINS)[0]
    said = _ONE_PATTERN.fullmatch(before)
    if said is None:
        return None
    end = len(before) + int(said[1])
    return Chem.Mol(written[len(before) : end]) if written.startswith(_AT_LEAST_ONCE, end) else None


ALERTS: Mapping[str, Callable[[Molecule], str]] = {
    name: partial(listed, name) for name in ("pains", "brenk", "nih", "chembl")
}
