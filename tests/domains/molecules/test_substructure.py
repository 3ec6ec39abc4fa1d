"""Substructures asked for, or forbidden."""

from __future__ import annotations

import pytest

from sciencegen.domains.molecules.substructure import contains, pattern, without
from sciencegen.errors import RequestError

BENZENE, PYRIDINE, ETHANOL, ASPIRIN = "c1ccccc1", "c1ccncc1", "CCO", "CC(=O)Oc1ccccc1C(=O)O"


@pytest.mark.parametrize(
    ("smarts", "found"),
    [
        ("c1ccccc1", {BENZENE, ASPIRIN}),
        ("c1ccncc1", {PYRIDINE}),
        ("[#6]", {BENZENE, PYRIDINE, ETHANOL, ASPIRIN}),
        ("[OX2H]", {ETHANOL, ASPIRIN}),
        ("C(=O)[OX2H1]", {ASPIRIN}),
        ("[F,Cl]", set()),
        ("[$([nX2])]", {PYRIDINE}),
    ],
)
def test_a_molecule_has_a_substructure_or_lacks_it(smarts: str, found: set[str]) -> None:
    for molecule in (BENZENE, PYRIDINE, ETHANOL, ASPIRIN):
        assert contains(smarts)(molecule) == (molecule in found)
        assert without(smarts)(molecule) != contains(smarts)(molecule)


@pytest.mark.parametrize(
    ("smarts", "said"),
    [
        ("C1CC", "unclosed ring; ring numbers come in pairs"),
        ("C(C", "around character 2; every ( needs a )"),
        ("[C", "around character 2; every [ needs a ]"),
        ("xyz", "syntax error around character 1"),
        ("c1ccccc1>>C", "a reaction is no substructure"),
        ("", "expected one word"),
        ("  ", "expected one word"),
        ("CC C", "expected one word"),
    ],
)
def test_a_bad_pattern_is_one_line_that_says_what_to_do(
    smarts: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for make in (pattern, contains, without):
        with pytest.raises(RequestError) as caught:
            make(smarts)
        assert str(caught.value).startswith(f"{smarts!r} is not a SMARTS: ")
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
