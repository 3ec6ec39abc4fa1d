"""`sciencegen ask`: items that a laboratory should measure next; what it finds is told with `sciencegen tell`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.optimize.lab import Lab

__all__ = ["ask"]

_MODEL = typer.Option(None, "--model", help="To begin a search: a model with a latent space; a folder, or shipped.")
_MAXIMIZE = typer.Option(None, "--maximize", help="A number to raise: one you will tell, or a property; repeat.")
_MINIMIZE = typer.Option(None, "--minimize", help="A number to lower; repeat.")
_WHERE = typer.Option(None, "--where", "-w", help="What to keep to: name=low..high, name>=low; repeat.")
_RANGE = typer.Option(None, "--range", help="name=low..high: where a number of yours usually lies; repeat.")
_BY = typer.Option("bayesian", "--by", help="How to look: bayesian, climb or random.")
_DATA = typer.Option(None, "--data", help="Items to begin with, chosen by the seed: a file, or a set.")
_START = typer.Option(
    None, "--start", help="So many items are asked before results are learned from; 10, or 0 where results are known."
)
_KNOWN = typer.Option(None, "--known", help="A table of results to begin with, as for sciencegen tell.")


def ask(
    run: Path = typer.Argument(..., help="The folder of the search; with --model it is begun."),
    n: int = typer.Option(8, "-n", help="How many items to propose."),
    model: str | None = _MODEL,
    maximize: list[str] | None = _MAXIMIZE,
    minimize: list[str] | None = _MINIMIZE,
    where: list[str] | None = _WHERE,
    range_: list[str] | None = _RANGE,
    by: str = _BY,
    data: str | None = _DATA,
    start: int | None = _START,
    known: Path | None = _KNOWN,
    pending: bool = typer.Option(False, "--pending", help="Write again what was asked and not told; ask nothing new."),
    out: Path | None = typer.Option(None, "--out", "-o", help="The table to write; standard output without it, or -."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl, parquet or the domain's own."),
    seed: int = typer.Option(0, "--seed", help="The same seed asks the same of the same results."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Propose items to measure, none of them twice: fill in their numbers, and tell them with `sciencegen tell`.

    A search is begun with --model and what is wanted, and goes on from its folder alone. Numbers that the domain knows
    are measured here; others are yours. Walls (--where) of what is known here are kept before anything is proposed.
    """
    from sciencegen import __version__
    from sciencegen.cli.tables import Output
    from sciencegen.errors import BudgetExhausted, RequestError
    from sciencegen.optimize.lab import Lab
    from sciencegen.optimize.wanted import Wanted

    if n < 1:
        raise RequestError(f"-n {n}: expected 1 or more")
    if model is None:
        typed = {"--maximize": maximize, "--minimize": minimize, "--where": where, "--range": range_}
        odd = [name for name, value in {**typed, "--data": data, "--known": known}.items() if value]
        if odd:
            raise RequestError(f"{odd[0]} is said when a search is begun, with --model; {run} goes on as it was begun")
        lab = Lab.opened(run, device)
    else:
        wanted = Wanted.typed(maximize or [], minimize or [], [], where or [], range_ or [])
        usual = 0 if known is not None else 10
        lab = Lab.begun(
            run, model, wanted, by, usual if start is None else start, data or "", seed, device, __version__
        )
    domain = lab.model.domain
    output = Output(domain, out, format_, Path("-"))
    if known is not None:
        _, receipt = lab.tell(known)
        _say(f"{known}: {receipt.numbers:,} results to begin with" + _lost(receipt.lost))
    waiting = lab.search.pending
    items = waiting if pending else lab.ask(n)
    if pending and not items:
        raise RequestError(f"{run}: nothing is pending: all that was asked has been told")
    output.write(_rows(lab, items), [domain.column, "round", *_to_tell(lab)])
    much = f"; {len(waiting):,} asked before are not told yet" if waiting and not pending else ""
    _say(f"{len(items):,} to measure: tell {', '.join(_to_tell(lab)) or 'them'} with sciencegen tell {run}{much}")
    if len(items) < n and not pending:
        raise BudgetExhausted(f"found {len(items):,} new items of {n:,}: nothing else lies near what is known")


def _to_tell(lab: Lab) -> list[str]:
    """The numbers that are not known here."""
    return [name for name in lab.goal.names if name not in lab.model.domain.properties]


def _rows(lab: Lab, items: Sequence[Any]) -> list[tuple[Any, dict[str, Any]]]:
    """A row for each item: an empty cell for each number to tell, what is expected of it, and what is known."""
    domain = lab.model.domain
    measured = [name for name in lab.goal.names if name in domain.properties]
    values = domain.measure(items, measured)
    rows = []
    for i, (item, expected) in enumerate(zip(items, lab.search.expected(items), strict=True)):
        cells: dict[str, Any] = {"round": lab.search.asked.rounds[domain.text(item)]}
        cells |= dict.fromkeys(_to_tell(lab), "")
        for name, one in expected.items():
            cells |= {f"{name}_expected": float(f"{one.mean:.4g}"), f"{name}_spread": float(f"{one.spread:.2g}")}
        rows.append((item, {**domain.row(item), **cells, **{name: _short(values[name][i]) for name in measured}}))
    return _whole(rows)


def _whole(rows: list[tuple[Any, dict[str, Any]]]) -> list[tuple[Any, dict[str, Any]]]:
    names = list(dict.fromkeys(name for _, row in sorted(rows, key=lambda one: -len(one[1])) for name in row))
    return [(item, {name: row.get(name, "") for name in names}) for item, row in rows]


def _short(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _lost(count: int) -> str:
    return f"; {count:,} of them the model cannot encode, and nothing is learned of these" if count else ""


def _say(text: str) -> None:
    print(text, file=sys.stderr)
