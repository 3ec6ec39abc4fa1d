"""`sciencegen tell`: what a laboratory found, for a search that was begun with `sciencegen ask`."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

__all__ = ["tell"]

_COLUMN = typer.Option(
    None, "--column", help="A number the table tells, or number=column where the column is called otherwise; repeat."
)


def tell(
    run: Path = typer.Argument(..., help="The folder of the search."),
    results: Path = typer.Argument(..., help="A table of items and their numbers; - is a pipe."),
    column: list[str] | None = _COLUMN,
    items: str | None = typer.Option(
        None, "--items", "--smiles-column", help="The column that holds the items as text."
    ),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Tell a search what was found, in any order: rows are known by their items. Telling a table again changes nothing.

    An empty cell is a result that is to come; words in place of a number say why there is none, and a number may still
    be told later. Items that were never asked for are welcome.
    """
    from sciencegen.errors import RequestError
    from sciencegen.optimize.lab import Lab

    columns: dict[str, str] = {}
    for one in column or []:
        name, _, called = (part.strip() for part in one.partition("="))
        if not name or name in columns:
            raise RequestError(f"--column {one!r}: expected each number once, as NAME or NAME=COLUMN")
        columns[name] = called or name
    lab = Lab.opened(run, device)
    found, receipt = lab.tell(results, columns, items or "")
    _say(f"{receipt.numbers:,} numbers are new" + _all(receipt.own, "of these results {} were never asked for"))
    for reason, count in receipt.failed.items():
        _say(f"{count:,} failed: {reason}")
    for reason, count in found.unread.items():
        _say(f"left out {count:,} rows: {reason}")
    if found.repeated:
        _say(f"{found.repeated:,} items have several rows: the mean of their numbers counts")
    if found.blank:
        _say(f"{found.blank:,} items have no result yet: tell it when it is there")
    if receipt.known:
        _say(f"{receipt.known:,} were told before, and nothing changes")
    if receipt.changed:
        shown = ", ".join(receipt.changed[:3])
        _say(f"note: {len(receipt.changed):,} had another number when they were told first, and keep it: {shown}")
    if receipt.lost:
        _say(f"note: {receipt.lost:,} the model cannot encode: they are kept, and nothing is learned of them")
    best = lab.ledger.top(1)
    said = f"; the best so far is {best[0].text}, see {lab.folder.best}" if best else ""
    _say(f"{len(lab.ledger):,} told, {len(lab.search.pending):,} asked and not told yet{said}")


def _all(count: int, text: str) -> str:
    return f"; {text.format(f'{count:,}')}" if count else ""


def _say(text: str) -> None:
    print(text, file=sys.stderr)
