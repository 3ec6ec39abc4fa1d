"""Arrays remembered between runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sciencegen.data.cache import cache_folder, forget, remembered, remembered_bytes

Arrays = dict[str, NDArray[Any]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCIENCEGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Made:
    """Makes arrays, and counts how often it was asked."""

    def __init__(self, **arrays: NDArray[Any]) -> None:
        self.arrays, self.times = arrays, 0

    def __call__(self) -> Arrays:
        self.times += 1
        return self.arrays


def same(a: Arrays, b: Arrays) -> bool:
    return a.keys() == b.keys() and all(
        a[name].dtype == b[name].dtype and a[name].shape == b[name].shape and (a[name] == b[name]).all() for name in a
    )


def test_arrays_are_made_once_for_a_key() -> None:
    make = Made(file=np.arange(6, dtype=np.int16).reshape(2, 3), x=np.array(2.5), none=np.zeros((0, 4), np.uint8))
    first = remembered({"name": "a", "length": 3}, make)
    assert same(remembered({"length": 3, "name": "a"}, make), first)
    assert make.times == 1
    remembered({"name": "a", "length": 4}, make)
    assert make.times == 2


@pytest.mark.parametrize("dtype", [object, "U"])
def test_text_comes_back_as_strings(dtype: Any) -> None:
    make = Made(smiles=np.array([["CCO", ""], ["c1ccccc1", "µ\n"]], dtype=dtype))
    first, again = remembered({}, make), remembered({}, make)
    assert same(first, again)
    assert again["smiles"].tolist() == [["CCO", ""], ["c1ccccc1", "µ\n"]]
    assert make.times == 1


@given(texts=st.lists(st.text(st.characters(codec=None))))
def test_any_text_survives(texts: list[str]) -> None:
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    forget()
    for _ in range(2):
        assert remembered({}, lambda: {"texts": array})["texts"].tolist() == texts


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="mixed holds Python objects that are not text"):
        remembered({}, Made(mixed=np.array(["a", 1], dtype=object)))


def test_a_damaged_file_is_made_again(folder: Path) -> None:
    make = Made(x=np.arange(3, dtype=np.uint8), smiles=np.array(["CCO", "N"]))
    right = remembered({}, make)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole[: len(whole) // 2], b"\0" * len(whole)):
        path.write_bytes(damaged)
        before = make.times
        assert same(remembered({}, make), right)
        assert make.times == before + 1
        assert path.read_bytes() == whole


def test_no_flipped_bit_changes_an_array(folder: Path) -> None:
    make = Made(x=np.arange(3, dtype=np.uint8), smiles=np.array(["CCO", "N"]))
    right = remembered({}, make)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        assert same(remembered({}, make), right), place


def test_a_folder_that_cannot_be_written_is_no_error(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    make = Made(x=np.arange(3))
    for _ in range(2):
        assert remembered({}, make)["x"].tolist() == [0, 1, 2]
    assert make.times == 2
    assert remembered_bytes() == forget() == 0


def test_many_at_once_get_the_same_while_others_forget() -> None:
    def ask(number: int) -> Arrays:
        if number % 10 == 9:
            forget()
        return remembered({"shared": number % 2}, lambda: {"x": np.full(50_000, number % 2)})

    with ThreadPoolExecutor(8) as pool:
        for number, got in enumerate(pool.map(ask, range(64))):
            assert (got["x"] == number % 2).all()


def test_what_is_forgotten_is_ours_alone(folder: Path) -> None:
    remembered({"a": 1}, Made(x=np.arange(1000)))
    remembered({"a": 2}, Made(x=np.arange(1000)))
    (folder / "notes.npz").write_text("not ours")
    (folder / f".{'a' * 64}.npz.writing-x.npz").write_text("left by a killed process")
    size = remembered_bytes()
    assert size > 16_000
    assert forget() == size
    assert [path.name for path in folder.iterdir()] == ["notes.npz"]


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [
        ("linux", {"SCIENCEGEN_CACHE": "~/here"}, "/home/ada/here"),
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/sciencegen"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/ada/.cache/sciencegen"),
        ("linux", {}, "/home/ada/.cache/sciencegen"),
        ("darwin", {}, "/home/ada/Library/Caches/sciencegen"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/sciencegen/cache"),
    ],
)
def test_the_folder_is_the_systems(
    monkeypatch: pytest.MonkeyPatch, system: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("SCIENCEGEN_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/home/ada"} | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", system)
    assert cache_folder().as_posix() == expected


def test_without_a_home_there_is_still_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    unchanged: Callable[[str], str] = lambda path: path  # noqa: E731
    monkeypatch.delenv("SCIENCEGEN_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", unchanged)
    assert cache_folder().is_absolute()
