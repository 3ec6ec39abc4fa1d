"""Molecules from the files people have: what can be read is kept, and what cannot is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import zip_longest
from pathlib import Path

from sciencegen.core.domain import Items
from sciencegen.core.reading import Reading
from sciencegen.data.column import first_cells, items_of_column, texts_of_column
from sciencegen.data.records import Cell, Records, opened, table_records
from sciencegen.data.rows import STANDARD_INPUT, Rows, bare_suffix, collected, read_bytes
from sciencegen.domains.molecules.cleaning import Cleaning, Dropped, cleaned, cleaned_all
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.domains.molecules.sources import BLOCK, from_sdf, from_smi
from sciencegen.errors import DataError, RequestError, UnknownName

__all__ = [
    *("FORMATS", "MoleculeRecords", "MoleculeRows", "ReadingOptions"),
    *("molecule_records", "molecule_rows", "read_molecules"),
]

FORMATS = (".csv", ".tsv", ".parquet", ".jsonl", ".smi", ".smiles", ".txt", ".sdf", ".sd")
_NAMES = (
    *("smiles", "canonical_smiles", "canonicalsmiles", "isomeric_smiles", "rdkit_smiles", "smi"),
    *("structure", "mol", "molecule", "compound", "ligand", "drug"),
)
"""What people call the column of molecules, the surest first; any other name with `smiles` in it comes between."""
_STRUCTURES = (".sdf", ".sd")
_TRIED, _TRIED_LENGTH = 30, 300


@dataclass(frozen=True)
class ReadingOptions:
    """How files of molecules are read.

    `smiles_column`: the column of molecules, found without it. `on_error`: skip rows that hold no molecule, or stop
    at the first file that has some.
    """

    smiles_column: str = ""
    on_error: str = "skip"
    cleaning: Cleaning = field(default_factory=Cleaning)

    def __post_init__(self) -> None:
        if self.on_error not in ("skip", "stop"):
            raise UnknownName("way with errors", self.on_error, ("skip", "stop"))

    @classmethod
    def of(cls, **options: str) -> ReadingOptions:
        """The options as a person types them, those of cleaning among them.

        >>> ReadingOptions.of(salts="keep", most_atoms="50").cleaning.most_atoms
        50
        """
        own = {one.name for one in fields(cls)} - {"cleaning"}
        known = {one.name for one in fields(Cleaning)}
        for name in options:
            if name not in own | known:
                raise UnknownName("reading option", name, sorted(own | known))
        cleaning: dict[str, object] = {name: value for name, value in options.items() if name in known}
        if "most_atoms" in cleaning:
            cleaning["most_atoms"] = _whole("most_atoms", options["most_atoms"])
        if "elements" in cleaning:
            cleaning["elements"] = tuple(one.strip() for one in options["elements"].split(",") if one.strip())
        chosen = {name: value for name, value in options.items() if name in own}
        return cls(cleaning=Cleaning(**cleaning), **chosen)  # type: ignore[arg-type]


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise RequestError(f"{name}={text}: expected a whole number") from None


@dataclass(frozen=True)
class MoleculeRows:
    """The rows of a file, and which of its columns holds the molecules: SMILES, or structures as in SDF."""

    rows: Rows
    column: str
    structures: bool = False

    @property
    def texts(self) -> list[str]:
        return ["" if cell is None else str(cell) for cell in self.rows.columns[self.column]]


@dataclass(frozen=True)
class MoleculeRecords:
    """The rows of a file one at a time, and which of their cells holds the molecule: SMILES, or structures."""

    records: Records
    column: str
    structures: bool = False


def molecule_rows(path: Path, options: ReadingOptions | None = None) -> MoleculeRows:
    """The rows of a file before they are read as molecules; `-` is standard input."""
    found = molecule_records(path, options)
    return MoleculeRows(collected(found.records), found.column, found.structures)


def molecule_records(path: Path, options: ReadingOptions | None = None) -> MoleculeRecords:
    """The same, one at a time."""
    chosen = options or ReadingOptions()
    kind = bare_suffix(path)
    if path != STANDARD_INPUT and path.exists() and kind not in FORMATS:
        raise DataError(f"{path}: expected a file ending in {', '.join(FORMATS)}, or these with .gz, .xz or .bz2")
    raw = read_bytes(path)
    kind = _guessed(raw) if path == STANDARD_INPUT else kind
    records = _taken_apart(path, raw, kind)
    if chosen.smiles_column:
        if chosen.smiles_column not in records.names:
            raise UnknownName(f"column of {path}", chosen.smiles_column, list(records.names))
        return MoleculeRecords(records, chosen.smiles_column)
    if kind in _STRUCTURES:
        return MoleculeRecords(records, BLOCK, structures=True)
    return MoleculeRecords(records, _found(path, records))


def _taken_apart(path: Path, raw: bytes, kind: str) -> Records:
    if kind in _STRUCTURES:
        records = from_sdf(raw)
    elif kind in (".smi", ".smiles", ".txt"):
        records = from_smi(raw)
    else:
        records = table_records(path, raw, kind, _titled)
    if all(record.fault for record in records):
        broken = collected(records).broken
        if broken:
            raise DataError(f"{path}: none of the {len(broken):,} rows can be read: {broken[0]}")
        named = bool(records.names) and kind not in _STRUCTURES
        raise DataError(f"{path}: the file {'has names of columns and no rows' if named else 'is empty'}")
    return records


def _titled(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first line names the columns: one name is known, or none is a molecule above another."""
    if any(map(_known, first)):
        return True
    columns = zip_longest(first, second[: len(first)], fillvalue="") if second else ((one, one) for one in first)
    return not any(len(above) > 2 and _are_molecules([above]) and _are_molecules([below]) for above, below in columns)


def read_molecules(path: Path, options: ReadingOptions | None = None, beside: Sequence[str] = ()) -> Items[Molecule]:
    """The molecules of a file and the columns beside them, with a report of what was left out.

    Columns named in `beside` have to be there, and to be numbers or text throughout.
    """
    chosen = options or ReadingOptions()
    found = molecule_rows(path, chosen)
    texts = texts_of_column(path, found.rows, found.column, beside)
    results = cleaned_all(texts, chosen.cleaning, found.structures)
    kept = [one if isinstance(one, str) else None for one in results]
    lost = {row: one.reason for row, one in enumerate(results) if isinstance(one, Dropped)}
    parted = sum("." in text and "." not in one for text, one in zip(texts, results, strict=True) if type(one) is str)
    changed = {"reduced to their largest fragment": parted} if parted and not found.structures else {}
    title = "structures" if found.structures else ""
    items = items_of_column(path, found.rows, found.column, kept, lost, beside, title, changed)
    assert items.reading is not None
    _refuse(path, items.reading, results, chosen)
    return items


def _guessed(raw: bytes) -> str:
    """The format of what came through a pipe."""
    if raw.startswith(b"PAR1"):
        return ".parquet"
    with opened(raw[:100_000]) as file:
        head = file.read()
    first = head.lstrip().split("\n", 1)[0]
    if first.startswith("{"):
        return ".jsonl"
    if "M  END" in head or "\n$$$$" in head:
        return ".sdf"
    return ".csv" if any(mark in first for mark in ",;\t") else ".smi"


def _found(path: Path, records: Records) -> str:
    """The column of molecules: by its name where the first rows agree, else the one whose first rows are molecules."""
    first = first_cells(records)
    named = sorted((name for name in records.names if _known(name)), key=_rank)
    for name in named:
        if _are_molecules(first[name], sure="smi" in name.lower()):
            return name
    for name, cells in first.items():
        if any(len(str(cell).strip()) > 2 for cell in cells) and _are_molecules(cells):
            return name
    if named and (len(records.names) == 1 or "smi" in named[0].lower()):
        return named[0]  # its rows will be named, one by one
    said = f"the columns are {', '.join(records.names[:20])}" if records.names else "there are no columns"
    raise DataError(f"{path}: no column holds molecules: {said}; name it with smiles_column")


def _known(name: str) -> bool:
    return _plain(name) in _NAMES or "smiles" in _plain(name)


def _rank(name: str) -> int:
    plain = _plain(name)
    return _NAMES.index(plain) if plain in _NAMES else _NAMES.index("smi")


def _plain(name: str) -> str:
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split())


def _are_molecules(cells: Sequence[Cell], sure: bool = False) -> bool:
    """Whether most of the first cells that say something are molecules; any, where a name is `sure` that they are."""
    tried = [str(cell) for cell in cells if cell is not None and str(cell).strip()][:_TRIED]
    tried = [text for text in tried if len(text) <= _TRIED_LENGTH]
    found = sum(isinstance(cleaned(text), str) for text in tried)
    return found > 0 if sure else 2 * found > len(tried)


def _refuse(path: Path, reading: Reading, results: Sequence[Molecule | Dropped], options: ReadingOptions) -> None:
    """Stop where the user wants no row lost, or where none is left."""
    wanted = {one.reason for one in results if isinstance(one, Dropped) and one.wanted}
    faults = {reason: count for reason, count in reading.dropped.items() if reason not in wanted}
    named = "; ".join(str(one) for one in reading.examples if one.reason in faults or not reading.kept)
    if options.on_error == "stop" and faults:
        raise DataError(f"{path}: {sum(faults.values()):,} of {reading.rows:,} rows hold no molecule: {named}")
    if not reading.kept:
        raise DataError(f"{path}: none of the {reading.rows:,} rows gives a molecule: {named}")
