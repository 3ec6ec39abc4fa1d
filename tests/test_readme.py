"""What the README tells people to type, typed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sciencegen.recipes import RECIPES

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


ELSEWHERE = ("ui", "import-results")
"""What needs a browser, or an assay: tested where these are."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("datasets", "workflows"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "my.lark").write_text('start: item+\nitem: "a" | "b" | "(" start ")"\n')
    (tmp_path / "sentences.txt").write_text("".join(f"{'ab' * i}({'ba' * (i % 7)}a)\n" for i in range(1, 60)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_commands_of_the_readme_run(outside: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("sciencegen ")]
    assert len(commands) >= 8
    for line in commands:
        words = shlex.split(line, comments=True)[1:]
        if words[0] in ELSEWHERE or words[:2] == ["screen", "--out"]:
            continue
        if "|" in words:
            piped = line.replace("sciencegen ", f"{shlex.quote(sys.executable)} -m sciencegen ")
            done = subprocess.run(["bash", "-o", "pipefail", "-c", piped], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
            continue
        words += ["--dry-run"] if words[0] == "screen" else []
        short = ["--set", "epochs=1"] if words[0] == "train" and "--resume" not in words else []
        kept = [word for word in words if not short or not word.startswith("epochs=")]
        run = [sys.executable, "-m", "sciencegen", *kept, *short]
        run = [w for i, w in enumerate(run) if not (w == "--set" and run[i + 1].startswith("--"))]
        done = subprocess.run(run, cwd=outside, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.slow
def test_the_python_of_the_readme_runs(outside: Path) -> None:
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})


def test_the_readme_names_every_recipe() -> None:
    for name in RECIPES:
        domain, model = name.split("/")
        assert re.search(rf"`{domain}/[^`]*\b{model}\b", TEXT), f"{name} is not in the README"


def test_files_the_readme_names_exist() -> None:
    for path in re.findall(r"\b((?:workflows|datasets|tests)/[\w./-]+\.(?:py|md|npz|csv))", TEXT):
        assert (ROOT / path).exists(), path
