"""A selection as a file: a table, a format of the domain, or a plate map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sciencegen.core.domain import Domain
from sciencegen.errors import RequestError
from sciencegen.screen.plate import Plates, plated
from sciencegen.screen.sheets import PLATE_MAP, map_rows
from sciencegen.screen.write import table_format, write_items, write_sheet, write_table
from sciencegen.ui.session import Shown

__all__ = ["PLATES", "Download", "choices", "downloaded"]

PLATES = {"plate-96": 96, "plate-384": 384}
_TABLES = ("csv", "tsv", "jsonl")


@dataclass(frozen=True)
class Download:
    """A file to be saved by a browser."""

    name: str
    content: bytes


def choices(domain: Domain[Any]) -> dict[str, str]:
    """The formats a selection may be saved in, and what a page calls them."""
    tables = {name: f"{name.upper()} table" for name in _TABLES}
    own = {name: name.upper() for name in domain.formats}
    return tables | own | {name: f"plate map, {wells} wells" for name, wells in PLATES.items()}


def downloaded(domain: Domain[Any], shown: Sequence[Shown], format_: str) -> Download:
    """The file, written as the commands write it."""
    if not shown:
        raise RequestError("nothing is selected: there is nothing to save")
    rows = list(_alike([one.row for one in shown]))
    with TemporaryDirectory() as folder:
        if format_ in PLATES:
            path = Path(folder) / "plate-map.csv"
            _write_plates(shown, rows, PLATES[format_], path)
            return Download(path.name, path.read_bytes())
        path = Path(folder) / f"sciencegen.{format_.partition('-')[0]}"
        own = domain.formats.get(table_format(path, format_, domain.formats))
        if own is None:
            write_table(rows, path, format_)
        else:
            items = [one.candidate.item for one in shown]
            write_items(zip(items, rows, strict=True), path, own)
        return Download(path.name, path.read_bytes())


def _alike(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows with the same columns: what was kept of an earlier request was asked for something else."""
    columns = dict.fromkeys(name for row in rows for name in row)
    for row in rows:
        yield {name: row.get(name, "") for name in columns}


def _write_plates(shown: Sequence[Shown], rows: Sequence[Mapping[str, Any]], wells: int, path: Path) -> None:
    """A row for every well; compounds are called as the SDF of the same selection calls them."""
    of_id = {f"sciencegen-{i}": row for i, row in enumerate(rows, 1)}
    columns = (*PLATE_MAP, *rows[0])
    blank = dict.fromkeys(rows[0])
    places = map_rows(plated(list(of_id), Plates(wells)))
    write_sheet((place | dict(of_id.get(str(place["id"]), blank)) for place in places), columns, path)
