"""`sciencegen ui`."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.ui.conftest import Command


def test_help_imports_neither_torch_nor_a_server() -> None:
    line = [sys.executable, "-X", "importtime", "-m", "sciencegen", "ui", "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    imported = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines()}
    assert not imported & {"torch", "numpy", "pandas", "starlette", "uvicorn", "jinja2"}
    assert "--no-browser" in done.stdout


def test_missing_packages_are_named(sciencegen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "starlette" else found(name))
    assert "starlette: pip install 'sciencegen[ui]'" in sciencegen("ui").refusal


def test_other_machines_are_not_served(sciencegen: Command) -> None:
    assert "ssh -L 8321:127.0.0.1:8321" in sciencegen("ui", "--host", "0.0.0.0").refusal


def test_a_model_that_is_not_there_is_named(sciencegen: Command) -> None:
    assert "'molecule'" in sciencegen("ui", "molecule", "--port", 0, "--no-browser").refusal


def test_data_that_are_not_there_are_named(sciencegen: Command, tmp_path: Path) -> None:
    done = sciencegen("ui", "--port", 0, "--no-browser", "--data", tmp_path / "none.csv")
    assert done.code == 2
    assert "none.csv" in done.err
    assert done.out == ""


@pytest.mark.slow
def test_it_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "sciencegen", "ui", "--port", "0", "--no-browser"]
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        line, cwd=tmp_path, env=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address) as answer:
            page = answer.read().decode()
        assert "one core" in page or "May be asked for" in page  # the card of the shipped model
        with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(address[:-1]):
            pass
        refused.value.close()
        assert refused.value.code == 403
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=60)
    assert (process.returncode, rest) == (130, "")
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
