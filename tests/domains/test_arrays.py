"""Arrays: what can be read, and one clear line for what cannot."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sciencegen.core.space import Bits, Levels
from sciencegen.domains.arrays import Arrays, Grid
from sciencegen.errors import DataError, UnknownName

BITS = np.array([[[0, 1], [1, 1]], [[0, 0], [1, 0]], [[1, 1], [1, 1]]], dtype=np.uint8)


def saved(path: Path, **arrays: Any) -> Path:
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, np.bool_])
def test_whole_numbers_of_any_kind_are_read(tmp_path: Path, dtype: type) -> None:
    np.save(tmp_path / "a.npy", BITS.astype(dtype))
    items = Arrays().read(tmp_path / "a.npy").items
    assert np.array_equal(np.stack(items), BITS)
    assert items[0].dtype == np.uint8


def test_what_is_written_is_read(tmp_path: Path) -> None:
    for name in ("a.npy", "a.npz"):
        Arrays().write(BITS, tmp_path / name)
        assert np.array_equal(np.stack(Arrays().read(tmp_path / name).items), BITS)


def test_columns_lie_beside_the_arrays(tmp_path: Path) -> None:
    kinds = {"text": np.array(["a", "b", "c"]), "bytes": np.array([b"a", b"b", b"c"])}
    path = saved(tmp_path / "a.npz", x=BITS, heat=np.arange(3.0), other=np.arange(4.0), **kinds)
    columns = Arrays().read(path).columns
    assert columns == {"heat": [0, 1, 2], "text": ["a", "b", "c"], "bytes": ["a", "b", "c"]}


def test_a_table_has_an_array_in_each_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,kind\n0,1,x\n2,3,\n")
    items = Arrays().read(tmp_path / "a.csv", ["kind"])
    assert np.array_equal(np.stack(items.items), [[0, 1], [2, 3]])
    assert items.columns == {"kind": ["x", None]}
    (tmp_path / "a.txt").write_text("0 1\n2 3\n")
    assert np.array_equal(np.stack(Arrays().read(tmp_path / "a.txt").items), [[0, 1], [2, 3]])


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.array([[0, 1], [np.nan, 1], [1, np.inf]]), "entries are missing in row 2, 3 (first: row 2, column 1)"),
        (np.array([[0, 0.5], [1, 1]]), "expected whole numbers from 0 to 65535; row 1 has others"),
        (np.array([[0, 1], [-1, 1]]), "row 2 has others"),
        (np.array([[0, 1], [2**62, 1]]), "row 2 has others"),
        (np.array([[0, 2**64 - 1]], dtype=np.uint64), "row 1 has others"),
        (np.array([[0, 1]], dtype=complex), "found entries of type complex128"),
        (np.array([["a", "b"]]), "found entries of type <U1"),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), "found entries of type datetime64[D]"),
        (np.array([0, 1]), "the shape is 2"),
        (np.array(1), "the shape is none"),
        (np.zeros((0, 4)), "the shape is 0x4"),
        (np.zeros((4, 0)), "the shape is 4x0"),
    ],
)
def test_entries_that_are_no_whole_numbers_name_their_row(tmp_path: Path, x: Any, said: str) -> None:
    np.save(tmp_path / "a.npy", x)
    for path in (tmp_path / "a.npy", saved(tmp_path / "a.npz", x=x)):
        with pytest.raises(DataError) as caught:
            Arrays().read(path)
        assert said in str(caught.value)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "a,b\n0,1\n1,\n", "column b has no entry in row 2"),
        ("a.csv", "a,b\n0,1\n1,x\n", "column b has numbers, but 'x' in row 2"),
        ("a.csv", "a,kind\n0,x\n1,y\n", "column kind holds text; remove it, or ask for it"),
        ("a.csv", "a,b\n0,1\n1,0.5\n", "row 2 has others"),
        ("a.txt", "", "the shape is"),
        ("a.txt", "0 1\n1\n", "expected rows of numbers"),
        ("a.txt", "0 x\n", "expected rows of numbers"),
        ("a.jpg", "", "expected a file ending in .npy, .npz"),
        ("a.npy", "", "not a readable array file"),
        ("a.npz", "", "not a readable array archive"),
        ("a.npy", "not numpy", "not a readable array file"),
        ("a.npz", "not numpy", "not a readable array archive"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError) as caught:
        Arrays().read(tmp_path / name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".txt", ".csv"])
def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"folder{suffix}").mkdir()
    for name, said in (("nowhere", "there is no such file"), ("folder", "this is a folder")):
        with pytest.raises(DataError, match=said):
            Arrays().read(tmp_path / f"{name}{suffix}")


def test_an_archive_of_other_things_is_one_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("notes.txt", "hello")
    np.save(tmp_path / "one.npy", BITS)
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    saved(tmp_path / "many.npy", x=BITS)
    pickled = saved(tmp_path / "pickled.npz", x=np.array([{"a": 1}], dtype=object))
    unnamed = saved(tmp_path / "unnamed.npz", y=BITS)
    for path, said in (
        (tmp_path / "a.npz", "not an archive of arrays"),
        (tmp_path / "one.npz", "not an archive of arrays"),
        (tmp_path / "many.npy", "name it .npz"),
        (pickled, "not a readable array archive"),
        (unnamed, "expected the arrays under the name x; it has y"),
    ):
        with pytest.raises(DataError, match=said):
            Arrays().read(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.filterwarnings("ignore")  # numpy warns of headers of another age
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    whole, source = io.BytesIO(), random.Random(0)
    (np.save(whole, BITS) if suffix == ".npy" else np.savez_compressed(whole, x=BITS))  # type: ignore[func-returns-value]
    path, refused = tmp_path / f"a{suffix}", 0
    for _ in range(300):
        damaged = bytearray(whole.getvalue())
        for _ in range(source.randint(1, 3)):
            damaged[source.randrange(len(damaged))] = source.randrange(256)
        path.write_bytes(damaged[: source.choice([len(damaged), source.randrange(len(damaged))])])
        refused += refuses(path)
    assert refused > 100


def refuses(path: Path) -> bool:
    try:
        Arrays().read(path)
    except DataError:
        return True
    return False


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,kind\n0,1,x\n")
    with pytest.raises(UnknownName, match="did you mean 'kind'"):
        Arrays().read(tmp_path / "a.csv", ["kid"])


def test_text_stands_for_an_array() -> None:
    for item in (*BITS, np.array([[300, 7]]), np.array([12]), np.array([7])):
        again = Arrays().parse(Arrays().text(item))
        assert again is not None
        assert np.array_equal(again, item)
    for text in ("", "2x2:01", "2x2:0a11", "x:1", "2x2", "-1:01", "0:", "1x2:1,-2", "1x2:1,70000"):
        assert Arrays().parse(text) is None


def test_two_levels_are_bits_and_more_are_levels() -> None:
    assert Grid.fit(list(BITS)).space == Bits((2, 2))
    assert Grid.fit([BITS[0] * 0]).space == Bits((2, 2))
    assert Grid.fit([BITS[0] * 7]).space == Levels((2, 2), 8)


def test_decoding_what_was_encoded_gives_the_items() -> None:
    for items in (list(BITS), [BITS[0] * 200], [BITS[0].astype(np.int32) * 3000]):
        grid = Grid.fit(items)
        x = grid.encode(items)
        assert grid.space.contains(x).all()
        again = grid.decode(x)
        assert all(a is not None and np.array_equal(a, b) for a, b in zip(again, items, strict=True))
        assert Grid(**{k: tuple(v) if isinstance(v, list) else v for k, v in grid.state().items()}) == grid


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([np.zeros((2, 2), int), np.zeros((2, 3), int)], "array 2 has shape 2x3, expected 2x2"),
        ([np.zeros((2, 2), int), np.full((2, 2), 2)], "array 2 has entries up to 2: expected 0 to 1"),
        ([np.zeros((2, 2), int), np.full((2, 2), -1)], "array 2 has entries that are not whole numbers"),
        ([np.full((2, 2), 0.5)], "array 1 has entries that are not whole numbers"),
        ([np.full((2, 2), np.nan)], "array 1 has entries that are not whole numbers"),
        ([np.array([["a", "b"], ["c", "d"]])], "entries of type <U1"),
        ([3], "array 1 has shape none"),
    ],
)
def test_items_that_do_not_fit_are_named(items: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Grid((2, 2), 2).encode(items)


def test_arrays_of_mixed_shapes_are_refused_at_once() -> None:
    with pytest.raises(DataError, match="array 2 has shape 3, expected 2"):
        Grid.fit([np.zeros(2, int), np.zeros(3, int)])


def test_what_can_be_measured_is_right() -> None:
    properties = Arrays().properties
    assert properties["filled"].measure(BITS[0]) == 0.75
    assert properties["changes"].measure(BITS[0]) == 0.5
    assert properties["changes"].measure(np.ones(1, int)) == 0.0


def test_the_same_arrays_are_no_distance_apart() -> None:
    same, other = (list(torch.randint(2, (200, 3, 3)).numpy()) for _ in range(2))
    far = Arrays().compare(same, [item * 0 for item in same])
    near = Arrays().compare(same, other)
    assert near["sliced_wasserstein"] < far["sliced_wasserstein"] / 3
    assert abs(near["energy_distance"]) < far["energy_distance"] / 3
