"""Pictures of molecules."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from PIL import Image

from sciencegen.domains.molecules.draw import MOST, draw_grid
from sciencegen.errors import RequestError

MOLECULES = ["CC(C)Cc1ccc(cc1)C(C)C(=O)O", "C[C@H](N)C(=O)O", "[Na+].[Cl-]", "F/C=C/Cl", "C"]


def sides(path: Path) -> tuple[int, int]:
    if path.suffix == ".png":
        with Image.open(path) as image:
            return image.size
    _, _, width, height = ElementTree.parse(path).getroot().attrib["viewBox"].split()
    return int(float(width)), int(float(height))


@pytest.mark.parametrize("suffix", ["png", "svg", "PNG"])
def test_a_picture_is_an_image_of_its_kind(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"grid.{suffix}"
    draw_grid(MOLECULES, path, ["logp 2.5 (asked <3 & >2)\nqed 0.8"] * len(MOLECULES))
    start = path.read_bytes()[:60]
    assert start.startswith(b"\x89PNG") if suffix.lower() == "png" else b"<?xml" in start
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_svg_is_xml_that_names_svg(tmp_path: Path) -> None:
    draw_grid(MOLECULES, tmp_path / "a.svg", ["<&>\"'"] * len(MOLECULES))
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(("n", "across", "down"), [(1, 1, 1), (3, 3, 1), (5, 3, 2), (16, 4, 4), (100, 8, 13)])
def test_molecules_stand_in_several_columns(tmp_path: Path, n: int, across: int, down: int) -> None:
    draw_grid(["C"], tmp_path / "one.svg")
    draw_grid(["C"] * n, tmp_path / "many.svg")
    width, height = sides(tmp_path / "one.svg")
    assert sides(tmp_path / "many.svg") == (across * width, down * height)


def test_captions_have_room_below(tmp_path: Path) -> None:
    draw_grid(["C"], tmp_path / "bare.png")
    draw_grid(["C"], tmp_path / "one.png", ["logp 1"])
    draw_grid(["C"], tmp_path / "three.png", ["logp 1\nqed 2\nmw 3"])
    heights = [sides(tmp_path / f"{name}.png")[1] for name in ("bare", "one", "three")]
    assert heights[1] - heights[0] == (heights[2] - heights[1]) / 2 > 0


def test_no_more_are_drawn_than_anyone_looks_at(tmp_path: Path) -> None:
    draw_grid(["C"] * MOST, tmp_path / "most.svg")
    draw_grid(["C"] * (3 * MOST), tmp_path / "more.svg")
    assert sides(tmp_path / "most.svg") == sides(tmp_path / "more.svg")


def test_a_caption_changes_the_picture_of_its_own_molecule_alone(tmp_path: Path) -> None:
    draw_grid(["C", "N"], tmp_path / "a.png", ["x", "y"])
    draw_grid(["C", "N"], tmp_path / "b.png", ["x", "z"])
    with Image.open(tmp_path / "a.png") as a, Image.open(tmp_path / "b.png") as b:
        half = a.size[0] // 2
        assert a.crop((0, 0, half, a.size[1])).tobytes() == b.crop((0, 0, half, a.size[1])).tobytes()
        assert a.tobytes() != b.tobytes()


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.jpeg"])
def test_another_kind_of_picture_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RequestError, match=r"ending in \.png or \.svg"):
        draw_grid(MOLECULES, tmp_path / name)


def test_no_molecules_are_no_picture(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="there are no molecules to draw"):
        draw_grid([], tmp_path / "a.png")
