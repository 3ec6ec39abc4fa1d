"""Archives and folders hold the images with what is known of them, and are read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.written import archive, folder
from sciencegen.errors import DataError, RequestError
from tests.domains.microstructures.test_domain import spotted

ROWS = [(spotted(i, phases=3), {"strength": float(i), "strength_asked": 2.0, "kind": "ab"[i % 2]}) for i in range(12)]


def test_an_archive_holds_images_and_columns(tmp_path: Path) -> None:
    archive([*ROWS, (spotted(99, phases=3), {"strength": "", "strength_asked": 2.0, "kind": "a"})], tmp_path / "a.npz")
    found = Microstructures().read(tmp_path / "a.npz", ["strength", "kind"])
    assert np.array_equal(found.items[5].pixels, ROWS[5][0].pixels)
    assert list(found.columns["kind"])[:2] == ["a", "b"]
    assert found.columns["strength"][11] == 11
    assert np.isnan(float(found.columns["strength"][12] or 0))


@pytest.mark.parametrize("shape", [(16, 16), (8, 9, 10)])
def test_a_folder_of_pictures_is_read_as_it_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rows = [(spotted(i, shape=shape, phases=3), cells) for i, (_, cells) in enumerate(ROWS)]
    folder(rows, tmp_path / "out")
    names = sorted(one.name for one in (tmp_path / "out").iterdir())
    suffix = ".png" if len(shape) == 2 else ".tif"
    assert names == [*(f"{i:02}{suffix}" for i in range(1, 13)), "images.npz", "labels.csv", "sheet"]
    found = Microstructures().read(tmp_path / "out", ["strength"])
    assert list(found.columns["strength"]) == [float(i) for i in range(12)]
    for (item, _), again in zip(rows, found.items, strict=True):
        assert again.phases == 3
        assert np.array_equal(item.pixels, again.pixels)


def test_nothing_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no images to write"):
        folder([], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_images_of_several_sizes_share_no_archive(tmp_path: Path) -> None:
    rows: list[tuple[Microstructure, dict[str, float]]] = [(spotted(0), {}), (spotted(1, shape=(8, 8)), {})]
    with pytest.raises(DataError, match="images of one size and kind"):
        archive(rows, tmp_path / "a.npz")
