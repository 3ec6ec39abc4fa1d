"""Campaigns that end in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sciencegen.cli import run
from tests.files import broken_molecules

Written = Callable[..., Path]

CONFIG = """
shard = {shard}
[source]
file = "supplier.csv"
id = "code"
[filter]
ranges = {{ mw = "100..400", logp = "<=4" }}
flag = ["brenk"]
[[score]]
name = "own"
properties = ["tpsa"]
[combine.desire.calc_logp]
target = 2
within = 4
[combine.desire.calc_tpsa]
low = 140
high = 20
[pick]
n = 8
[plate]
wells = 96
"""


@pytest.fixture
def config(tmp_path: Path) -> Written:
    """Writes a config, and the file it reads, and says where the config is."""

    def write(text: str = CONFIG, name: str = "screen.toml", shard: int = 16) -> Path:
        broken_molecules(tmp_path / "supplier.csv")
        path = tmp_path / name
        path.write_text(text.format(shard=shard), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign that has ended; nobody changes it."""
    home = tmp_path_factory.mktemp("campaign")
    broken_molecules(home / "supplier.csv")
    (home / "screen.toml").write_text(CONFIG.format(shard=16), encoding="utf-8")
    assert run(["screen", str(home / "screen.toml"), "--out", str(home / "run"), "--workers", "1"]) == 0
    return home / "run"


def started(*arguments: object, **more: str) -> subprocess.Popen[bytes]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "sciencegen", *(str(argument) for argument in arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | more, start_new_session=True
    )
