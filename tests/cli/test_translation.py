"""Translation at the command line: pairs made, learned, and asked for with a picture, one way and the other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command

TINY = [f"--set={one}" for one in ("width=8", "critic=4", "context=8", "depth=2", "halvings=2", "steps=3", "batch=8")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, what they learned from, and a picture of each kind."""
    from sciencegen.cli import run as call

    home = tmp_path_factory.mktemp("translation")
    for maker, recipe, asked in (("coarsening", "pix2pix", ["--ask", "time"]), ("micrographs", "cyclegan", [])):
        data = home / f"{maker}.npz"
        span = ["--set", "time=50..60"] if asked else ["--set", "length=2"]
        assert call(["data", "make", maker, "-n", "24", "--size", "16", *span, "-o", str(data)]) == 0
        trained = [
            "train",
            f"microstructures/{recipe}",
            "--data",
            str(data),
            "-o",
            str(home / recipe),
            "--holdout",
            "0",
        ]
        assert call([*trained, *asked, *TINY]) == 0
        with np.load(data) as found:
            Image.fromarray(found["source"][0] * 255).save(home / f"{maker}.png")
            Image.fromarray(found["x"][0]).save(home / f"{maker}_x.png")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(home / "small.png")
    return home


def test_a_picture_is_translated_into_a_folder(home: Path, tmp_path: Path, sciencegen: Command) -> None:
    early = home / "coarsening.png"
    asked = ["--where", f"source={early}", "--where", "time=55", "--properties", "surface"]
    done = sciencegen("generate", home / "pix2pix", "-n", 4, *asked, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    rows = (tmp_path / "out" / "labels.csv").read_text().splitlines()
    assert rows[0] == "file,image,surface,source_asked,time_asked"
    assert len(rows) == 5
    assert rows[1].endswith(f",{early},55.0")
    record = json.loads((tmp_path / "out.json").read_text())
    assert record["asked"] == {"source": str(early), "time": 55.0}
    assert "back" not in record


def test_a_model_of_both_ways_goes_back(home: Path, tmp_path: Path, sciencegen: Command) -> None:
    there, back = tmp_path / "there.npz", tmp_path / "back.npz"
    model, nothing = home / "cyclegan", ["--properties", "none"]
    given = f"source={home / 'micrographs.png'}"
    assert sciencegen("generate", model, "-n", 2, "--where", given, *nothing, "-o", there).code == 0
    given = f"source={home / 'micrographs_x.png'}"
    done = sciencegen("generate", model, "--back", "-n", 2, "--where", given, *nothing, "-o", back)
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "back.json").read_text())["back"] is True
    with np.load(there) as found, np.load(back) as other:
        assert (found["phases"], other["phases"]) == (0, 2)
        assert found["x"].shape == other["x"].shape == (2, 16, 16)
    refused = sciencegen("generate", home / "pix2pix", "--back", "--where", given).complaint
    assert "makes its samples one way only" in refused


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ([], "source is missing: give one of microstructures, as --where source=FILE or as text"),
        (["source=small.png"], "source: image 1 has 8x8 pixels and 2 phases, expected 16x16 and 2"),
        (["source=none.png"], "source: none.png: neither a file nor one of microstructures as text"),
        (["source=micrographs_x.png"], "has pixels of many grey levels: expected 2 phases"),
        (["source=coarsening.npz"], "source: coarsening.npz: holds 24 images: expected a file with one"),
        (["source=0.5"], "source=0.5: expected one of microstructures, as a file or as text"),
        (["sorce=small.png"], "unknown condition 'sorce': did you mean 'source'?"),
    ],
)
def test_what_cannot_be_translated_is_one_line(
    home: Path, sciencegen: Command, monkeypatch: pytest.MonkeyPatch, where: list[str], said: str
) -> None:
    monkeypatch.chdir(home)
    asked = [word for clause in where for word in ("--where", clause)]
    assert said in sciencegen("generate", "pix2pix", "-n", 1, *asked, "--dry-run").refusal


def test_a_whole_stack_is_judged(home: Path, tmp_path: Path, sciencegen: Command) -> None:
    done = sciencegen("evaluate", home / "pix2pix", "--data", home / "coarsening.npz", "-n", 24)
    assert done.code == 0, done.err
    numbers = json.loads(done.out)
    assert numbers["samples"]["drawn"] == 24
    assert "S2, mean difference" in numbers["distance"]
    with np.load(home / "coarsening.npz") as found:
        np.savez(tmp_path / "alone.npz", x=found["x"], time=found["time"])
    said = sciencegen("evaluate", home / "pix2pix", "--data", tmp_path / "alone.npz").refusal
    assert "unknown column of" in said
    assert "'source'" in said


def test_data_without_pairs_are_refused(home: Path, tmp_path: Path, sciencegen: Command) -> None:
    np.savez(tmp_path / "alone.npz", x=np.eye(16, dtype=np.uint8)[None].repeat(4, 0))
    train = ["train", "microstructures/pix2pix", "--data", tmp_path / "alone.npz", "-o", tmp_path / "run"]
    assert "'source': there are none" in sciencegen(*train).refusal
    assert not (tmp_path / "run").exists()


def test_what_a_model_is_made_of_is_said(home: Path, sciencegen: Command) -> None:
    assert "given      source" in sciencegen("info", home / "pix2pix").out
    assert "Every sample is made of what is given: source." in (home / "pix2pix" / "README.md").read_text()
