"""What becomes of a molecule as it is read: its canonical SMILES after salts, charges and marks are dealt with, or the
reason why it is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.data.cache import remembered
from sciencegen.data.workers import Failed, Workers, usable_cores
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.errors import RequestError, UnknownName

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["LONGEST", "Cleaning", "Dropped", "cleaned", "cleaned_all", "cleaned_block"]

LONGEST = 5000
"""The longest SMILES that is read, in characters: RDKit's time grows with the square."""
_WAYS = {
    "salts": ("largest", "keep", "drop"),
    "charges": ("keep", "neutralise", "drop"),
    "stereo": ("keep", "remove"),
    "isotopes": ("keep", "remove"),
}
_REMEMBERED_FROM = 1000  # fewer are cleaned again sooner than they are found
_PATIENCE = 20.0  # seconds for a chunk; the largest molecules of the usual sets take milliseconds


@dataclass(frozen=True)
class Cleaning:
    """What is done to molecules as they are read.

    `salts`: take the largest fragment, keep all of them, or drop molecules of several. `charges`: keep them,
    neutralise what can be by moving protons, or drop molecules with a net charge. `stereo` and `isotopes`: keep or
    remove the marks. `most_atoms`: drop molecules with more heavy atoms; 0 for no limit. `elements`: drop molecules
    with others; empty for no limit.
    """

    salts: str = "largest"
    charges: str = "keep"
    stereo: str = "keep"
    isotopes: str = "keep"
    most_atoms: int = 0
    elements: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, ways in _WAYS.items():
            if getattr(self, name) not in ways:
                raise UnknownName(f"way with {name}", str(getattr(self, name)), ways)
        if self.most_atoms < 0:
            raise RequestError(f"most_atoms={self.most_atoms}: expected 1 or more, or 0 for no limit")
        for element in self.elements:
            if element not in _symbols():
                raise UnknownName("element", element, _symbols())


@dataclass(frozen=True)
class Dropped:
    """Why there is no molecule; `wanted` where that is what the user asked for, not a fault of the data."""

    reason: str
    wanted: bool = False


def cleaned(smiles: str, cleaning: Cleaning | None = None) -> Molecule | Dropped:
    """The canonical SMILES of a molecule, cleaned, or why it is dropped.

    >>> cleaned("OCC.[Na+].[Cl-]")
    'CCO'
    >>> cleaned("C1CC")
    Dropped(reason='not a molecule (syntax)', wanted=False)
    """
    from rdkit import rdBase

    with rdBase.BlockLogs():
        return _cleaned(smiles, cleaning or Cleaning())


def cleaned_block(block: str, cleaning: Cleaning | None = None) -> Molecule | Dropped:
    """The same of a structure as SDF files hold it."""
    from rdkit import rdBase

    with rdBase.BlockLogs():
        return _cleaned_block(block, cleaning or Cleaning())


def cleaned_all(
    texts: Sequence[str], cleaning: Cleaning | None = None, blocks: bool = False
) -> list[Molecule | Dropped]:
    """Many SMILES, or structures, cleaned in worker processes, once: the results are remembered."""
    chosen = cleaning or Cleaning()
    if len(texts) < _REMEMBERED_FROM:
        return _together(texts, chosen, blocks)
    return _unpacked(remembered(_key(texts, chosen, blocks), lambda: _packed(_together(texts, chosen, blocks))))


def _together(texts: Sequence[str], cleaning: Cleaning, blocks: bool) -> list[Molecule | Dropped]:
    work: Callable[[str], Molecule | Dropped] = partial(_in_worker, cleaning=cleaning, blocks=blocks)
    processes = min(usable_cores(), 1 + len(texts) // _REMEMBERED_FROM)
    with Workers(work, processes, _PATIENCE) as workers:
        results = workers.map(texts)
        return [Dropped(f"RDKit {one.reason}") if isinstance(one, Failed) else one for one in results]


def _in_worker(text: str, cleaning: Cleaning, blocks: bool) -> Molecule | Dropped:
    _silence()
    return _cleaned_block(text, cleaning) if blocks else _cleaned(text, cleaning)


@cache
def _silence() -> Any:
    """Silence RDKit as long as this process lives: for every molecule anew it would take a third of the time."""
    from rdkit import rdBase

    return rdBase.BlockLogs()


def _key(texts: Sequence[str], cleaning: Cleaning, blocks: bool) -> dict[str, object]:
    import rdkit

    digest = hashlib.blake2b(digest_size=32)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\xff")  # no byte of any text
    kind = {"made": "cleaned molecules", "version": 1, "rdkit": rdkit.__version__, "blocks": blocks}
    return {**kind, "texts": digest.hexdigest(), "cleaning": asdict(cleaning)}


def _packed(results: Sequence[Molecule | Dropped]) -> dict[str, NDArray[Any]]:
    """Results as arrays: molecules in their order, and the rows and reasons of the others."""
    dropped = [(row, one) for row, one in enumerate(results) if isinstance(one, Dropped)]
    return {
        "molecules": np.array([one for one in results if isinstance(one, str)], dtype=object),
        "rows": np.array([row for row, _ in dropped], dtype=np.int64),
        "reasons": np.array([one.reason for _, one in dropped], dtype=object),
        "wanted": np.array([one.wanted for _, one in dropped], dtype=bool),
    }


def _unpacked(arrays: dict[str, NDArray[Any]]) -> list[Molecule | Dropped]:
    rows, reasons, wanted = (arrays[name].tolist() for name in ("rows", "reasons", "wanted"))
    kept = iter(arrays["molecules"].tolist())
    whole: list[Molecule | Dropped | None] = [None] * (len(arrays["molecules"]) + len(rows))
    for row, reason, asked in zip(rows, reasons, wanted, strict=True):
        whole[row] = Dropped(reason, asked)
    return [next(kept) if one is None else one for one in whole]


def _cleaned(smiles: str, cleaning: Cleaning) -> Molecule | Dropped:
    from rdkit import Chem

    text = smiles.strip().partition(" |")[0]  # what follows a bar are coordinates and labels for programs
    if not text:
        return Dropped("no molecule given")
    if len(text) > LONGEST:
        return Dropped(f"longer than {LONGEST:,} characters")
    if not text.isascii() or any(c.isspace() for c in text):
        return Dropped("not a molecule (syntax)")
    mol = Chem.MolFromSmiles(text, _spelling())
    if mol is None:
        return _unsound(Chem.MolFromSmiles(text, _spelling(sanitise=False)))
    return _finished(mol, cleaning)


def _cleaned_block(block: str, cleaning: Cleaning) -> Molecule | Dropped:
    from rdkit import Chem

    mol = Chem.MolFromMolBlock(block)
    if mol is None:
        return _unsound(Chem.MolFromMolBlock(block, sanitize=False))
    if mol.GetNumAtoms() > LONGEST:
        return Dropped(f"more than {LONGEST:,} heavy atoms")
    return _finished(mol, cleaning)


@cache
def _spelling(sanitise: bool = True) -> Chem.SmilesParserParams:
    """SMILES and nothing behind it."""
    from rdkit import Chem

    params = Chem.SmilesParserParams()
    params.parseName, params.allowCXSMILES, params.sanitize = False, False, sanitise
    return params


def _unsound(mol: Chem.Mol | None) -> Dropped:
    """Why RDKit would not have it."""
    from rdkit import Chem

    if mol is None:
        return Dropped("not a molecule (syntax)")
    kinds = {problem.GetType() for problem in Chem.DetectChemistryProblems(mol)}
    if "AtomValenceException" in kinds:
        return Dropped("not a molecule (valence)")
    return Dropped("not a molecule (aromaticity)" if kinds else "not a molecule")


def _finished(mol: Chem.Mol, cleaning: Cleaning) -> Molecule | Dropped:
    from rdkit import Chem

    if not mol.GetNumAtoms():
        return Dropped("no atoms")
    found = Chem.MolToSmiles(mol)
    if "." in found and cleaning.salts == "drop":
        return Dropped("several fragments", wanted=True)
    changed = mol
    if "." in found and cleaning.salts == "largest":
        changed = _largest(mol)
    if cleaning.charges == "neutralise" and any(sign in found for sign in "+-"):
        changed = _neutral(changed)
    changed = _unmarked(changed, found, cleaning)
    if changed is not mol:
        found = Chem.CanonSmiles(Chem.MolToSmiles(changed))
    refused = _refused(changed, found, cleaning)
    return found if refused is None else refused


def _largest(mol: Chem.Mol) -> Chem.Mol:
    """The fragment with the most heavy atoms; of several the heaviest, of these the first by its SMILES."""
    from rdkit import Chem
    from rdkit.Chem.rdMolDescriptors import CalcExactMolWt

    def size(fragment: Chem.Mol) -> tuple[int, float, str]:
        return -fragment.GetNumHeavyAtoms(), -round(CalcExactMolWt(fragment), 3), Chem.MolToSmiles(fragment)

    return min(Chem.GetMolFrags(mol, asMols=True), key=size)


def _neutral(mol: Chem.Mol) -> Chem.Mol:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return rdMolStandardize.Uncharger().uncharge(mol)


def _unmarked(mol: Chem.Mol, smiles: str, cleaning: Cleaning) -> Chem.Mol:
    """The molecule without the marks nobody wants."""
    from rdkit import Chem

    stereo = cleaning.stereo == "remove" and any(mark in smiles for mark in "@/\\")
    isotopes = cleaning.isotopes == "remove" and any(atom.GetIsotope() for atom in mol.GetAtoms())
    if not stereo and not isotopes:
        return mol
    plain = Chem.Mol(mol)
    if isotopes:
        for atom in plain.GetAtoms():
            atom.SetIsotope(0)
        plain = Chem.RemoveHs(plain)  # deuterium is hydrogen now
    if stereo:
        Chem.RemoveStereochemistry(plain)
    return plain


def _refused(mol: Chem.Mol, smiles: str, cleaning: Cleaning) -> Dropped | None:
    """Why a cleaned molecule is left out, if it is."""
    if "*" in smiles:
        return Dropped("has an attachment point (*)")
    if cleaning.most_atoms and mol.GetNumHeavyAtoms() > cleaning.most_atoms:
        return Dropped(f"more than {cleaning.most_atoms:,} heavy atoms", wanted=True)
    if cleaning.elements:
        for element in sorted({atom.GetSymbol() for atom in mol.GetAtoms()} - set(cleaning.elements)):
            return Dropped(f"element {element} not allowed", wanted=True)
    if cleaning.charges == "drop" and any(sign in smiles for sign in "+-"):
        from rdkit.Chem.rdmolops import GetFormalCharge

        if charge := GetFormalCharge(mol):
            return Dropped(f"charge {charge:+d}", wanted=True)
    return None


@cache
def _symbols() -> tuple[str, ...]:
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    return tuple(table.GetElementSymbol(number) for number in range(1, 119))
