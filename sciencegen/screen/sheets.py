"""Tables that leave the house: the plate map, the picklist of a liquid handler, the order and the registration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from sciencegen.errors import RequestError
from sciencegen.screen.ids import require_distinct
from sciencegen.screen.plate import COMPOUND, PlateShape, Well
from sciencegen.screen.write import write_sheet

__all__ = [
    *("DROP", "PICKLIST", "PLATE_MAP", "Compound", "check_volume"),
    *("map_rows", "picklist_rows", "source_shape", "write_order", "write_picklist", "write_plate_map"),
    "write_registry",
]

DROP = 2.5
"""Nanolitres: an Echo moves whole drops."""
PICKLIST = (
    *("Source Plate Name", "Source Plate Type", "Source Well"),
    *("Destination Plate Name", "Destination Well", "Transfer Volume"),
)
PLATE_MAP = ("id", "plate", "well", "role", "replicate")
Row = dict[str, "float | str | None"]


@dataclass(frozen=True)
class Compound:
    """An item as those need it who buy, make or register it: its parent, a register's key, and what it is a salt of."""

    id: str
    text: str
    key: str = ""
    parent: str = ""
    salt: str = ""


def map_rows(wells: Iterable[Well]) -> Iterator[Row]:
    """The plate map: a row for every well that is not empty."""
    for one in wells:
        cells = (one.id or None, one.plate, one.well, one.role, one.replicate)
        yield dict(zip(PLATE_MAP, cells, strict=True))


def write_plate_map(wells: Iterable[Well], path: Path) -> int:
    """Write the plate map, and say how many wells there are."""
    return write_sheet(map_rows(wells), PLATE_MAP, path)


def check_volume(volume: float) -> None:
    """Refuse what is no whole number of drops."""
    drops = volume / DROP if isfinite(volume) else 0.0
    if drops <= 0 or abs(drops - round(drops)) > 1e-6:
        near = DROP * max(round(drops), 1)
        raise RequestError(f"volume {volume:g} nL: an Echo moves drops of {DROP:g} nL; the nearest is {near:g}")


def picklist_rows(ids: Sequence[str], wells: Iterable[Well], volume: float, source_type: str) -> Iterator[Row]:
    """The picklist of an Echo: a transfer of `volume` nL into the well of every compound.

    The compounds stand on source plates row by row, in the order of `ids`; a type such as 384PP_DMSO2 begins with the
    number of wells. All replicates are taken from the one source well.
    """
    check_volume(volume)
    sources = source_shape(source_type).places()
    number_of = {name: i for i, name in enumerate(ids)}
    for one in wells:
        if one.role == COMPOUND:
            plate, place = divmod(number_of[one.id], len(sources))
            cells = (f"source-{plate + 1}", source_type, str(sources[place]), one.plate, one.well, _short(volume))
            yield dict(zip(PICKLIST, cells, strict=True))


def write_picklist(ids: Sequence[str], wells: Iterable[Well], path: Path, volume: float, source_type: str) -> int:
    """Write the picklist, and say how many transfers there are."""
    return write_sheet(picklist_rows(ids, wells, volume, source_type), PICKLIST, path)


def source_shape(source_type: str) -> PlateShape:
    """The shape of a type of source plates."""
    found = re.match(r"[0-9]+", source_type, re.ASCII)
    if found is None:
        raise RequestError(f"source plate type {source_type!r}: expected a type such as 384PP_DMSO2, the wells first")
    return PlateShape.of(int(found[0]))


def _short(number: float) -> float:
    """Whole numbers without a point."""
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def write_order(
    compounds: Sequence[Compound], path: Path, column: str, quantity: float | None = None, unit: str = "mg"
) -> int:
    """Write what is to be bought or made; without a `quantity` its cells are left for the buyer."""
    require_distinct([one.id for one in compounds])
    cells = ((one.id, one.text, None if quantity is None else _short(quantity), unit) for one in compounds)
    columns = ("id", column, "quantity", "unit")
    return write_sheet((dict(zip(columns, row, strict=True)) for row in cells), columns, path)


def write_registry(compounds: Sequence[Compound], path: Path, column: str, key: str) -> int:
    """Write what is to be registered, each with its first batch; `column` and `key` are those of the domain."""
    require_distinct([one.id for one in compounds])
    columns = ("id", "batch", column, key, f"parent_{column}", "salt")
    cells = (
        (one.id, f"{one.id}-001", one.text, one.key or None, one.parent or None, one.salt or None) for one in compounds
    )
    return write_sheet((dict(zip(columns, row, strict=True)) for row in cells), columns, path)
