"""Folders, stacks and volumes become microstructures, and what cannot is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import GREY, Microstructure
from sciencegen.domains.microstructures.stacks import write_stack
from sciencegen.errors import DataError, RequestError, UnknownName

SOURCE = np.random.default_rng(0)


def spots(side: int = 16, share: float = 0.4, top: int = 255) -> np.ndarray:
    x = (SOURCE.random((side, side)) < share) * top
    x[0, :2] = 0, top
    return x.astype(np.uint8)


def folder(path: Path, images: dict[str, np.ndarray]) -> Path:
    path.mkdir(exist_ok=True)
    for name, pixels in images.items():
        if name.endswith(".npy"):
            np.save(path / name, pixels)
        else:
            Image.fromarray(pixels).save(path / name)
    return path


def test_images_of_two_values_are_two_phases(tmp_path: Path) -> None:
    one, other = spots(), spots(top=1)
    found = Microstructures().read(folder(tmp_path / "a", {"b.tif": one, "a.png": one}))
    assert [item.phases for item in found.items] == [2, 2]
    assert np.array_equal(found.items[0].pixels, one // 255)
    found = Microstructures().read(folder(tmp_path / "b", {"x.npy": other.astype(bool), "y.npy": other}))
    assert np.array_equal(found.items[0].pixels, other)


def test_images_of_a_few_values_are_as_many_phases_in_all_of_them(tmp_path: Path) -> None:
    first, second = spots(), spots()
    second[3, 3] = 128
    found = Microstructures().read(folder(tmp_path / "a", {"1.png": first, "2.png": second}))
    assert [item.phases for item in found.items] == [3, 3]
    assert found.items[0].pixels.max() == 2
    assert found.items[1].pixels[3, 3] == 1


def test_many_values_are_grey_levels_and_are_parted_where_asked(tmp_path: Path) -> None:
    grey = np.where(spots() > 0, SOURCE.integers(150, 200, (16, 16)), SOURCE.integers(20, 60, (16, 16))).astype(
        np.uint8
    )
    path = folder(tmp_path / "a", {"1.png": grey})
    whole = Microstructures().read(path).items[0]
    assert whole.phases == GREY
    assert np.array_equal(whole.pixels, grey)
    parted = Microstructures().reading(phases="2").read(path).items[0]
    assert np.array_equal(parted.pixels, grey > 100)


def test_labels_stand_beside_their_images(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", {"1.png": spots(), "2.png": spots(), "3.png": spots()})
    (path / "labels.csv").write_text("file,strength,batch\n3.png,7.5,b\n1.png,2,a\n")
    found = Microstructures().read(path, ["strength"])
    assert [None if v != v else v for v in found.columns["strength"]] == [2, None, 7.5]
    assert list(found.columns["batch"]) == ["a", None, "b"]


def test_large_images_are_cut_and_small_ones_refused(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", {"1.png": spots(40), "2.png": spots(24)})
    with pytest.raises(DataError, match=r"1.png has 40x40 pixels, 2.png 24x24; cut them alike with --read crop=64"):
        Microstructures().read(path)
    found = Microstructures().reading(crop="16", stride="8").read(path)
    assert len(found.items) == 16 + 4
    assert {item.shape for item in found.items} == {(16, 16)}
    with pytest.raises(DataError, match=r"2.png has 24x24 pixels: --read crop=32 needs 32"):
        Microstructures().reading(crop="32").read(path)


def test_what_is_no_grey_image_is_left_out_and_named(tmp_path: Path) -> None:
    colour = np.stack([spots(), spots(), spots()], -1)
    clear = np.stack([spots()] * 3 + [np.full((16, 16), 100, np.uint8)], -1)
    path = folder(
        tmp_path / "a", {"1.png": spots(), "2.png": colour, "3.png": clear, "5.png": np.zeros((16, 16), np.uint8)}
    )
    (path / "4.png").write_bytes(b"\x89PNG\r\n")
    found = Microstructures().read(path)
    assert found.reading is not None
    said = {one.text: one.reason for one in found.reading.examples}
    assert len(found.items) == 1
    assert "in colour" in said["2.png"]
    assert "alpha channel" in said["3.png"]
    assert "damaged" in said["4.png"] or "cannot be read" in said["4.png"]
    assert said["5.png"] == "only one phase"
    with pytest.raises(DataError, match=r"2.png: is in colour"):
        Microstructures().reading(on_error="stop").read(path)


def test_equal_channels_and_full_alpha_are_grey(tmp_path: Path) -> None:
    one = spots()
    path = folder(tmp_path / "a", {"1.png": np.stack([one, one, one, np.full_like(one, 255)], -1)})
    assert np.array_equal(Microstructures().read(path).items[0].pixels, one // 255)


def test_grey_images_of_different_depth_are_refused(tmp_path: Path) -> None:
    deep = SOURCE.integers(0, 60_000, (16, 16)).astype(np.uint16)
    path = folder(tmp_path / "a", {"1.png": (deep // 256).astype(np.uint8), "2.npy": deep})
    with pytest.raises(DataError, match=r"1.png has 8 bits, 2.npy 16; convert them alike"):
        Microstructures().read(path)


def test_pages_are_a_volume_and_arrays_of_three_axes_must_be_told(tmp_path: Path) -> None:
    pages = [Image.fromarray(spots()) for _ in range(5)]
    pages[0].save(tmp_path / "v.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(DataError, match="stack=yes or stack=no"):
        Microstructures().read(tmp_path / "v.tif")
    assert Microstructures().reading(stack="no").read(tmp_path / "v.tif").items[0].shape == (5, 16, 16)
    assert len(Microstructures().reading(stack="yes").read(tmp_path / "v.tif").items) == 5


def test_stacks_are_read_as_they_were_written(tmp_path: Path) -> None:
    items = [Microstructure(spots(top=1), 2, 0.5, "um", True) for _ in range(3)]
    write_stack(items, tmp_path / "s.npz", {"time": [1.0, 2.0, 3.0]})
    found = Microstructures().read(tmp_path / "s.npz", ["time"])
    assert list(found.columns["time"]) == [1, 2, 3]
    for item, again in zip(items, found.items, strict=True):
        assert np.array_equal(item.pixels, again.pixels)
        assert (again.phases, again.pixel_size, again.unit, again.periodic) == (2, 0.5, "um", True)
    assert not Microstructures().reading(crop="8").read(tmp_path / "s.npz").items[0].periodic


@pytest.mark.parametrize(
    ("option", "value"), [("phases", "1"), ("crop", "-3"), ("pixel_size", "0"), ("periodic", "maybe"), ("colour", "no")]
)
def test_options_that_make_no_sense_are_refused(option: str, value: str) -> None:
    with pytest.raises((RequestError, UnknownName), match=option):
        Microstructures().reading(**{option: value})


def test_empty_folders_and_foreign_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images in this folder"):
        Microstructures().read(folder(tmp_path / "a", {}))
    path = folder(tmp_path / "b", {"1.png": spots()})
    (path / "labels.csv").write_text("name,x\n1.png,2\n")
    with pytest.raises(DataError, match="expected a column file"):
        Microstructures().read(path)
    (path / "labels.csv").write_text("file,x\n7.png,2\n")
    with pytest.raises(DataError, match=r"there is no file 7.png"):
        Microstructures().read(path)
