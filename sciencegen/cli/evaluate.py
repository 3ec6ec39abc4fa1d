"""`sciencegen evaluate`: a model beside held-out data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.core.domain import Items
    from sciencegen.model import Model

__all__ = ["evaluate"]


def evaluate(
    model: str = typer.Argument(..., help="A model folder, or a shipped model."),
    data: Path = typer.Option(..., "--data", help="Held-out data."),
    n: int = typer.Option(2000, "-n", help="How many samples to compare; 0 for the likelihood alone."),
    given: bool = typer.Option(False, "--given", help="Also the likelihood given what is known of each item."),
    draws: int = typer.Option(500, "--draws", help="Importance samples for models that know a bound only."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same report."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
    out: Path | None = typer.Option(None, "--out", "-o", help="A JSON file to write; standard output without it."),
) -> None:
    """Report the likelihood of held-out data, and how far samples are from them, as JSON."""
    from json import dumps

    from sciencegen.core.files import atomic, check_writable
    from sciencegen.errors import RequestError
    from sciencegen.evaluate import evaluate as measure
    from sciencegen.model import load

    for option, value, least in (("-n", n, 0), ("--draws", draws, 1)):
        if value < least:
            raise RequestError(f"{option} {value}: expected {least} or more")
    loaded = load(model, device)
    items = _read(loaded, data, given)
    if out is not None:
        check_writable(out)
    report = dumps(measure(loaded, items, n, seed=seed, draws=draws, given=given), indent=2)
    if out is None:
        print(report)
        return
    with atomic(out) as temporary:
        temporary.write_text(report + "\n", encoding="utf-8")


def _read(loaded: Model[Any], data: Path, given: bool) -> Items[Any]:
    """The items, with the columns of the model's fields; without --given a file may lack these."""
    from sciencegen.errors import UnknownName

    beside = [name for name in loaded.fields.names if name not in loaded.domain.properties]
    try:
        return loaded.domain.read(data, beside)
    except UnknownName:
        if given:
            raise
        return loaded.domain.read(data)
