"""`sciencegen --help` and what is wrong before a command begins."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from sciencegen import __version__
from tests.cli.conftest import Command

COMMANDS = (
    *("recipes", "train", "generate", "recover", "score", "evaluate", "info", "screen", "filter", "pick", "plate"),
    *("report", "convert", "import-results", "optimize", "ui"),
)


def test_help_lists_the_commands(sciencegen: Command) -> None:
    for arguments in (["--help"], ["-h"], []):
        done = sciencegen(*arguments)
        assert (done.code, done.err) == (0, "")
        for command in (*COMMANDS, "data", "scorer"):
            assert f"  {command} " in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(sciencegen: Command, command: str) -> None:
    done = sciencegen(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"sciencegen {command} [OPTIONS]" in done.out


def test_the_version_is_shown(sciencegen: Command) -> None:
    assert sciencegen("--version").out == f"{__version__}\n"


@pytest.mark.parametrize(
    "command", ["--help", "train --help", "generate --help", "screen --help", "ui --help", "--version"]
)
def test_help_imports_no_torch(command: str) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "sciencegen", *command.split()]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    imported = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines()}
    assert "sciencegen.cli" in imported
    assert not imported & {"torch", "numpy", "pandas", "lightning_fabric", "rich"}


def test_help_answers_at_once() -> None:
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "sciencegen", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.3


def test_an_unknown_command_names_the_nearest(sciencegen: Command) -> None:
    assert "'generat'. Did you mean 'generate'?" in sciencegen("generat").refusal


def test_a_missing_argument_is_named(sciencegen: Command) -> None:
    assert "missing argument 'model'" in sciencegen("generate").refusal
    assert "missing option '--out' / '-o'" in sciencegen("train", "densities/gan").refusal
