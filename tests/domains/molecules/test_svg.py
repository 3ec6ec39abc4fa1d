"""Pictures of one molecule, or of a pattern, for pages."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from html import escape

import pytest

from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.draw import pattern_svg, svg
from sciencegen.errors import RequestError

MOLECULES = ["CC(C)Cc1ccc(cc1)C(C)C(=O)O", "C[C@H](N)C(=O)O", "[Na+].[Cl-]", "F/C=C/Cl", "C", "[Fe+2]", "[2H]O"]
PATTERNS = ["[#6]", "c1ccncc1", "[C;!R]=[O,S]", "[$(CC)]~*", "C.C", "[!#6&!#1]-[#7;H1,H2]", "c", "F/C=C/F", "[*:1]N"]


@pytest.mark.parametrize("drawn", [*map(svg, MOLECULES), *map(pattern_svg, PATTERNS)])
def test_a_picture_is_one_element(drawn: str) -> None:
    assert drawn.startswith("<svg ")
    assert drawn.endswith("</svg>")
    root = ElementTree.fromstring(drawn)
    assert root.attrib["viewBox"] == "0 0 220 160"
    assert [one.attrib["id"] for one in root.iter() if "id" in one.attrib] == []  # many stand in one page
    assert not [one for one in root.iter() if one.tag.endswith(("style", "script"))]
    assert len(root) > 1  # more than the ground


@pytest.mark.parametrize("molecule", MOLECULES)
def test_a_picture_says_what_it_shows(molecule: str) -> None:
    root = ElementTree.fromstring(svg(molecule))
    assert (root.attrib["role"], root.attrib["aria-label"]) == ("img", molecule)
    assert ElementTree.fromstring(pattern_svg("[!#6&!#1]")).attrib["aria-label"] == "[!#6&!#1]"
    assert escape("[!#6&!#1]") in pattern_svg("[!#6&!#1]")


def test_a_picture_is_the_molecules_own() -> None:
    assert len({Molecules().svg(molecule) for molecule in MOLECULES}) == len(MOLECULES)
    assert svg(MOLECULES[0]) == svg(MOLECULES[0])


@pytest.mark.parametrize("smarts", ["c1cc", "", "[Xx", "C C"])
def test_what_is_no_pattern_is_refused(smarts: str) -> None:
    with pytest.raises(RequestError, match="is not a SMARTS"):
        pattern_svg(smarts)
