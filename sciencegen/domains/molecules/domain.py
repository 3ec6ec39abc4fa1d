"""Reading, naming, comparing, drawing and writing molecules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sciencegen.core.breeding import Breeding
from sciencegen.core.domain import Domain, Entry, Filter, Items, Likeness, Property, Standard, WriteRows
from sciencegen.core.files import atomic
from sciencegen.core.task import Task
from sciencegen.data.column import column_entries
from sciencegen.domains.molecules.alerts import ALERTS
from sciencegen.domains.molecules.draw import MOST, draw_grid, svg
from sciencegen.domains.molecules.molecule import Molecule, canonical
from sciencegen.domains.molecules.properties import PROPERTIES
from sciencegen.domains.molecules.scaffold import scaffold
from sciencegen.domains.molecules.similarity import CEILING, MoleculeLikeness, unlike
from sciencegen.domains.molecules.standard import standard
from sciencegen.domains.molecules.structures import sdf, sdf_v3000, smi
from sciencegen.domains.molecules.substructure import contains, without
from sciencegen.domains.molecules.tasks import TASKS
from sciencegen.errors import DataError

if TYPE_CHECKING:
    from sciencegen.core.protocol import Protocol
    from sciencegen.domains.molecules.reading import ReadingOptions

__all__ = ["Molecules"]

_FEW = 500
"""So many molecules are read and measured sooner than other processes have started."""


def _unlike(file: str, ceiling: float) -> Callable[[Molecule], bool]:
    """Whether a molecule is at most so similar to every molecule of a file."""
    molecules = Molecules().read(Path(file)).items
    if not len(molecules):
        raise DataError(f"{file}: holds no molecules to be unlike")
    return unlike(molecules, ceiling)


def _pattern(smarts: str) -> str:
    """A picture of a substructure."""
    from sciencegen.domains.molecules.draw import pattern_svg

    return pattern_svg(smarts)


_FILTERS: dict[str, Filter[Molecule]] = {
    "contains": Filter(contains, "only molecules with this substructure, a SMARTS", picture=_pattern),
    "without": Filter(without, "only molecules without this substructure, a SMARTS", picture=_pattern),
    "unlike": Filter(_unlike, "only molecules unlike all of a file's, by Tanimoto similarity", {"ceiling": CEILING}),
}
_FORMATS: dict[str, WriteRows[Molecule]] = {"smi": smi, "sdf": sdf, "sdf-v3000": sdf_v3000}


class Molecules(Domain[Molecule], Breeding[Molecule]):
    """Small molecules as canonical SMILES.

    Files: .csv, .tsv, .parquet and .jsonl with a column of SMILES; .smi with a SMILES and perhaps more on each line;
    .sdf; packed or not.
    """

    name = "molecules"
    distinct = True
    properties: Mapping[str, Property[Molecule]] = PROPERTIES
    usual = ("logp", "qed", "tpsa", "mw", "sa")
    filters: Mapping[str, Filter[Molecule]] = _FILTERS
    formats: Mapping[str, WriteRows[Molecule]] = _FORMATS
    laborious = True
    column = "smiles"
    key = "inchikey"
    pictures = (".png", ".svg")
    most_pictured = MOST
    alerts: Mapping[str, Callable[[Molecule], str]] = ALERTS
    tasks: Mapping[str, Task[Molecule]] = TASKS

    def __init__(self, options: ReadingOptions | None = None) -> None:
        self.options = options

    @property
    def protocols(self) -> Mapping[str, Protocol[Molecule]]:
        from sciencegen.domains.molecules.metrics import PROTOCOLS  # workers, which measure, need no torch

        return PROTOCOLS

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[Molecule]:
        from sciencegen.domains.molecules.reading import read_molecules

        return read_molecules(path, self.options, beside)

    def reading(self, **options: str) -> Self:
        from sciencegen.domains.molecules.reading import ReadingOptions

        return type(self)(ReadingOptions.of(**options))

    def entries(self, path: Path, column: str = "") -> Sequence[Entry[Molecule]]:
        from sciencegen.domains.molecules.cleaning import Cleaning, Dropped, cleaned, cleaned_all, cleaned_block
        from sciencegen.domains.molecules.reading import ReadingOptions, molecule_records

        records = molecule_records(path, ReadingOptions(smiles_column=column))
        rows, blocks = list(column_entries(records.records, records.column)), records.structures
        whole = [entry for entry in rows if not entry.complaint]
        nothing_lost = Cleaning(salts="keep")  # of what somebody asks about
        texts = [entry.text for entry in whole]
        if len(texts) < _FEW:
            read = cleaned_block if blocks else cleaned
            results = [read(text, nothing_lost) for text in texts]
        else:
            results = cleaned_all(texts, nothing_lost, blocks)
        found = {entry.row: entry for entry in rows}
        for entry, one in zip(whole, results, strict=True):
            if isinstance(one, Dropped):
                found[entry.row] = replace(entry, text="" if blocks else entry.text, complaint=one.reason)
            else:
                found[entry.row] = replace(entry, text=one if blocks else entry.text, item=one)
        return list(found.values())

    def rows(self, path: Path, column: str = "") -> Iterator[Entry[Molecule]]:
        from sciencegen.domains.molecules.reading import ReadingOptions, molecule_records

        found = molecule_records(path, ReadingOptions(smiles_column=column))
        return column_entries(found.records, found.column)

    def entry(self, row: int, text: str) -> Entry[Molecule]:
        from sciencegen.domains.molecules.cleaning import Dropped, cleaned, cleaned_block

        cleaning = None if self.options is None else self.options.cleaning
        found = cleaned_block(text, cleaning) if "\n" in text else cleaned(text, cleaning)
        return Entry(row, text, None, found.reason) if isinstance(found, Dropped) else Entry(row, text, found)

    def write(self, items: Iterable[Molecule], path: Path) -> None:
        kind = path.suffix.lower()[1:]
        rows: Iterable[tuple[Molecule, Mapping[str, Any]]] = ((item, {}) for item in items)
        if kind not in (*_FORMATS, "csv"):
            raise DataError(f"{path}: expected a file ending in .smi, .csv or .sdf")
        with atomic(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            if kind == "csv":
                file.writelines(("smiles\n", *(f"{item}\n" for item, _ in rows)))
            else:
                _FORMATS[kind](rows, file)

    def parse(self, text: str) -> Molecule | None:
        smiles = text.strip().partition(" |")[0]
        if not smiles.isascii() or any(c.isspace() for c in smiles):  # RDKit would take what comes before
            return None
        return canonical(smiles)

    def text(self, item: Molecule) -> str:
        return item

    def row(self, item: Molecule) -> Mapping[str, float | str]:
        return {"smiles": item}

    def measure(self, items: Sequence[Molecule], names: Sequence[str]) -> Mapping[str, Sequence[float | str | None]]:
        from sciencegen.domains.molecules.measuring import measured_in_parallel

        processes = 0 if len(items) < _FEW else None
        return {name: values.tolist() for name, values in measured_in_parallel(items, names, processes).items()}

    def compare(self, ours: Sequence[Molecule], theirs: Sequence[Molecule]) -> dict[str, float]:
        from sciencegen.domains.molecules.metrics import compare

        return compare(ours, theirs)

    def draw(self, items: Sequence[Molecule], path: Path) -> None:
        draw_grid(items, path)

    def captioned(self, items: Sequence[Molecule], captions: Sequence[str], path: Path) -> None:
        draw_grid(items, path, captions)

    def standard(self, item: Molecule) -> Standard[Molecule]:
        return standard(item)

    def likeness(self, items: Sequence[Molecule]) -> Likeness:
        return MoleculeLikeness(items)

    def group(self, item: Molecule) -> str:
        return scaffold(item)

    def offspring(self, parents: Sequence[Molecule], n: int, seed: int) -> list[Molecule]:
        from sciencegen.domains.molecules.breeding import offspring

        return offspring(parents, n, seed)

    def svg(self, item: Molecule) -> str:
        return svg(item)
