"""Images of which each belongs to another: in archives, in folders, and alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sciencegen.asking import whole_items
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import GREY, Microstructure
from sciencegen.domains.microstructures.representations import FieldsOf
from sciencegen.domains.microstructures.stacks import Stack, save
from sciencegen.errors import DataError, UnknownName

SOURCE = np.random.default_rng(0)


def phases(n: int = 3, side: int = 8, many: int = 2) -> np.ndarray[Any, np.dtype[np.uint8]]:
    x = SOURCE.integers(0, many, (n, side, side)).astype(np.uint8)
    x[:, 0, :many] = range(many)
    return x


def grey(n: int = 3, side: int = 8) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return SOURCE.permuted(np.tile(np.arange(side * side, dtype=np.uint8) * (256 // side**2), (n, 1)), axis=1).reshape(
        n, side, side
    )


def beside(path: Path, **options: str) -> list[Microstructure]:
    found = Microstructures().reading(**options).read(path, ["source"])
    whole = whole_items(Microstructures(), found.columns["source"])
    assert len(whole) == len(found.items)
    return [one for one in whole if one is not None]


def folder(path: Path, x: Any, source: Any, rows: str) -> Path:
    (path / "early").mkdir(parents=True)
    for i, (one, other) in enumerate(zip(x, source, strict=True), 1):
        Image.fromarray(one).save(path / f"{i}.png")
        Image.fromarray(other).save(path / "early" / f"{i}.tif")
    (path / "labels.csv").write_text("file,source,time\n" + rows)
    return path


def test_an_archive_says_how_many_phases_each_of_two_arrays_has(tmp_path: Path) -> None:
    x, source = grey(), phases(many=3)
    save(Stack(x, 8, GREY, periodic=True, beside={"source": Stack(source, 8, 3)}), tmp_path / "a.npz")
    whole = beside(tmp_path / "a.npz")
    assert [(one.phases, one.periodic) for one in whole] == [(3, True)] * 3
    assert all(np.array_equal(one.pixels, other) for one, other in zip(whole, source, strict=True))
    np.savez(tmp_path / "b.npz", x=x, source=source * 100)
    assert [one.phases for one in beside(tmp_path / "b.npz")] == [3] * 3
    assert np.array_equal(beside(tmp_path / "b.npz")[1].pixels, source[1])


def test_arrays_nobody_asks_for_are_not_looked_at(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=phases(), source=np.zeros((2, 5)), field=np.zeros((3, 8, 8)))
    found = Microstructures().read(tmp_path / "a.npz")
    assert (len(found.items), list(found.columns)) == (3, [])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"source": phases(2)}, "source has 2 images, x has 3: expected as many"),
        ({"source": phases().astype(float)}, "source is float64 of shape 3x8x8: expected whole numbers"),
        ({"source": phases(many=3), "source_phases": 2}, "source goes up to 2, where source_phases=2 allow 1"),
        ({"source": phases(), "source_phases": 99}, "source_phases=99: expected a number from 2 to 16"),
    ],
)
def test_arrays_that_cannot_stand_beside_are_named(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    np.savez(tmp_path / "a.npz", x=phases(), **arrays)
    with pytest.raises(DataError, match=said):
        beside(tmp_path / "a.npz")


def test_a_folder_names_the_images_beside_its_images(tmp_path: Path) -> None:
    x, source = phases() * 255, grey()
    path = folder(tmp_path / "a", x, source, "1.png,early/3.tif,5\n2.png,early/2.tif,6\n3.png,early/2.tif,7\n")
    whole = beside(path)
    assert [one.phases for one in whole] == [GREY] * 3
    assert np.array_equal(whole[0].pixels, source[2])
    assert np.array_equal(whole[2].pixels, source[1])
    assert list(Microstructures().read(path, ["source"]).columns["time"]) == [5, 6, 7]
    plain = Microstructures().read(path)
    assert list(plain.columns["source"]) == ["early/3.tif", "early/2.tif", "early/2.tif"]


def test_images_beside_others_may_lie_among_them(tmp_path: Path) -> None:
    x = phases(4) * 255
    for name, one in zip(("a", "b", "a_early", "b_early"), x, strict=True):
        Image.fromarray(one).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("file,source\na.png,a_early.png\nb.png,b_early.png\n")
    found = Microstructures().read(tmp_path, ["source"])
    assert len(found.items) == 2
    assert np.array_equal(beside(tmp_path)[1].pixels * 255, x[3])


def test_images_without_one_beside_them_are_left_out_and_named(tmp_path: Path) -> None:
    path = folder(
        tmp_path / "a", phases() * 255, phases() * 255, "1.png,early/1.tif,5\n2.png,,6\n3.png,early/9.tif,7\n"
    )
    found = Microstructures().read(path, ["source"])
    assert found.reading is not None
    said = {one.text: one.reason for one in found.reading.examples}
    assert said == {"2.png": "without source", "3.png": "source: there is no file early/9.tif in the folder"}
    assert len(found.items) == len(found.columns["source"]) == 1
    with pytest.raises(DataError, match=r"2.png: without source"):
        beside(path, on_error="stop")


def test_words_are_a_column_of_words(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", phases() * 255, phases(), "1.png,hot,5\n2.png,cold.png,6\n3.png,,7\n")
    assert list(Microstructures().read(path, ["source"]).columns["source"]) == ["hot", "cold.png", None]
    with pytest.raises(UnknownName, match=r"unknown column of .* 'kind'"):
        Microstructures().read(path, ["kind"])


def test_pairs_are_cut_alike(tmp_path: Path) -> None:
    x, source = phases(2, 16), phases(2, 16)
    x[1, :8, :8] = 1  # a part of one phase is left out, with what stands beside it
    np.savez(tmp_path / "a.npz", x=x, source=source)
    whole = beside(tmp_path / "a.npz", crop="8")
    found = Microstructures().reading(crop="8").read(tmp_path / "a.npz", ["source"])
    assert len(whole) == 7
    assert np.array_equal(found.items[4].pixels, x[1, :8, 8:])
    assert np.array_equal(whole[4].pixels, source[1, :8, 8:])
    np.savez(tmp_path / "b.npz", x=x, source=phases(2, 8))
    with pytest.raises(DataError, match="--read crop=8 cuts image 1 into 4, and its source into 1: expected images of"):
        beside(tmp_path / "b.npz", crop="8")


def alone(path: Path, kind: int, x: Any) -> Microstructure:
    if path.suffix == ".npy":
        np.save(path, x)
    else:
        Image.fromarray(x).save(path)
    return Microstructures().given(path, FieldsOf((8, 8), kind, 0.5, "um", True))


def test_an_image_alone_is_read_as_those_a_model_learned_from(tmp_path: Path) -> None:
    x = phases(1, many=3)[0]
    levels = np.array([0, 128, 255], np.uint8)
    for name, pixels in (("a.npy", x), ("b.png", x), ("c.png", levels[x]), ("d.png", x * 7)):
        found = alone(tmp_path / name, 3, pixels)
        assert np.array_equal(found.pixels, x), name
        assert (found.phases, found.pixel_size, found.unit, found.periodic) == (3, 0.5, "um", True)
    some = levels[np.where(x == 1, 0, x)]  # one of the phases is not there
    assert set(alone(tmp_path / "e.png", 3, some).pixels.ravel().tolist()) == {0, 2}
    shades = grey(1)[0]
    assert np.array_equal(alone(tmp_path / "f.png", GREY, shades).pixels, shades)
    save(Stack(x[None], 8, 3), tmp_path / "g.npz")
    assert np.array_equal(Microstructures().given(tmp_path / "g.npz", FieldsOf((8, 8), 3)).pixels, x)


@pytest.mark.parametrize(
    ("name", "kind", "x", "said"),
    [
        ("a.png", 3, phases(1)[0] * 7, "has pixels of the values 0, 7: expected 3 phases, numbered from 0 to 2 or as"),
        ("a.png", 2, grey(1)[0], "has pixels of many grey levels: expected 2 phases, .* as the grey levels 0, 255"),
        ("a.npy", GREY, grey(1)[0].astype(int) * 9, "has grey levels up to 2268: expected 0 to 255"),
        ("a.npy", 2, np.full((8, 8), 0.5), "has pixels that are no whole number"),
    ],
)
def test_an_image_that_cannot_be_one_of_them_is_named(tmp_path: Path, name: str, kind: int, x: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        alone(tmp_path / name, kind, x)


def test_files_that_hold_no_image_alone_are_refused(tmp_path: Path) -> None:
    kind = FieldsOf((8, 8), 2)
    np.savez(tmp_path / "a.npz", x=phases(3))
    (tmp_path / "b.png").write_bytes(b"no image")
    (tmp_path / "c.txt").write_text("text")
    for name, said in (("a.npz", "holds 3 images"), ("b.png", "not an image"), ("c.txt", "expected an image, a file")):
        with pytest.raises(DataError, match=said):
            Microstructures().given(tmp_path / name, kind)
