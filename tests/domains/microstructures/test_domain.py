"""The domain of microstructures: text, measures, comparison, pictures and fields of numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sciencegen.core.space import Reals
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import GREY, Microstructure
from sciencegen.domains.microstructures.metrics import nearest
from sciencegen.domains.microstructures.properties import CONTRAST, PROPERTIES, measured
from sciencegen.domains.microstructures.representations import FieldsOf
from sciencegen.errors import DataError


def spotted(seed: int, share: float = 0.4, shape: tuple[int, ...] = (16, 16), phases: int = 2) -> Microstructure:
    source = np.random.default_rng(seed)
    x = np.digitize(source.random(shape), np.linspace(share, 1, phases)[:-1]).astype(np.uint8)
    x.flat[:phases] = range(phases)
    return Microstructure(x, phases, periodic=True)


def stripes(share: float, side: int = 16) -> Microstructure:
    x = np.zeros((side, side), np.uint8)
    x[: round(share * side)] = 1
    return Microstructure(x, 2, 0.5, "um", True)


@pytest.mark.parametrize("item", [spotted(0), spotted(1, shape=(6, 8, 5), phases=4), stripes(0.25)])
def test_a_line_of_text_stands_for_an_image(item: Microstructure) -> None:
    again = Microstructures().parse(Microstructures().text(item))
    assert again is not None
    assert np.array_equal(again.pixels, item.pixels)
    kind = ("phases", "pixel_size", "unit", "periodic", "digest")
    assert [getattr(again, name) for name in kind] == [getattr(item, name) for name in kind]


@pytest.mark.parametrize("text", ["", "16x16 2 1.0 px periodic abc", "8x8 2 1.0 px cut", "x 2 1.0 px cut abc", "image"])
def test_other_text_stands_for_none(text: str) -> None:
    assert Microstructures().parse(text) is None


def test_properties_of_a_laminate_are_known() -> None:
    found = {name: values[0] for name, values in measured([stripes(0.25)], list(PROPERTIES)).items()}
    poor = 1 / CONTRAST
    along, across = 0.25 + 0.75 * poor, 1 / (0.25 + 0.75 / poor)
    assert found["volume_fraction"] == pytest.approx(0.25)
    assert found["conductivity"] == pytest.approx((along + across) / 2, rel=1e-5)
    assert found["chord"] == pytest.approx(4 * 0.5)
    assert found["surface"] == pytest.approx(2 / (16 * 0.5), rel=0.06)
    assert found["tortuosity"] == float("inf")
    assert np.isnan(found["brightness"])


def test_images_of_all_kinds_are_measured_together() -> None:
    items = [spotted(0), Microstructure(np.full((8, 8), 9, np.uint8), GREY), spotted(2, shape=(8, 8)), spotted(3)]
    together = measured(items, ["volume_fraction", "brightness"])
    assert together["brightness"][1] == 9
    assert np.isnan(together["volume_fraction"][1])
    for row in (0, 2, 3):
        assert together["volume_fraction"][row] == pytest.approx(items[row].pixels.mean())


def test_equal_sets_are_nothing_apart_and_others_are() -> None:
    some, others = [spotted(i) for i in range(20)], [spotted(i, 0.7) for i in range(20, 40)]
    same, apart = Microstructures().compare(some, some), Microstructures().compare(some, others)
    assert same["S2, mean difference"] == 0
    assert same["S2, ratio of variances"] == pytest.approx(1)
    assert same["pixels unlike the nearest"] == 0
    assert apart["S2, mean difference"] > 5 * apart["S2, mean difference (halves of the data)"]
    assert apart["volume_fraction (Wasserstein / std)"] > 1


def test_the_nearest_image_is_found_by_its_pixels() -> None:
    one = spotted(0)
    close = Microstructure(one.pixels.copy(), periodic=True)
    close.pixels[3, 3] ^= 1
    assert nearest([one], [spotted(1), close, spotted(2)]).tolist() == pytest.approx([1 / 256])


@pytest.mark.parametrize("item", [spotted(0), spotted(1, shape=(8, 8, 8)), spotted(2, phases=3)])
def test_fields_of_numbers_stand_for_images(item: Microstructure) -> None:
    made = FieldsOf.fit([item])
    x = made.encode([item])
    assert isinstance(made.space, Reals)
    assert x.shape[1:] == made.space.shape
    again = FieldsOf(**{k: tuple(v) if isinstance(v, list) else v for k, v in made.state().items()}).decode(x)[0]
    assert again is not None
    assert np.array_equal(again.pixels, item.pixels)
    assert again.periodic


def test_grey_levels_come_back_and_larger_fields_are_larger_images() -> None:
    item = Microstructure(np.arange(256, dtype=np.uint8).reshape(16, 16), GREY)
    made = FieldsOf.fit([item])
    again = made.decode(made.encode([item]))[0]
    assert again is not None
    assert np.array_equal(again.pixels, item.pixels)
    larger = made.decode(torch.rand(1, 1, 32, 48))[0]
    assert larger is not None
    assert larger.shape == (32, 48)


def test_one_phase_alone_is_no_item_and_other_sizes_are_outside() -> None:
    made = FieldsOf.fit([spotted(0)])
    assert made.decode(torch.ones(1, 1, 16, 16)) == [None]
    assert FieldsOf.outside([spotted(0), spotted(1, shape=(8, 8))]).keys() == {1}
    with pytest.raises(DataError, match=r"image 1 has 8x8 pixels and 2 phases, expected 16x16 and 2"):
        made.encode([spotted(1, shape=(8, 8))])


def test_sheets_show_every_image_with_its_caption(tmp_path: Path) -> None:
    items = [spotted(0), spotted(1, shape=(8, 8, 8)), spotted(2, phases=3), spotted(3, shape=(300, 200))]
    Microstructures().captioned(items, ["one", "two\nlines", "three", "four"], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        shown = np.asarray(sheet)
    assert min(shown.shape) > 2 * 128
    assert set(np.unique(shown)) >= {30, 40, 255}
