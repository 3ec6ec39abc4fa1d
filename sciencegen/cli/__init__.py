"""The command line: one file for each subcommand. Data go to standard output or -o, everything else to standard error.

Exit codes: 0 done, 1 something broke, 2 a request that cannot be carried out, 3 the draws allowed ended first.
"""

from __future__ import annotations

import os
import sys

import typer

from sciencegen.cli import evaluate, generate, info, recipes, train

__all__ = ["app", "main"]

app = typer.Typer(
    name="sciencegen",
    help="Deep generative models for science: train, ask for properties, generate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("recipes")(recipes.recipes)
app.command("train")(train.train)
app.command("generate")(generate.generate)
app.command("evaluate")(evaluate.evaluate)
app.command("info")(info.info)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Show the version and stop.")) -> None:
    """Deep generative models for science: train, ask for properties, generate."""
    if version:
        from sciencegen import __version__

        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run a command; what a user can mend is one line on standard error, not a traceback."""
    from sciencegen.errors import SciencegenError

    # waiting threads that spin starve everything else on a shared machine; has to be set before torch is imported
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except SciencegenError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has seen enough
        sys.exit(0)
