"""Microstructures at the command line: made, trained on, drawn in any size, and judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command

TINY = [f"--set={one}" for one in ("width=8", "critic=4", "context=8", "doublings=2", "noise=2", "steps=4", "batch=16")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sciencegen.cli import run as call

    folder = tmp_path_factory.mktemp("micro")
    made = ["data", "make", "gaussian-field", "-n", "60", "--size", "16", "--set", "length=2", "-o", folder / "x.npz"]
    assert call([str(one) for one in made]) == 0
    trained = [
        "train",
        "microstructures/gan",
        "--data",
        folder / "x.npz",
        "-o",
        folder / "run",
        "--holdout",
        "0",
        *TINY,
    ]
    assert call([str(one) for one in trained]) == 0
    return folder / "run"


def test_a_folder_of_designs_has_the_fraction_that_was_asked_for(
    run: Path, tmp_path: Path, sciencegen: Command
) -> None:
    asked = ["--where", "volume_fraction=0.375", "--set", "size=32", "--properties", "volume_fraction"]
    done = sciencegen("generate", run, "-n", 5, *asked, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    table = (tmp_path / "out" / "labels.csv").read_text().splitlines()
    assert table[0] == "file,image,volume_fraction,volume_fraction_asked"
    assert [line.split(",")[2:] for line in table[1:]] == [["0.375", "0.375"]] * 5
    with np.load(tmp_path / "out" / "images.npz") as found:
        assert found["x"].shape == (5, 32, 32)
        assert found["x"].mean() == 0.375
        assert bool(found["periodic"])
    record = json.loads((tmp_path / "out.json").read_text())
    assert (record["kept"], record["knobs"]["size"]) == (5, 32)
    assert "there already" in sciencegen("generate", run, "-n", 2, "-o", tmp_path / "out").complaint


def test_an_archive_of_designs_is_data_again(run: Path, tmp_path: Path, sciencegen: Command) -> None:
    path = tmp_path / "some.npz"
    assert sciencegen("generate", run, "-n", 20, "--properties", "surface", "-o", path).code == 0
    done = sciencegen("evaluate", run, "--data", path, "-n", 20, "--html", tmp_path / "a.html")
    assert done.code == 0, done.err
    page = (tmp_path / "a.html").read_text()
    assert "S2 (px)" in page
    assert "lineal path (px)" in page
    assert "<polygon" in page
    assert "S2, mean difference" in done.out
    assert "standard output" in sciencegen("generate", run, "--format", "npz").refusal


def test_what_cannot_be_drawn_is_refused(run: Path, tmp_path: Path, sciencegen: Command) -> None:
    assert "multiple of 4" in sciencegen("generate", run, "--set", "size=30", "-o", tmp_path / "a.csv").complaint
    said = sciencegen(
        "generate", run, "-n", 2, "--strict", "-w", "volume_fraction=35", "-o", tmp_path / "b.csv"
    ).refusal
    assert "volume_fraction" in said
    assert "0.203125 to 0.796875" in said
