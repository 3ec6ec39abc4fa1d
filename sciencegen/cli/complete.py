"""`sciencegen complete`: rows with gaps, filled by a model with draws given the rest of each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sciencegen.cli.generate import turn

if TYPE_CHECKING:
    from sciencegen.core.domain import Items
    from sciencegen.model import Model

__all__ = ["complete"]


def complete(
    model: str = typer.Argument(..., help="A model folder; one of a table with gaps, such as densities/table."),
    source: Path = typer.Option(..., "--from", help="The table; columns the model may be asked for are asked."),
    out: Path | None = typer.Option(None, "--out", "-o", help="A table to write; standard output without it."),
    n: int = typer.Option(1, "-n", help="How many draws for every row."),
    particles: int = typer.Option(16, "--particles", help="Of how many draws each is one; more are more exact."),
    set_: list[str] | None = typer.Option(None, "--set", help="A sampling knob; repeat."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same file."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Fill the gaps of a table's rows, each with draws given what is known of it; what is known is kept.

    A column `filled` names what was drawn. Several draws of a row (-n 5) say how sure they are.
    """
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError
    from sciencegen.model import load
    from sciencegen.screen.write import table_format, write_table

    for option, value in (("-n", n), ("--particles", particles)):
        if value < 1:
            raise RequestError(f"{option} {value}: expected 1 or more")
    format_ = table_format(out, None)
    if out is not None:
        check_writable(out)
    loaded = load(model, device)
    turn(loaded, set_ or [])
    items = _read(loaded, source)
    many = sum(any(gaps) for gaps in map(loaded.domain.gaps, items.items))
    written = write_table(_rows(loaded, items, n, particles, seed), out, format_)
    print(f"{source}: {len(items):,} rows, {many:,} with gaps; {written:,} written", file=sys.stderr)


def _read(model: Model[Any], source: Path) -> Items[Any]:
    """The rows, with those columns of the file that the model may be asked for."""
    from sciencegen.data.table import read_table

    there = read_table(source).columns
    return model.domain.read(source, [name for name in model.fields.names if name in there])


def _rows(model: Model[Any], items: Items[Any], n: int, particles: int, seed: int) -> Iterator[dict[str, Any]]:
    import torch

    from sciencegen.core.batch import seed_at
    from sciencegen.errors import RequestError

    gaps = [model.domain.gaps(item) for item in items.items]
    if not any(map(len, gaps)):
        raise RequestError(f"a {model.recipe} model knows no rows with gaps")
    some = [i for i, missing in enumerate(gaps) if any(missing)]
    columns = {name: [column[i] for i in some] for name, column in items.columns.items() if name in model.fields.names}
    known = ~torch.tensor([gaps[i] for i in some]) if some else None
    draws: list[dict[int, Any]] = []
    for number in range(n):
        found = (
            []
            if known is None
            else model.complete(
                [items.items[i] for i in some], known, None, particles, seed_at(seed, number), columns=columns
            )
        )
        draws.append(dict(zip(some, found, strict=True)))
    for i, item in enumerate(items.items):
        given = model.domain.row(item)
        filled = [name for name, missing in zip(given, gaps[i], strict=True) if missing]
        beside = {name: column[i] for name, column in items.columns.items()}
        for drawn in draws if filled else draws[:1]:
            whole = drawn.get(i, item)
            new = (
                dict.fromkeys(filled, "") if whole is None else {name: model.domain.row(whole)[name] for name in filled}
            )
            yield {"row": i + 1, **given, **new, **beside, "filled": " ".join(filled)}
