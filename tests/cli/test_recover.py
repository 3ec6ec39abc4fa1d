"""Images with a hole at the command line: completed several ways, with what was measured of each."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command

TINY = [f"--set={one}" for one in ("width=8", "critic=4", "context=8", "doublings=2", "noise=4", "steps=2", "batch=16")]
QUICK = ["--steps", "5", "--properties", "volume_fraction"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, an image, a stack of two, and masks."""
    from sciencegen.cli import run

    place = tmp_path_factory.mktemp("recover")
    made = ["data", "make", "gaussian-field", "-n", "40", "--size", "16", "--set", "length=2", "-o", place / "x.npz"]
    assert run([str(one) for one in made]) == 0
    trained = ["train", "microstructures/gan", "--data", place / "x.npz", "-o", place / "run", "--holdout", "0"]
    assert run([str(one) for one in [*trained, *TINY]]) == 0
    with np.load(place / "x.npz") as known:
        x = known["x"]
    Image.fromarray(x[0] * np.uint8(255)).save(place / "image.png")
    np.save(place / "two.npy", x[:2])
    hole = np.zeros((16, 16), np.uint8)
    hole[4:12, 4:12] = 255
    for name, pixels in {"hole": hole, "small": hole[:8], "none": hole * 0, "all": hole * 0 + 255}.items():
        Image.fromarray(pixels).save(place / f"{name}.png")
    return place


def test_a_hole_is_filled_several_ways(place: Path, tmp_path: Path, sciencegen: Command) -> None:
    out = tmp_path / "out"
    mask = ["--measure", f"mask:{place / 'hole.png'}"]
    done = sciencegen("recover", place / "run", "--from", place / "image.png", *mask, "-n", 3, *QUICK, "-o", out)
    assert done.code == 0, done.err
    assert "image 1: the best fit has" in done.err
    assert "of the known pixels right" in done.err
    assert "two draws differ in" in done.err
    with (out / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["of"], row["draw"]) for row in rows] == [("1", str(draw)) for draw in range(4)]
    assert set(rows[0]) == {"file", "image", "of", "draw", "misfit", "agreement", "volume_fraction"}
    given = np.asarray(Image.open(place / "image.png")) > 0
    outside = np.asarray(Image.open(place / "hole.png")) == 0
    with np.load(out / "images.npz") as found:
        x = found["x"]
    assert (x[:, outside] == given[outside]).all()
    assert float(rows[1]["volume_fraction"]) == pytest.approx(x[1].mean(), abs=1e-5)
    record = json.loads((tmp_path / "out.json").read_text())
    assert (record["images"], record["drawn"], record["noise"], record["by"]) == (1, 3, 0.0, "perturbed")
    assert record["checkpoint"]


@pytest.mark.parametrize("measure", ["kspace:0.3", "columns:2", "gaussian:0.3"])
def test_images_are_measured_here_to_see_how_well_they_come_back(
    place: Path, tmp_path: Path, sciencegen: Command, measure: str
) -> None:
    asked = ["--from", place / "two.npy", "--read", "stack=yes", "--measure", measure, "--noise", "0.01"]
    done = sciencegen("recover", place / "run", *asked, "-n", 1, *QUICK, "-o", tmp_path / "a.csv")
    assert done.code == 0, done.err
    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["of"] for row in rows] == ["1", "1", "2", "2"]
    assert all(0 <= float(row["agreement"]) <= 1 for row in rows)
    assert "pixels right" in done.err


def test_what_cannot_be_recovered_is_refused(
    place: Path, tmp_path: Path, gan: Path, gru: Path, sciencegen: Command
) -> None:
    def refusal(*changed: object, model: Path = place / "run", source: Path = place / "image.png") -> str:
        rest = changed if "--measure" in changed else ("--measure", "kspace:0.2", *changed)
        return sciencegen("recover", model, "--from", source, *rest, "-o", tmp_path / "out").complaint

    assert "nothing is white in the mask" in refusal("--measure", f"mask:{place / 'none.png'}")
    assert "no pixel is known" in refusal("--measure", f"mask:{place / 'all.png'}")
    assert "the mask has 8x16 pixels, the image 16x16" in refusal("--measure", f"mask:{place / 'small.png'}")
    assert "mask: expected mask: and a file" in refusal("--measure", "mask")
    assert "unknown measurement 'kspac': did you mean 'kspace'?" in refusal("--measure", "kspac:0.2")
    assert "gaussian:much: expected a number" in refusal("--measure", "gaussian:much")
    assert "expected a share above 0" in refusal("--measure", "kspace:2")
    assert "unknown way to draw 'langevin'" in refusal("--by", "langevin")
    assert "-n 0: expected 1 or more" in refusal("-n", 0)
    assert "noise=-1.0: expected 0 or more" in refusal("--noise", "-1")
    assert "cannot recover images" in refusal(model=gru)
    assert "makes no images" in refusal(model=gan)
    wrong = refusal(source=place / "small.png")
    assert "8x16 pixels and 2 phases, expected 16x16 and 2" in wrong
    assert "draws 32x32 pixels" in refusal("--set", "size=32")
    assert not (tmp_path / "out").exists()
