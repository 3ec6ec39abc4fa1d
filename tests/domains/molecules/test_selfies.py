"""Molecules as SELFIES."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import selfies
import torch

from sciencegen.domains.molecules.molecule import canonical
from sciencegen.domains.molecules.selfies import Selfies, selfies_of
from sciencegen.domains.molecules.strings import tokens
from sciencegen.errors import DataError
from tests.domains.molecules.test_kekule import MOLECULES, molecules


@pytest.fixture
def fitted() -> Selfies:
    return Selfies.fit(MOLECULES)


@pytest.fixture
def elsewhere() -> Iterator[dict[str, int]]:
    """Valences that somebody else has set."""
    theirs = selfies.get_preset_constraints("octet_rule") | {"C": 3}
    selfies.set_semantic_constraints(theirs)
    yield theirs
    selfies.set_semantic_constraints()


@pytest.mark.parametrize("molecule", MOLECULES)
def test_molecules_come_back(fitted: Selfies, molecule: str) -> None:
    assert fitted.decode(fitted.encode([molecule])) == [molecule]


def test_the_valences_of_others_neither_matter_nor_change(elsewhere: dict[str, int]) -> None:
    fitted = Selfies.fit(MOLECULES)
    assert fitted.decode(fitted.encode(MOLECULES)) == MOLECULES
    with pytest.raises(ValueError):
        selfies_of("*C")
    assert selfies.get_semantic_constraints() == elsewhere


def test_tokens_are_the_symbols_of_selfies(fitted: Selfies) -> None:
    for molecule in MOLECULES:
        spelled = selfies_of(molecule)
        assert tokens(spelled) == list(selfies.split_selfies(spelled))
        assert set(tokens(spelled)) <= set(fitted.vocabulary)


def test_what_cannot_be_written_is_counted_and_named() -> None:
    with pytest.raises(DataError, match=r"2 of 4 molecules cannot be written as SELFIES.*molecule 2, \*C: "):
        Selfies.fit(["CC", "*C", "CCC", "*CC"])
    with pytest.raises(DataError, match=r"1 of 2 molecules .* molecule 2, \*C"):
        Selfies.fit(["CC", "CCC"]).encode(["C", "*C"])


def test_nearly_every_string_is_a_molecule(fitted: Selfies) -> None:
    """Of tokens drawn blindly; RDKit asks more of some charged atoms than their valence."""
    x = torch.randint(1, len(fitted.vocabulary), (300, fitted.length))
    made = fitted.decode(x)
    assert sum(molecule is not None for molecule in made) > 270
    assert all(molecule is None or canonical(molecule) == molecule for molecule in made)


def test_an_empty_string_is_no_molecule(fitted: Selfies) -> None:
    assert fitted.decode(torch.zeros(1, fitted.length, dtype=torch.long)) == [None]


def test_the_state_is_plain(fitted: Selfies) -> None:
    state = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(json.dumps(fitted.state())).items()}
    assert Selfies(**state) == fitted


@pytest.mark.parametrize("name", ["zinc250k", "moses_test", "qm9"])
def test_data_sets_come_back(name: str) -> None:
    given = molecules(name, 300)
    fitted = Selfies.fit(given)
    assert fitted.decode(fitted.encode(given)) == given
