"""`sciencegen plate`: which compound goes into which well, and the picklist that brings it there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.core.domain import Domain, Entry
    from sciencegen.screen.plate import Plates, Well

__all__ = ["plate"]


def plate(
    data: Path = typer.Argument(Path("-"), help="Compounds: a table, or one on each line; standard input without it."),
    wells: int = typer.Option(96, "--wells", help="Wells of a plate: 96 or 384."),
    controls: str | None = typer.Option(
        None, "--controls", help="Columns left for controls, such as 1,12, or none; the outer ones without it."
    ),
    layout: str = typer.Option("rows", "--layout", help="rows: in order, row by row; random: scattered."),
    seed: int = typer.Option(0, "--seed", help="The same seed scatters the same compounds in the same way."),
    replicates: int = typer.Option(1, "--replicates", help="How often each compound is there, each time on a plate."),
    edge: bool = typer.Option(True, "--edge/--no-edge", help="Whether the outermost wells are used."),
    echo: Path | None = typer.Option(None, "--echo", help="A picklist for an Echo, a CSV."),
    volume: float = typer.Option(25.0, "--volume", help="Nanolitres of every transfer of the picklist."),
    source_type: str = typer.Option(
        "384PP_DMSO2", "--source-type", help="The plates compounds come on, the number of wells first."
    ),
    domain: str = typer.Option("molecules", "--domain", help="What the compounds are."),
    column: str | None = typer.Option(
        None, "--column", "--smiles-column", help="The column of a table that holds the items as text."
    ),
    out: Path | None = typer.Option(None, "--out", "-o", help="The file to write; standard output without it, or -."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl or parquet; by suffix without it."),
) -> None:
    """Write a row for every well that is filled: id, plate, well, role, replicate, and the columns of the compound.

    Compounds are named by their column id, or row-1 and so on where there is none. Every replicate has plates of its
    own, and every plate its controls.
    """
    from sciencegen.cli.tables import Output, domain_called, ids_of, named, read_entries, say_replaced
    from sciencegen.screen.plate import Plates, plated
    from sciencegen.screen.sheets import PLATE_MAP, write_picklist

    plates = Plates(wells, _columns(controls), layout, replicates, edge, seed)
    chosen = domain_called(domain)
    output = Output(chosen, out, format_, data)
    _check(output.format, chosen, output.path, data, echo, volume, source_type)
    entries = read_entries(chosen, data, column)
    data = named(data)
    _check_read(data, entries)
    ids = ids_of(data, entries)
    filled = plated(ids, plates)
    say_replaced(data, entries, PLATE_MAP[1:])
    output.write(_rows(chosen, dict(zip(ids, entries, strict=True)), filled, output.format in ("csv", "tsv")))
    if echo is not None:
        transfers = write_picklist(ids, filled, echo, volume, source_type)
        print(f"{echo}: {transfers:,} transfers of {volume:g} nL", file=sys.stderr)
    print(_said(ids, plates, filled), file=sys.stderr)


def _columns(text: str | None) -> tuple[int, ...] | None:
    """The columns of controls as they were typed."""
    from sciencegen.errors import RequestError

    if text is None:
        return None
    if text.strip().lower() == "none":
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise RequestError(f"--controls {text}: expected columns such as 1,12, or none") from None


def _check(
    format_: str, domain: Domain[Any], out: Path | None, data: Path, echo: Path | None, volume: float, source_type: str
) -> None:
    """Refuse early what could not be written in the end."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError
    from sciencegen.screen.sheets import check_volume, source_shape

    if format_ in domain.formats:
        raise RequestError(f"{format_}: wells of controls hold no item: choose csv, tsv, jsonl or parquet")
    if echo is not None:
        check_volume(volume)
        source_shape(source_type)
        for other, what in ((out, "the plate map is written there"), (data, "the compounds are read from there")):
            if other is not None and echo.resolve() == other.resolve():
                raise RequestError(f"--echo {echo}: {what}; choose another name")
        check_writable(echo)


def _check_read(data: Path, entries: Sequence[Entry[Any]]) -> None:
    """Refuse rows that hold no item: a plate that lacks a compound is found out too late."""
    from sciencegen.errors import DataError

    unread = [entry for entry in entries if entry.item is None]
    if unread:
        first, more = unread[0], f", and {len(unread) - 1:,} rows more" if len(unread) > 1 else ""
        said = f"row {first.row}: {first.text.partition(chr(10))[0][:60]!r}: {first.complaint}{more}"
        raise DataError(f"{data}: {said}: mend or remove what cannot be read")


def _rows(
    domain: Domain[Any], entries: dict[str, Entry[Any]], filled: Sequence[Well], sheet: bool
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The plate map with the columns of the compounds; in a sheet no cell is a formula."""
    from sciencegen.cli.tables import row_of
    from sciencegen.screen.sheets import map_rows
    from sciencegen.screen.write import spreadsheet_safe

    blank: dict[str, Any] = dict.fromkeys(name for entry in entries.values() for name in row_of(domain, entry))
    for row in map_rows(filled):
        entry = entries.get(str(row["id"]))
        cells = row | {**blank, **({} if entry is None else row_of(domain, entry)), **row}
        safe = {spreadsheet_safe(name): spreadsheet_safe(cell) for name, cell in cells.items()} if sheet else cells
        yield None if entry is None else entry.item, safe


def _said(ids: Sequence[str], plates: Plates, filled: Sequence[Well]) -> str:
    """What was laid out, in one line."""
    from sciencegen.screen.plate import CONTROL

    count = len({well.plate for well in filled})
    controls = sum(well.role == CONTROL for well in filled)
    times = f" {plates.replicates} times" if plates.replicates > 1 else ""
    on = f"{count:,} plate{'' if count == 1 else 's'} of {plates.wells}"
    return f"{len(ids):,} compounds{times} on {on}, with {controls:,} wells of controls"
