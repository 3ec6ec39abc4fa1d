"""The command line: one file for each subcommand. Data go to standard output or -o, everything else to standard error.

Exit codes: 0 done, 1 something broke, 2 a request that cannot be carried out, 3 the draws allowed ended first,
5 an external scorer that fails on everything, 130 and 143 stopped by an interrupt or by a request to end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from sciencegen.cli import (
    ask,
    complete,
    convert,
    data,
    evaluate,
    filter,
    generate,
    import_results,
    info,
    latent,
    optimize,
    pick,
    plate,
    recipes,
    recover,
    report,
    score,
    scorer,
    screen,
    tell,
    train,
    ui,
)

__all__ = ["app", "main", "run"]

app = typer.Typer(
    name="sciencegen",
    help="Deep generative models for science: train, ask for properties, generate.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("recipes")(recipes.recipes)
app.command("train")(train.train)
app.command("generate")(generate.generate)
app.command("evaluate")(evaluate.evaluate)
app.command("recover")(recover.recover)
app.command("complete")(complete.complete)
app.command("optimize")(optimize.optimize)
app.command("score")(score.score)
app.command("filter")(filter.filter_)
app.command("pick")(pick.pick)
app.command("plate")(plate.plate)
app.command("screen")(screen.screen)
app.command("report")(report.report)
app.command("convert")(convert.convert)
app.command("import-results")(import_results.import_results)
app.command("info")(info.info)
app.command("ask")(ask.ask)
app.command("tell")(tell.tell)
app.command("ui")(ui.ui)
app.add_typer(data.app, name="data")
app.add_typer(latent.app, name="latent")
app.add_typer(scorer.app, name="scorer")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context, version: bool = typer.Option(False, "--version", help="Show the version and stop.")
) -> None:
    """Deep generative models for science: train, ask for properties, generate."""
    if version:
        from sciencegen import __version__

        print(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """Run the command the shell gave."""
    # waiting threads that spin starve everything else on a shared machine; has to be set before torch is imported
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, _terminated)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell, with >&-; print would write to the other one
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:  # said already; the interpreter would fail on it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command and say its exit code; what a user can mend is one line on standard error, not a traceback."""
    from sciencegen.errors import SciencegenError

    try:
        command = typer.main.get_command(app)
        with command.make_context("sciencegen", list(arguments)) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as stop:
        return stop.exit_code
    except typer.TyperException as error:
        return _failed(_one_line(error.format_message()), 2)
    except SciencegenError as error:
        return _failed(str(error), error.exit_code)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0  # whoever read us has seen enough
    except OSError as error:
        where = error.filename or "standard output"
        return _failed(f"{where}: {error.strerror or error}", 1)
    return 0


def _failed(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


def _one_line(message: str) -> str:
    said = " ".join(message.split())
    return f"{said[:1].lower()}{said[1:].rstrip('.')}; --help lists what there is"


def _terminated(number: int, frame: object) -> NoReturn:
    """End as an interrupt would, so that no temporary file stays behind."""
    sys.exit(128 + number)
