"""Which compound every row of an assay table speaks of: by its id, or by the plate and well it was measured in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sciencegen.campaign.assay import well_name
from sciencegen.data.records import Cell
from sciencegen.data.rows import STANDARD_INPUT, Rows, bare_suffix, from_table, read_bytes
from sciencegen.errors import DataError, RequestError, UnknownName

__all__ = ["Assay", "Match", "Picked", "Well", "cell_text", "matches"]

_PICKED, _MAP = "picked.csv", "plate_map.csv"
_TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
_PLATES = ("plate", "plate name", "plate id", "plate barcode", "barcode", "destination plate name", "destination plate")
_WELLS = ("well", "well name", "well id", "well position", "destination well")
_LISTED = 3


@dataclass(frozen=True)
class Well:
    """What a well of the plate map holds."""

    id: str
    control: bool


@dataclass(frozen=True)
class Picked:
    """The compounds that were sent to the assay, and where on the plates they were."""

    path: Path
    rows: Rows
    ids: Sequence[str]
    wells: Mapping[tuple[str, str], Well] = field(default_factory=dict)  # by plate and well

    @classmethod
    def read(cls, run: Path, id_column: str = "id") -> Picked:
        """The compounds of a campaign's folder, or of any table with a column of ids."""
        path = run / _PICKED if run.is_dir() else run
        if run.is_dir() and not path.exists():
            raise DataError(f"{run}: there is no {_PICKED}: give the folder of a finished campaign, or a table of ids")
        rows = _table(path)
        name = "id" if "id" in rows.columns else id_column
        _require(path, rows, [name])
        if rows.broken:
            raise DataError(f"{path}: {rows.broken[0]}")
        ids = [_name(cell) for cell in rows.columns[name]]
        seen: set[str] = set()
        for index, one in enumerate(ids):
            if not one or one in seen:
                said = f"{one!r} is there twice" if one else "there is no id"
                raise DataError(f"{path}: line {rows.lines[index]}: {said}; every compound needs an id of its own")
            seen.add(one)
        plates = run / _MAP
        return cls(path, rows, ids, _wells(plates) if run.is_dir() and plates.exists() else {})

    @property
    def plates(self) -> list[str]:
        return list(dict.fromkeys(plate for plate, _ in self.wells))


def _wells(path: Path) -> dict[tuple[str, str], Well]:
    rows = _table(path)
    _require(path, rows, ["id", "plate", "well", "role"])
    columns = [[_name(cell) for cell in rows.columns[name]] for name in ("plate", "well", "id", "role")]
    wells: dict[tuple[str, str], Well] = {}
    for line, plate, well, one, role in zip(rows.lines, *columns, strict=True):
        place = plate, well_name(well)
        if not place[1] or place in wells:
            said = "is there twice" if place[1] else "is no well"
            raise DataError(f"{path}: line {line}: {well!r} of plate {plate!r} {said}")
        wells[place] = Well(one, role == "control")
    return wells


@dataclass(frozen=True)
class Assay:
    """A table of results, and the columns that say what each row is about."""

    path: Path
    rows: Rows
    id: str = ""
    plate: str = ""
    well: str = ""

    @classmethod
    def read(cls, path: Path, id_column: str, values: Sequence[str], picked: Picked) -> Assay:
        """A table with these columns of values, and ids or wells beside them."""
        rows = _table(path)
        known = list(rows.columns)
        _require(path, rows, values)
        id_ = id_column if id_column in known else ""
        plate, well = (_named(known, names) for names in (_PLATES, _WELLS))
        if not id_ and not (well and picked.wells):
            if well:
                said = f"{picked.path.parent} has no {_MAP} for its wells"
            else:
                said = "nor are there columns plate and well"
            raise RequestError(f"{path}: there is no column {id_column!r}, and {said}: say --id, one of {_list(known)}")
        if well and not plate and len(picked.plates) > 1 and not id_:
            raise RequestError(f"{path}: there is no column plate, but {len(picked.plates)} plates in {_MAP}")
        for name in values:
            if name in (id_, plate, well):
                raise RequestError(f"--value {name}: {path} says there what a row is about")
        return cls(path, rows, id_, plate if well else "", well if picked.wells or not id_ else "")

    def text(self, column: str, index: int) -> str:
        """What a cell says; nothing where there is no such column."""
        return cell_text(self.rows.columns[column][index]) if column else ""


@dataclass(frozen=True)
class Match:
    """What a row of an assay is about: a compound, a control, or nothing that is known, with the reason."""

    index: int
    id: str = ""
    plate: str = ""
    well: str = ""
    control: bool = False
    reason: str = ""


def matches(assay: Assay, picked: Picked) -> list[Match]:
    """What every row is about, in the order of the table."""
    known = set(picked.ids)
    controls = {well.id for well in picked.wells.values() if well.control and well.id} - known
    return [_match(assay, picked, index, known, controls) for index in range(len(assay.rows))]


def _match(assay: Assay, picked: Picked, index: int, known: set[str], controls: set[str]) -> Match:
    said = _name(assay.text(assay.id, index))
    plate, well = _name(assay.text(assay.plate, index)), well_name(assay.text(assay.well, index))
    if well and not plate and len(picked.plates) == 1:
        plate = picked.plates[0]
    there = picked.wells.get((plate, well)) if well else None
    place = f"well {well} of plate {plate}" if plate else f"well {well}"
    if there is not None and there.control:
        if said in known:
            return Match(index, reason=f"{place} holds a control, not {said}")
        return Match(index, said or there.id or "control", plate, well, control=True)
    if said in known:
        if there is not None and there.id != said:
            return Match(index, reason=f"{place} holds {there.id}, not {said}")
        return Match(index, said, plate, well)
    if said in controls:
        return Match(index, said, plate, well, control=True)
    if said:
        return Match(index, reason=f"no {said!r} in {picked.path.name}")
    if there is not None and there.id in known:
        return Match(index, there.id, plate, well)
    return Match(index, reason=_nowhere(assay, picked, index, plate, place if well else ""))


def _nowhere(assay: Assay, picked: Picked, index: int, plate: str, place: str) -> str:
    """Why a row without an id is about nothing that is known."""
    if not place:
        found = assay.text(assay.well, index)
        return f"{found!r} is no well" if found else f"no {assay.id or 'well'} is given"
    if plate not in picked.plates:
        return f"no plate {plate!r} in {_MAP}; there is {_list(picked.plates)}"
    return f"{place} is empty in {_MAP}"


def cell_text(cell: Cell) -> str:
    """A cell as somebody would type it: ids that are numbers have no point."""
    if cell is None or cell != cell:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _name(cell: Cell) -> str:
    """A name without the apostrophe that keeps spreadsheets from taking it for a formula."""
    text = cell_text(cell)
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text


def _table(path: Path) -> Rows:
    kind = ".csv" if path == STANDARD_INPUT else bare_suffix(path)
    if kind not in _TABLES:
        more = ": save the sheet as CSV" if kind.startswith((".xls", ".ods")) else ""
        raise DataError(f"{path}: expected a table ending in {', '.join(_TABLES)}{more}")
    rows = from_table(path, read_bytes(path), kind, _titled)
    if not len(rows) and not rows.broken:
        raise DataError(f"{path}: the table has no rows")
    return rows


def _titled(first: Sequence[str], second: Sequence[str]) -> bool:
    return True


def _require(path: Path, rows: Rows, names: Iterable[str]) -> None:
    for name in names:
        if name not in rows.columns:
            raise UnknownName(f"column of {path}", name, list(rows.columns))


def _named(known: Sequence[str], names: Sequence[str]) -> str:
    """The first of the known columns that has one of these names, however written."""
    return next((one for one in known if one.lower().replace("_", " ").strip() in names), "")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
