"""`sciencegen train`: a recipe and data make a model folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.fit import Fit

__all__ = ["train"]


def train(
    recipe: str = typer.Argument(..., help="A recipe; `sciencegen recipes` lists them."),
    data: Path | None = typer.Option(None, "--data", help="The file to learn from."),
    out: Path = typer.Option(..., "--out", "-o", help="The folder to write the model to."),
    valid: Path | None = typer.Option(None, "--valid", help="A file of held-out data."),
    holdout: float = typer.Option(0.05, "--holdout", help="Without --valid: the share of the data held out."),
    ask: list[str] | None = typer.Option(
        None, "--ask", help="A property or column that may be asked for later; repeat, or 'none'."
    ),
    set_: list[str] | None = typer.Option(None, "--set", help="option=value; `sciencegen recipes NAME` lists them."),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in the folder."),
    seed: int | None = typer.Option(None, "--seed", help="The seed of everything random."),
    device: str | None = typer.Option(None, "--device", help="auto, cpu or cuda."),
    threads: int = typer.Option(0, "--threads", help="CPU threads; small nets are often faster with one."),
    journal: str = typer.Option("jsonl", "--journal", help="jsonl or csv."),
    tensorboard: bool = typer.Option(False, "--tensorboard", help="Write TensorBoard events too."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Check everything, show what would be trained, and stop."),
) -> None:
    """Train a recipe on a file and write a model folder; interrupt it at any time and go on with --resume."""
    import torch

    from sciencegen.core.files import check_writable
    from sciencegen.errors import UnknownName
    from sciencegen.fit import Fit
    from sciencegen.recipes.options import assignments

    if threads:
        torch.set_num_threads(threads)
    if journal not in ("jsonl", "csv"):
        raise UnknownName("journal format", journal, ("jsonl", "csv"))
    options: dict[str, Any] = dict(assignments(set_ or []))
    if seed is not None:
        options["seed"] = seed
    if device is not None:
        options["device"] = device
    asked = None if not ask else [] if ask == ["none"] else ask
    run = Fit(
        recipe,
        data,
        out=out,
        valid=valid,
        ask=asked,
        holdout=holdout,
        resume=resume,
        journal=journal,
        tensorboard=tensorboard,
        **options,
    )
    _say(_summary(run))
    if dry_run:
        return
    check_writable(out / "config.json")
    _follow(run)
    _say(f"wrote {out}")


def _summary(run: Fit) -> str:
    parameters = sum(p.numel() for p in run.model.generator.parameters())
    steps, data = run.settings.total(run.batches), run.config["data"]
    asked = ", ".join(run.model.fields.names) or "nothing"
    return (
        f"{run.config['recipe']}: {parameters:,} parameters, {data['items']:,} items ({data['held_out']:,} held out), "
        f"{steps:,} steps of {run.settings.batch}; may be asked for: {asked}"
    )


def _follow(run: Fit) -> None:
    """Show progress; the first interrupt saves and stops after the step, a second one stops at once."""
    import signal

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    def interrupted(number: int, frame: object) -> None:
        _say("stopping after this step; the run goes on with --resume")
        run.stop()
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("training", total=None)
            for progress in run:
                if progress.validation is not None and progress.leader:
                    best = " (best)" if progress.best else ""
                    bar.console.print(f"epoch {progress.epoch:.1f}: held-out {progress.validation:.4f}{best}")
                if progress.step % 10 == 0 or progress.stopping:
                    shown = "  ".join(f"{name} {value:.4g}" for name, value in progress.losses.items())
                    bar.update(task, completed=progress.step, total=progress.total, description=shown)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
