"""Volumes from images at the command line: one image for all planes or one for each, drawn, judged and refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command

TINY = [f"--set={one}" for one in ("width=8", "critic=4", "context=8", "doublings=2", "noise=2", "steps=3", "batch=8")]
TRAIN = ("train", "microstructures/slices", "--holdout", "0", *TINY)
CROP = ("--read", "crop=16", "--read", "stride=2")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sciencegen.cli import run

    path = tmp_path_factory.mktemp("slices") / "x.npz"
    made = ["data", "make", "gaussian-field", "-n", "40", "--size", "16", "--set", "length=2", "-o", path]
    assert run([str(one) for one in made]) == 0
    return path


def folder(path: Path, planes: dict[str, str], side: int = 24, phases: int = 2) -> Path:
    """A folder of images, with the plane of each in labels.csv."""
    path.mkdir()
    source = np.random.default_rng(0)
    for name in planes:
        np.save(path / f"{name}.npy", source.integers(0, phases, (side, side), dtype=np.uint8))
    rows = [f"{name}.npy,{plane}" for name, plane in planes.items()]
    (path / "labels.csv").write_text("\n".join(["file,plane", *rows]) + "\n")
    return path


def test_volumes_are_learned_from_images_drawn_and_judged_by_their_slices(
    images: Path, tmp_path: Path, sciencegen: Command
) -> None:
    run = tmp_path / "run"
    asked = ("--ask", "volume_fraction")
    assert sciencegen(*TRAIN, "--data", images, *asked, "-o", run).code == 0
    wanted = ("--where", "volume_fraction=0.25", "--set", "size=20", "--properties", "volume_fraction")
    done = sciencegen("generate", run, "-n", 2, *wanted, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    with np.load(tmp_path / "out" / "images.npz") as found:
        assert found["x"].shape == (2, 20, 20, 20)
        assert found["x"].mean((1, 2, 3)).tolist() == [0.25, 0.25]
    done = sciencegen("evaluate", run, "--data", images, "-n", 3)
    assert done.code == 0, done.err
    for said in ("S2, mean difference", "surface (Wasserstein / std)"):
        assert said in done.out
    small = sciencegen("evaluate", run, "--data", images, "-n", 3, "--set", "size=8")
    assert "volumes of 8x8x8 hold no slices of 16x16" in small.complaint


def test_images_of_three_planes_make_one_volume(tmp_path: Path, sciencegen: Command) -> None:
    data = folder(tmp_path / "data", {"a": "xy", "b": "xz+yz"}, phases=3)
    done = sciencegen(*TRAIN, "--data", data, *CROP, "--ask", "plane", "-o", tmp_path / "run")
    assert done.code == 0, done.err
    assert sciencegen("generate", tmp_path / "run", "-n", 1, "-o", tmp_path / "one.npz").code == 0
    with np.load(tmp_path / "one.npz") as found:
        assert found["x"].shape == (1, 16, 16, 16)
    refused = sciencegen("generate", tmp_path / "run", "-n", 1, "--where", "plane=xy", "-o", tmp_path / "two.npz")
    assert "volumes have slices in all planes: leave it out" in refused.complaint


@pytest.mark.parametrize(
    ("planes", "said"),
    [
        ({"a": "xy", "b": "xz"}, "plane=xy, xz: there is no image of yz; an image that stands for yz too says so"),
        ({"a": "xy", "b": "zx"}, "plane=zx: expected xy, xz, yz, or several such as xz+yz"),
        ({"a": "1", "b": "2"}, "plane=1: expected xy, xz, yz, or several such as xz+yz"),
    ],
)
def test_planes_that_make_no_volume_are_refused(
    planes: dict[str, str], said: str, tmp_path: Path, sciencegen: Command
) -> None:
    data = folder(tmp_path / "data", planes)
    assert said in sciencegen(*TRAIN, "--data", data, *CROP, "--ask", "plane", "-o", tmp_path / "run").complaint


def test_data_that_are_no_squares_are_refused(tmp_path: Path, sciencegen: Command, images: Path) -> None:
    long, deep = (tmp_path / f"{name}.npz" for name in ("long", "deep"))
    for path, size in ((long, "16x24"), (deep, "16x16x16")):
        made = ("data", "make", "gaussian-field", "-n", "4", "--size", size, "--set", "length=2", "-o", path)
        assert sciencegen(*made).code == 0
    said = sciencegen(*TRAIN, "--data", long, "-o", tmp_path / "a").complaint
    assert "images of 16x24 pixels: expected squares; cut them with --read crop=16" in said
    said = sciencegen(*TRAIN, "--data", deep, "-o", tmp_path / "b").complaint
    assert "these are volumes of 16x16x16: volumes are learned from images here; use microstructures/gan" in said
    said = sciencegen(*TRAIN, "--data", images, "--ask", "surface", "-o", tmp_path / "c").complaint
    assert "surface is another thing of a volume than of the images it is learned from" in said
