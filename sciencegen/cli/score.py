"""`sciencegen score`: how probable given items are under a model."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sciencegen.cli.screening import properties_wanted

if TYPE_CHECKING:
    from sciencegen.core.domain import Entry
    from sciencegen.model import Model

__all__ = ["score"]


def score(
    model: str = typer.Argument(..., help="A model folder, or a shipped model."),
    data: Path = typer.Argument(Path("-"), help="Items: a table, or one on each line; standard input without it."),
    column: str | None = typer.Option(
        None, "--column", "--smiles-column", help="The column of a table that holds the items as text."
    ),
    where: list[str] | None = typer.Option(
        None, "--where", "-w", help="name=value: how probable given this, the same for all; repeat."
    ),
    properties: str | None = typer.Option(
        None, "--properties", help="What to measure beside what is asked: names with commas, all, or none."
    ),
    out: Path | None = typer.Option(None, "--out", "-o", help="The file to write; standard output without it, or -."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl or parquet; by suffix without it."),
    draws: int = typer.Option(500, "--draws", help="Importance samples for models that know a bound only."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same file."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Write how probable items are under a model, in the order they came: what a model never saw ranks last.

    A row that is no item, or that the model cannot spell, says so in its own cell.
    """
    from sciencegen.core.files import check_writable
    from sciencegen.core.request import parse_where
    from sciencegen.errors import RequestError
    from sciencegen.model import load
    from sciencegen.screen.write import table_format, write_table

    if draws < 1:
        raise RequestError(f"--draws {draws}: expected 1 or more")
    path = None if out is None or str(out) == "-" else out
    format_ = table_format(path, format_)
    request = parse_where(where or [])
    if path is not None:
        _refuse_overwriting(path, data)
        check_writable(path)
    loaded = load(model, device)
    loaded.fields.row(request)
    wanted = properties_wanted(loaded.domain, properties, request)
    entries = loaded.domain.entries(data, column or "")
    said = _complaints(loaded, entries)
    items = [entry.item for i, entry in enumerate(entries) if i not in said]
    scores = _scored(loaded, items, request, draws, seed)
    write_table(_rows(loaded, entries, said, scores, wanted), path, format_)
    print(f"{loaded.recipe}: {len(entries):,} rows, {len(items):,} scored", file=sys.stderr)


def _complaints(loaded: Model[Any], entries: Sequence[Entry[Any]]) -> dict[int, str]:
    """Of which rows the model cannot speak, and why; by their place."""
    from sciencegen.errors import RequestError

    said = {i: entry.complaint for i, entry in enumerate(entries) if entry.item is None}
    halves = [[i for i in range(len(entries)) if i not in said]]
    while halves:  # where some cannot be encoded together, their halves are tried, down to the row at fault
        places = halves.pop()
        try:
            if places:
                loaded.representation.encode([entries[i].item for i in places])
        except RequestError as error:
            if len(places) == 1:
                said[places[0]] = re.sub(r"^\w+ 1:? ", "", str(error))  # its number says which row it is
            else:
                middle = len(places) // 2
                halves += [places[:middle], places[middle:]]
    return said


def _scored(
    loaded: Model[Any], items: list[Any], request: dict[str, Any], draws: int, seed: int
) -> list[dict[str, float | None]]:
    """The cells that say how probable each item is; after them, those of an item of which nothing is known."""
    from sciencegen.core.space import Tokens

    names = ["log_prob", "rank"]
    columns: list[list[float]] = [[], []]
    space = loaded.representation.space
    if items:
        log_prob = loaded.log_prob(items, request or None, draws, seed).tolist()
        columns = [log_prob, _ranks(log_prob)]
    if isinstance(space, Tokens):
        names += ["log_prob_per_token", "tokens"]
        tokens = space.alive(loaded.representation.encode(items)).sum(-1).tolist() if items else []
        columns += [[value / n for value, n in zip(columns[0], tokens, strict=True)], tokens]
    rows: list[dict[str, float | None]] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return [*rows, dict.fromkeys(names)]


def _ranks(log_prob: list[float]) -> list[float]:
    """1 for the most probable; equals share the better rank."""
    first: dict[float, int] = {}
    for place, value in enumerate(sorted(log_prob, reverse=True), 1):
        first.setdefault(value, place)
    return [first[value] for value in log_prob]


def _rows(
    loaded: Model[Any],
    entries: Sequence[Entry[Any]],
    said: dict[int, str],
    scores: list[dict[str, float | None]],
    wanted: list[str],
) -> Iterator[dict[str, Any]]:
    """A line of the table for each row, in order."""
    *known, unknown = scores
    items = [entry.item for entry in entries if entry.item is not None]
    measured = loaded.domain.measure(items, wanted)
    scored, properties = iter(known), iter([{name: measured[name][i] for name in wanted} for i in range(len(items))])
    for i, entry in enumerate(entries):
        yield {
            "row": entry.row,
            loaded.domain.column: entry.text,
            **(unknown if i in said else next(scored)),
            **(dict.fromkeys(wanted) if entry.item is None else next(properties)),
            "error": said.get(i),
        }


def _refuse_overwriting(out: Path, data: Path) -> None:
    from sciencegen.errors import RequestError

    if out.exists() and data.exists() and out.samefile(data):
        raise RequestError(f"-o {out}: the items are read from there; choose another name")
