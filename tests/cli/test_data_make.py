"""`sciencegen data make`."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from sciencegen.cli import data
from sciencegen.domains.arrays import Arrays
from sciencegen.domains.microstructures.physics import MAKERS
from tests.cli.conftest import Command
from tests.files import small_files

SMALL = ("-n", 6, "--size", 32)


def test_an_archive_holds_images_labels_and_how_they_were_made(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "mixtures.npz"
    done = sciencegen("data", "make", "cahn-hilliard", *SMALL, "--set", "time=50..60", "-o", path)
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("6 x cahn-hilliard, 32x32, in ")
    assert f" s: {path} (" in done.err
    with np.load(path, allow_pickle=False) as archive:
        found = {name: archive[name] for name in archive.files}
    assert (found["x"].shape, found["x"].dtype) == ((6, 32, 32), np.uint8)
    assert {name: found[name].item() for name in ("phases", "periodic", "pixel_size", "unit")} == {
        "phases": 2,
        "periodic": True,
        "pixel_size": 1.0,
        "unit": "px",
    }
    assert found["composition"].shape == found["time"].shape == (6,)
    assert ((found["time"] >= 50) & (found["time"] <= 60)).all()
    assert sorted(found) == sorted(["x", "composition", "time", "phases", "periodic", "pixel_size", "unit", "made_by"])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", MAKERS)
def test_the_command_inside_makes_the_same_file(sciencegen: Command, tmp_path: Path, name: str) -> None:
    path, again = tmp_path / "one.npz", tmp_path / "again.npz"
    options = {"gaussian-field": "length=1.5..4.3", "discs": "radius=2", "voronoi": "grains=4..9"}
    options |= {"coarsening": "time=41..50.5", "micrographs": "blur=0.5..1.5"}
    typed = options.get(name, "time=15.25")
    assert sciencegen("data", "make", name, *SMALL, "--seed", 7, "--set", typed, "-o", path).code == 0
    command = shlex.split(str(np.load(path)["made_by"]), comments=True)
    assert command[:4] == ["sciencegen", "data", "make", name]
    assert sciencegen(*command[1:], "-o", again).code == 0
    assert path.read_bytes() == again.read_bytes()


def test_another_seed_makes_another_file(sciencegen: Command, tmp_path: Path) -> None:
    for seed in (1, 2):
        sciencegen("data", "make", "discs", *SMALL, "--seed", seed, "-o", tmp_path / f"{seed}.npz")
    assert (np.load(tmp_path / "1.npz")["x"] != np.load(tmp_path / "2.npz")["x"]).any()


def test_images_of_space_and_of_several_phases_are_made(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "three.npz"
    typed = ("--set", "fraction=0.2..0.3,0.3", "--set", "length=2")
    done = sciencegen("data", "make", "gaussian-field", "-n", 3, "--size", "8x12x16", *typed, "-o", path)
    assert (done.code, done.err.count("\n")) == (0, 1)
    found = np.load(path)
    assert found["x"].shape == (3, 8, 12, 16)
    assert found["phases"] == 3
    assert (found["fraction_2"] == 0.3).all()


def test_pairs_are_two_arrays_with_phases_of_their_own(sciencegen: Command, tmp_path: Path) -> None:
    for name, phases in (("coarsening", 2), ("micrographs", 0)):
        path = tmp_path / f"{name}.npz"
        assert sciencegen("data", "make", name, *SMALL, "-o", path).code == 0
        with np.load(path) as found:
            assert found["x"].shape == found["source"].shape == (6, 32, 32)
            assert (found["phases"], found["source_phases"]) == (phases, 2)
            assert found["source"].max() == 1


def test_arrays_of_the_house_can_be_read_from_it(sciencegen: Command, tmp_path: Path) -> None:
    sciencegen("data", "make", "discs", *SMALL, "-o", tmp_path / "discs.npz")
    items = Arrays().read(tmp_path / "discs.npz")
    assert len(items.items) == 6
    assert list(items.columns) == ["fraction", "radius", "discs", "expected_surface"]


def test_without_a_name_all_there_is_is_listed(sciencegen: Command) -> None:
    done = sciencegen("data", "make")
    assert (done.code, done.err) == (0, "")
    for name in MAKERS:
        assert f"{name}: " in done.out
    assert "--set composition=-0.4..0.4 --set time=40..220 --set noise=0.1" in done.out


def test_the_command_has_help(sciencegen: Command) -> None:
    done = sciencegen("data", "make", "--help")
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) < 25
    assert "  make " in sciencegen("data").out


def test_images_of_one_phase_are_counted(sciencegen: Command, tmp_path: Path) -> None:
    typed = ("--set", "composition=0.4", "--set", "time=5", "-o", tmp_path / "mixed.npz")
    assert "6 of 6 images are of one phase only\n" in sciencegen("data", "make", "cahn-hilliard", *SMALL, *typed).err


def test_long_work_says_how_far_it_is(sciencegen: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_SAY_EVERY", -1.0)
    done = sciencegen("data", "make", "discs", *SMALL, "-o", tmp_path / "discs.npz")
    assert done.err.splitlines()[:2] == ["1 of 6 after 0 s", "2 of 6 after 0 s"]
    assert done.err.count("\n") == 6


def test_a_file_that_is_there_is_left_alone(sciencegen: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(b"mine")
    refusal = sciencegen("data", "make", "discs", *SMALL, "-o", path).refusal
    assert f"-o {path}: it is there already; remove it, or write another" in refusal
    assert path.read_bytes() == b"mine"


def test_a_full_disk_leaves_nothing(sciencegen: Command, tmp_path: Path) -> None:
    with small_files():
        done = sciencegen("data", "make", "discs", "-n", 100, "-o", tmp_path / "discs.npz")
    assert done.code == 1
    assert "cannot write" in done.complaint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("cahn-hiliard", "unknown kind of microstructure 'cahn-hiliard': did you mean 'cahn-hilliard'?"),
        ("zzz", "there is cahn-hilliard, coarsening, discs, gaussian-field, micrographs, voronoi"),
        ("discs -n 0", "n=0: expected 1 image or more"),
        ("discs -n 1000000000000", "do not fit in memory"),
        ("discs --size 3", "size=3x3: expected two or three sides of 8 pixels or more"),
        ("discs --size 64x", "--size 64x: expected pixels such as 64"),
        ("discs --size 8x8x8x8", "--size 8x8x8x8: expected pixels such as 64"),
        ("discs --set fraction=1.2", "fraction=1.2: expected 0.01 to 0.99"),
        ("discs --set radius", "--set 'radius': expected name=value"),
        ("discs --set radios=3", "unknown option of discs 'radios': did you mean 'radius'?"),
        ("discs --set radius=4..3", "radius=4..3: the range is empty"),
        ("discs --set radius=nan", "radius=nan: expected 1 to 16"),
        ("discs --seed -1", "--seed -1: expected a whole number from 0"),
        ("discs -n x", "invalid value for '-n'"),
        ("cahn-hilliard --set composition=-0.6..0.2", "composition=-0.6..0.2: expected -0.45 to 0.45"),
        ("coarsening --set time=20", "time=20: expected a time after early=40"),
        ("micrographs --set blur=17", "blur=17: expected 0 to 16: pixels, to a quarter of a side"),
        ("voronoi --set grains=5.5", "grains=5.5: expected whole numbers"),
    ],
)
def test_what_cannot_be_made_is_one_line(sciencegen: Command, tmp_path: Path, typed: str, said: str) -> None:
    assert said in sciencegen("data", "make", *typed.split(), "-o", tmp_path / "made.npz").refusal
    assert not list(tmp_path.iterdir())


def test_where_to_write_has_to_be_said(sciencegen: Command, tmp_path: Path) -> None:
    assert "say which file to write: -o discs.npz" in sciencegen("data", "make", "discs").refusal
    assert "expected a file ending in .npz" in sciencegen("data", "make", "discs", "-o", tmp_path / "a.csv").refusal
    assert "there is cahn-hilliard" in sciencegen("data", "make", "-o", tmp_path / "a.npz").refusal
