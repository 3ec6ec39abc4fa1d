"""`sciencegen train`: a recipe and data make a model folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.fit import Fit

__all__ = ["train"]

_READ = typer.Option(
    None, "--read", help="How files are read: salts=drop, duplicates=drop, ...; a wrong name lists them; repeat."
)
_WHERE_COLUMNS = typer.Option(
    None, "--where-columns", help="Columns of the data that may be asked for, with commas; they are no part of items."
)

_ENERGY = typer.Option(
    None, "--energy", help="What densities/energy learns: one that is known by name, or module:function."
)


def train(
    recipe: str = typer.Argument(
        ..., help="A recipe; `sciencegen recipes` lists them. Without a domain: sentences of a --grammar."
    ),
    data: str | None = typer.Option(
        None, "--data", help="The file to learn from, or a data set: see `sciencegen data`."
    ),
    out: Path = typer.Option(..., "--out", "-o", help="The folder to write the model to."),
    valid: str | None = typer.Option(None, "--valid", help="A file of held-out data, or part of a data set."),
    holdout: float | None = typer.Option(
        None, "--holdout", help="Without --valid: the share of the data held out; 0.05 where nothing is said."
    ),
    ask: list[str] | None = typer.Option(
        None, "--ask", help="A property or column that may be asked for later; repeat, or 'none'."
    ),
    where_columns: list[str] | None = _WHERE_COLUMNS,
    grammar: str | None = typer.Option(
        None, "--grammar", help="The .lark file of a language, or a grammar that is shipped, by name."
    ),
    energy: str | None = _ENERGY,
    set_: list[str] | None = typer.Option(None, "--set", help="option=value; `sciencegen recipes NAME` lists them."),
    start: str | None = typer.Option(
        None, "--from", help="A trained model to begin with: a folder, or one that is shipped."
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in the folder."),
    seed: int | None = typer.Option(None, "--seed", help="The seed of everything random."),
    device: str | None = typer.Option(None, "--device", help="auto, cpu or cuda."),
    threads: int = typer.Option(0, "--threads", help="CPU threads; small nets are often faster with one."),
    smiles_column: str | None = typer.Option(
        None, "--smiles-column", help="The column of molecules; else it is found."
    ),
    on_error: str | None = typer.Option(
        None, "--on-error", help="Rows that hold nothing to learn from: skip (and say so) or stop."
    ),
    read: list[str] | None = _READ,
    journal: str | None = typer.Option(None, "--journal", help="jsonl or csv; jsonl where nothing is said."),
    tensorboard: bool = typer.Option(False, "--tensorboard", help="Write TensorBoard events too."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Check everything, show what would be trained, and stop."),
) -> None:
    """Train a recipe on a file and write a model folder; interrupt it at any time and go on with --resume."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import UnknownName
    from sciencegen.fit import Fit
    from sciencegen.recipes import recipe_called
    from sciencegen.recipes.options import assignments

    _use(threads)
    recipe = recipe_called(recipe)
    if journal not in (None, "jsonl", "csv"):
        raise UnknownName("journal format", journal, ("jsonl", "csv"))
    options: dict[str, Any] = dict(assignments(set_ or []))
    for option, value in (("grammar", grammar), ("energy", energy)):
        options |= _option(recipe, option, value, set_ or [])
    options |= {name: value for name, value in (("seed", seed), ("device", device)) if value is not None}
    run = Fit(
        recipe,
        data,
        out=out,
        valid=valid,
        ask=_asked(recipe, ask, where_columns),
        holdout=holdout,
        start=start,
        resume=resume,
        journal=journal,
        tensorboard=tensorboard,
        reading=reading_options(read, smiles_column, on_error),
        tell=_say,
        **options,
    )
    for line in (*(line for report in run.reports for line in report.lines()), *run.remarks, _summary(run)):
        _say(line)
    if dry_run:
        return
    check_writable(out / "config.json")
    stopped = _follow(run)
    if stopped:
        raise typer.Exit(128 + stopped)
    _say(f"wrote {out}" if run.progress else f"{out} is finished; go on with more --set epochs=")


def _option(recipe: str, name: str, value: str | None, typed: list[str]) -> dict[str, str]:
    """What was given with an option of its own as one of the recipe, which has to have it."""
    from sciencegen.errors import RequestError
    from sciencegen.recipes import RECIPES, recipe_function
    from sciencegen.recipes.options import assignments, defaults

    if value is None:
        return {}
    if name not in defaults(recipe_function(recipe)):
        known = [recipe for recipe, function in RECIPES.items() if name in defaults(function)]
        raise RequestError(f"--{name} {value}: {recipe} has none; {', '.join(known)} have one")
    if name in assignments(typed):
        raise RequestError(f"--{name} {value}: --set {name}= says it too; give one of them")
    return {name: value}


def _asked(recipe: str, ask: list[str] | None, columns: list[str] | None) -> list[str] | None:
    """What may be asked for, of --ask and of --where-columns; None for what the recipe has."""
    from sciencegen.errors import RequestError
    from sciencegen.recipes import recipe_function

    asked = [] if ask == ["none"] else ask or None
    named = [name.strip() for text in columns or [] for name in text.split(",") if name.strip()]
    if columns is None:
        return asked
    if not named:
        raise RequestError("--where-columns: expected the names of columns, with commas between them")
    for name in named:
        if name in recipe_function(recipe)().domain.properties:
            raise RequestError(f"--where-columns {name}: {name} is measured of items here; say --ask {name}")
    return list(dict.fromkeys([*(asked or []), *named]))


def reading_options(read: list[str] | None, smiles_column: str | None, on_error: str | None) -> dict[str, str]:
    """How files are to be read, as it was typed."""
    from sciencegen.recipes.options import assignments

    named = {"smiles_column": smiles_column, "on_error": on_error}
    return dict(assignments(read or [], "--read")) | {name: value for name, value in named.items() if value is not None}


def _use(threads: int) -> None:
    import torch

    from sciencegen.errors import RequestError

    if threads < 0:
        raise RequestError(f"--threads {threads}: expected 1 or more, or 0 to let torch choose")
    if threads:
        torch.set_num_threads(threads)


def _summary(run: Fit) -> str:
    parameters = sum(p.numel() for p in run.model.generator.parameters())
    steps, data = run.settings.total(run.batches), run.config["data"]
    asked = ", ".join(run.model.fields.names) or "nothing"
    given, begins = ", ".join(run.model.given), ", ".join(run.model.asking.begins)
    begun = f"goes on at step {run.resumed.step:,} of" if run.resumed else "has"
    return (
        f"{run.config['recipe']} {begun} {steps:,} steps of {run.settings.batch}: {parameters:,} parameters, "
        f"{data['items']:,} items ({data['held_out']:,} held out); may be asked for: {asked}"
        + (f"; has to be given: {given}" if given else "")
        + (f"; may be given to begin with: {begins}" if begins else "")
    )


def _follow(run: Fit) -> int:
    """Show progress, and say which signal stopped the run, if one did.

    The first interrupt saves and stops after the step, a second one stops at once.
    """
    import signal

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    caught: list[int] = []

    def interrupted(number: int, frame: object) -> None:
        caught.append(number)
        run.stop()
        signal.signal(number, signal.default_int_handler)
        os.write(sys.stderr.fileno(), b"stopping after this step; go on later with --resume\n")  # print may be busy

    before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("training", total=None)
            for progress in run:
                if progress.validation is not None and progress.leader:
                    best = " (best)" if progress.best else ""
                    console.print(f"epoch {progress.epoch:.1f}: held-out {progress.validation:.4f}{best}")
                if progress.step % 10 == 0 or progress.stopping:
                    shown = "  ".join(f"{name} {value:.4g}" for name, value in progress.losses.items())
                    bar.update(task, completed=progress.step, total=progress.total, description=shown)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    over = run.progress is None or run.progress.stopping
    return caught[0] if caught and not over else 0


def _say(text: str) -> None:
    from sciencegen.train.loop import leads

    if leads():
        print(text, file=sys.stderr)
