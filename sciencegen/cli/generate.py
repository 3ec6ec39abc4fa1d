"""`sciencegen generate`: candidates from a model, with what was measured beside what was asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.model import Model

__all__ = ["generate"]

_MOST_SHOWN = 100_000


def generate(
    model: str = typer.Argument(..., help="A model folder, or a shipped model."),
    n: int = typer.Option(100, "-n", help="How many."),
    where: list[str] | None = typer.Option(
        None, "--where", "-w", help="name=value, name=low..high, name>=low, name<=high."
    ),
    out: Path | None = typer.Option(None, "--out", "-o", help="The file to write; standard output without it."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl or parquet; by suffix without it."),
    set_: list[str] | None = typer.Option(None, "--set", help="A sampling knob, such as temperature=0.8."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same file."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
    budget: int = typer.Option(0, "--budget", help="At most so many draws; 50 for each wanted without it."),
    distinct: bool | None = typer.Option(
        None, "--distinct/--repeats", help="Each item once, or as often as it is drawn."
    ),
    strict: bool = typer.Option(False, "--strict", help="Refuse values outside the training range."),
    picture: Path | None = typer.Option(None, "--picture", help="Draw the candidates into a PNG."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Check the request, show it, and stop."),
) -> None:
    """Generate candidates with the properties asked for, and write them with the properties measured."""
    from sciencegen.core.request import parse_where
    from sciencegen.errors import BudgetExhausted, RequestError
    from sciencegen.model import load
    from sciencegen.recipes.options import assignments
    from sciencegen.screen.stream import Tally
    from sciencegen.screen.write import table_format, write_table

    for option, value, least in (("-n", n, 1), ("--budget", budget, 0)):
        if value < least:
            raise RequestError(f"{option} {value}: expected {least} or more")
    name = table_format(out, format_)
    loaded = load(model, device)
    request = parse_where(where or [])
    _check(loaded, request, strict)
    loaded.turn(**{knob: _number(knob, value) for knob, value in assignments(set_ or []).items()})
    asked = {key: value if isinstance(value, float) else str(value) for key, value in request.items()}
    _check_files(out, picture, dry_run)
    _say(f"{loaded.recipe}: {n:,} where {asked or 'nothing is asked'}")
    if dry_run:
        return
    tally = Tally()
    shown: list[Any] = []

    def rows() -> Iterator[dict[str, float | str]]:
        for candidate in loaded.candidates(n, request, seed, tally, budget or None, distinct):
            if picture is not None and len(shown) < _MOST_SHOWN:
                shown.append(candidate.item)
            yield loaded.row(candidate, request)

    write_table(rows(), out, name)
    if out is not None:
        _write_provenance(loaded, model, out, {"seed": seed, "wanted": n, "asked": asked, **vars(tally)})
    if picture is not None and shown:
        loaded.domain.draw(shown[: 100 if len(shown) < 1000 else None], picture)
    _say(", ".join(f"{count:,} {what}" for what, count in vars(tally).items()))
    if tally.kept < n:
        raise BudgetExhausted(f"drew {tally.drawn:,} and found {tally.kept:,} of {n:,}: raise --budget or ask for less")


def _check_files(out: Path | None, picture: Path | None, dry_run: bool) -> None:
    """Refuse files that could not be written in the end."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError
    from sciencegen.screen.write import provenance_path

    if out is not None:
        provenance_path(out)
    if picture is not None and picture.suffix.lower() != ".png":
        raise RequestError(f"--picture {picture}: expected a file ending in .png")
    for path in (out, picture):
        if path is not None and not dry_run:
            check_writable(path)


def _write_provenance(loaded: Model[Any], model: str, out: Path, record: dict[str, Any]) -> None:
    """Say in a file beside `out` how it came to be."""
    from dataclasses import asdict

    from sciencegen import __version__
    from sciencegen.screen.write import write_provenance

    if out.exists() and not out.is_file():
        return  # a device such as /dev/null
    whole = {
        "sciencegen": __version__,
        "model": model,
        "recipe": loaded.recipe,
        "checkpoint": loaded.checkpoint,
        "knobs": asdict(loaded.generator.knobs),
        **record,
    }
    write_provenance(out, whole)


def _check(loaded: Model[Any], request: dict[str, Any], strict: bool) -> None:
    """Refuse what the model was never taught, and warn of what it never saw."""
    from sciencegen.core.condition import Interval
    from sciencegen.errors import RequestError

    loaded.fields.row(request)
    for sentence in loaded.fields.outside(request):
        if strict:
            raise RequestError(sentence)
        _say(f"warning: {sentence}")
    for name, asked in request.items():
        if isinstance(asked, Interval) and name not in loaded.domain.properties:
            _say(f"note: {name} cannot be measured: {asked} is aimed at, and nothing is left out")


def _number(name: str, value: str) -> float:
    from sciencegen.errors import RequestError

    try:
        return float(value)
    except ValueError:
        raise RequestError(f"{name}={value}: expected a number") from None


def _say(text: str) -> None:
    print(text, file=sys.stderr)
