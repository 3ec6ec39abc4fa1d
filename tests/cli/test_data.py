"""`sciencegen data`."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sciencegen.data import cards
from sciencegen.data.cache import remembered
from sciencegen.data.cards import sets
from tests.cli.conftest import Command
from tests.data.published import MOLECULES, card_of
from tests.files import small_files


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENCEGEN_DATA", str(tmp_path / "store"))
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of a set that is not here yet."""
    folder = tmp_path / "cards"
    monkeypatch.setattr(cards, "_cards_folder", lambda: folder)
    sets.cache_clear()
    card_of(folder, "small", {"small": MOLECULES}, 'addresses = ["https://nowhere.invalid/small.txt"]')
    copy = tmp_path / "copy.smi.xz"
    copy.write_bytes(lzma.compress(MOLECULES))
    yield copy
    sets.cache_clear()


def test_the_sets_are_listed_with_their_licence_and_place(sciencegen: Command, tmp_path: Path) -> None:
    done = sciencegen("data", "list")
    assert (done.code, done.err) == (0, f"sets are kept in {tmp_path / 'store'}\n")
    rows = [line.split(None, 3) for line in done.out.splitlines()]
    assert ["moses", "1,936,962", "MIT", "not here: sciencegen data fetch moses"] in rows
    assert ["ising", "4,000", "Apache-2.0", str(Path(__file__).parents[2] / "datasets")] in rows
    assert [row[0] for row in rows[1:]] == list(sets())


def test_a_set_is_fetched_and_then_listed(sciencegen: Command, small: Path, tmp_path: Path) -> None:
    done = sciencegen("data", "fetch", "small", "--from", small)
    folder = tmp_path / "store" / "small"
    assert (done.code, done.out) == (0, f"{folder}\n")
    assert done.err == f"{folder / 'small.smi'}: 399 rows, checked\n"
    assert str(folder) in sciencegen("data", "list").out


def test_a_set_may_be_kept_elsewhere(sciencegen: Command, small: Path, tmp_path: Path) -> None:
    done = sciencegen("data", "fetch", "small", "--from", small, "--to", tmp_path / "there")
    assert done.out == f"{tmp_path / 'there' / 'small'}\n"
    assert f"set SCIENCEGEN_DATA={tmp_path / 'there'}" in done.err
    assert "not here: sciencegen data fetch small" in sciencegen("data", "list").out


def test_a_description_measures_what_is_here(sciencegen: Command, small: Path, tmp_path: Path) -> None:
    before = sciencegen("data", "describe", "small").out
    for said in ("licence  of tests", "use it   --data small", "small: 399 rows", "here     no", "nowhere.invalid"):
        assert said in before
    sciencegen("data", "fetch", "small", "--from", small)
    after = sciencegen("data", "describe", "small").out
    for said in ("(80.6 kB), as published", "399, 399 of them different", "2 to 400 characters, 201.0", "first    CO"):
        assert said in after
    file = tmp_path / "store" / "small" / "small.smi"
    file.write_bytes(MOLECULES.replace(b"CCCO", b"CCNO"))
    assert "CHANGED since it was fetched" in sciencegen("data", "describe", "small").out


@pytest.mark.parametrize("name", sets())
def test_every_set_can_be_described(sciencegen: Command, name: str) -> None:
    done = sciencegen("data", "describe", name)
    assert (done.code, done.err) == (0, "")
    assert f"--data {name}" in done.out


def test_what_is_remembered_can_be_forgotten(sciencegen: Command, tmp_path: Path) -> None:
    remembered({}, lambda: {"x": np.zeros(50_000)})
    assert f"0.4 MB remembered in {tmp_path / 'cache'}: sciencegen data forget" in sciencegen("data", "list").err
    assert sciencegen("data", "forget").err == f"0.4 MB forgotten in {tmp_path / 'cache'}\n"
    assert "data forget" not in sciencegen("data", "list").err


def test_an_unknown_set_is_one_line(sciencegen: Command) -> None:
    for command in ("fetch", "describe"):
        assert "unknown data set 'mose': did you mean 'moses'?" in sciencegen("data", command, "mose").refusal


def test_a_copy_that_is_not_there_is_one_line(sciencegen: Command, small: Path, tmp_path: Path) -> None:
    assert "expected small.smi" in sciencegen("data", "fetch", "small", "--from", tmp_path / "none").refusal


def test_a_full_disk_leaves_nothing(sciencegen: Command, small: Path, tmp_path: Path) -> None:
    with small_files():
        done = sciencegen("data", "fetch", "small", "--from", small)
    assert done.code == 1
    assert "cannot write" in done.complaint
    assert not list((tmp_path / "store" / "small").iterdir())


def test_the_commands_have_help(sciencegen: Command) -> None:
    for arguments in (["data"], ["data", "-h"]):
        done = sciencegen(*arguments)
        assert (done.code, done.err) == (0, "")
        for command in ("list", "fetch", "describe", "forget"):
            assert f"  {command} " in done.out
