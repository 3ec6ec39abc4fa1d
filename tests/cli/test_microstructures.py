"""Microstructures at the command line: made, trained on, drawn in any size, and judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas
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


def test_a_class_and_a_time_of_the_process_may_be_asked_for(tmp_path: Path, sciencegen: Command) -> None:
    sets = ["--set", "time=40..60", "--set", "composition=0"]
    assert (
        sciencegen("data", "make", "cahn-hilliard", "-n", 40, "--size", 16, *sets, "-o", tmp_path / "x.npz").code == 0
    )
    folder = tmp_path / "labelled"
    assert sciencegen("convert", tmp_path / "x.npz", folder, "--domain", "microstructures").code == 0
    table = pandas.read_csv(folder / "labels.csv")
    table["heated"] = ["slowly" if i % 2 else "fast" for i in range(len(table))]
    table.to_csv(folder / "labels.csv", index=False)
    asked = ["--ask", "volume_fraction", "--ask", "time", "--ask", "heated", "--holdout", "0"]
    done = sciencegen("train", "microstructures/gan", "--data", folder, "-o", tmp_path / "run", *asked, *TINY)
    assert done.code == 0, done.err
    request = ["--where", "time=50", "--where", "heated=slowly", "--properties", "volume_fraction"]
    assert sciencegen("generate", tmp_path / "run", "-n", 3, *request, "-o", tmp_path / "out.npz").code == 0
    wrong = sciencegen("generate", tmp_path / "run", "-n", 3, "--where", "heated=slow", "-o", tmp_path / "no.npz")
    assert "did you mean 'slowly'" in wrong.complaint


def test_a_share_in_percent_is_named(run: Path, tmp_path: Path, sciencegen: Command) -> None:
    done = sciencegen("generate", run, "-n", 2, "--where", "volume_fraction=35", "--dry-run")
    assert "0.35 is 35 percent" in done.err
    assert "outside the training range" in done.err
    folder = tmp_path / "labelled"
    assert sciencegen("generate", run, "-n", 3, "--properties", "volume_fraction", "-o", folder).code == 0
    table = pandas.read_csv(folder / "labels.csv")
    table["volume_fraction"] *= 100
    table.to_csv(folder / "labels.csv", index=False)
    done = sciencegen("train", "microstructures/gan", "--data", folder, "-o", tmp_path / "run", *TINY)
    assert done.code == 2
    assert "labels.csv" in done.complaint
    assert "not percent" in done.complaint


def test_few_images_are_learned_from_with_a_warning(tmp_path: Path, sciencegen: Command) -> None:
    assert sciencegen("data", "make", "discs", "-n", 5, "--size", 64, "-o", tmp_path / "x.npz").code == 0
    done = sciencegen("train", "microstructures/gan", "--data", tmp_path / "x.npz", "-o", tmp_path / "run", "--dry-run")
    assert "only 5 images" in done.err
    assert "30 or more" in done.err
    cut = ["--read", "crop=16", "--read", "stride=8", "--dry-run"]
    done = sciencegen("train", "microstructures/gan", "--data", tmp_path / "x.npz", "-o", tmp_path / "run", *cut)
    assert done.code == 0
    assert "30 or more" not in done.err


def test_other_sizes_are_asked_for_by_name(run: Path, tmp_path: Path, sciencegen: Command) -> None:
    out = tmp_path / "large.npz"
    assert sciencegen("generate", run, "-n", 2, "--size", 48, "--properties", "none", "-o", out).code == 0
    with np.load(out) as found:
        assert found["x"].shape == (2, 48, 48)
    assert "multiple of 4" in sciencegen("generate", run, "-n", 2, "--size", 46, "-o", tmp_path / "b.npz").complaint


def test_designs_are_written_for_other_programs(run: Path, tmp_path: Path, sciencegen: Command) -> None:
    assert sciencegen("generate", run, "-n", 2, "--properties", "none", "-o", tmp_path / "a.vtk").code == 0
    assert sciencegen("generate", run, "-n", 2, "--properties", "none", "-o", tmp_path / "a.npz").code == 0
    again = sciencegen("convert", tmp_path / "a.npz", tmp_path / "b.vtk", "--domain", "microstructures")
    assert again.code == 0, again.err
    assert (tmp_path / "a.vtk").read_bytes() == (tmp_path / "b.vtk").read_bytes()
