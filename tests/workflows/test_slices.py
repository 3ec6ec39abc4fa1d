"""The benchmark of volumes learned from images runs, and goes on with what is there."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from tests.workflows.test_workflows import run

QUICK = (
    *(
        "--side",
        "16",
        "--long",
        "40",
        "--stride",
        "8",
        "--steps",
        "3",
        "--width",
        "8",
        "--precision",
        "32",
        "--seed",
        "1",
    ),
    *("--volumes", "2", "--size", "32", "--reach", "9", "--solved", "2", "--sides", "16"),
)


def files(folder: Path) -> None:
    """A sandstone of blocks, packed as the real one is, and a micrograph of three phases."""
    from PIL import Image

    source = np.random.default_rng(0)
    rock = np.kron(source.random((16, 16, 16)) < 0.3, np.ones((4, 4, 4))).astype(np.uint8) * 255
    pages, packed = [Image.fromarray(page) for page in rock], BytesIO()
    pages[0].save(packed, "TIFF", save_all=True, append_images=pages[1:])
    with zipfile.ZipFile(folder / "berea.zip", "w") as archive:
        archive.writestr("berea.tif", packed.getvalue())
    blocks = source.integers(0, 3, (12, 12))
    np.save(folder / "composite_resized.npy", np.kron(blocks, np.ones((4, 4))).astype(np.uint8))


@pytest.mark.slow
def test_the_benchmark_of_slices_compares_with_images_and_with_the_volume(tmp_path: Path) -> None:
    files(tmp_path)
    command = ("benchmarks/slices.py", "--from", str(tmp_path), "--runs", str(tmp_path / "runs"), *QUICK)
    tables = [
        [
            line
            for line in run(*command, "--only", "berea", "composite", "stretched").splitlines()
            if line.startswith("| ")
        ]
        for _ in range(2)
    ]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in tables[0]]
    assert ["berea", "learned"] in rows
    assert ["composite", "one half of the image beside the other"] in rows
    assert ["composite", "Gaussian field"] not in rows
    assert [row[0] for row in rows][-10:-6] == ["rock", "learned", "Gaussian field", "a half of the rock"]
    assert tables[0][:-2] == tables[1][:-2], "what was trained is found again"
