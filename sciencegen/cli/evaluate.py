"""`sciencegen evaluate`: a model beside held-out data."""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["evaluate"]


def evaluate(
    model: str = typer.Argument(..., help="A model folder, or a shipped model."),
    data: Path = typer.Option(..., "--data", help="Held-out data."),
    n: int = typer.Option(2000, "-n", help="How many samples to compare; 0 for the likelihood alone."),
    draws: int = typer.Option(500, "--draws", help="Importance samples for models that know a bound only."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same report."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
    out: Path | None = typer.Option(None, "--out", "-o", help="A JSON file to write; standard output without it."),
) -> None:
    """Report the likelihood of held-out data, and how far samples are from them, as JSON."""
    from json import dumps

    from sciencegen.core.files import atomic
    from sciencegen.evaluate import evaluate as measure
    from sciencegen.model import load

    loaded = load(model, device)
    beside = [name for name in loaded.config["ask"] or [] if name not in loaded.domain.properties]
    report = dumps(measure(loaded, loaded.domain.read(data, beside).items, n, seed=seed, draws=draws), indent=2)
    if out is None:
        print(report)
        return
    with atomic(out) as temporary:
        temporary.write_text(report + "\n")
