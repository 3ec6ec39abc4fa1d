"""Reading, naming, comparing, drawing and writing arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sciencegen.compare.two_sample import distances
from sciencegen.core.domain import Domain, Items, Property
from sciencegen.core.files import atomic
from sciencegen.data.archive import read_archive, read_array
from sciencegen.data.table import cells, columns_of_numbers, read_table, require_columns, some_rows
from sciencegen.domains.arrays.properties import PROPERTIES, Array
from sciencegen.errors import DataError

__all__ = ["Arrays"]

FORMATS = (".npy", ".npz", ".txt", ".amat", ".csv", ".tsv", ".parquet", ".jsonl")


class Arrays(Domain[Array]):
    """Arrays of small integers.

    Files: .npy [n, ...]; .npz with the arrays under `x` and columns beside them; .csv, .tsv, .parquet, .jsonl with a
    row for each array; .txt and .amat with numbers between blanks.
    """

    name = "arrays"
    distinct = False
    properties: Mapping[str, Property[Array]] = PROPERTIES

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[Array]:
        kind = path.suffix.lower()
        if not path.exists():
            raise DataError(f"{path}: there is no such file")
        if kind not in FORMATS:
            raise DataError(f"{path}: expected a file ending in {', '.join(FORMATS)}")
        if path.is_dir():
            raise DataError(f"{path}: expected a file, this is a folder")
        if kind in (".csv", ".tsv", ".parquet", ".jsonl"):
            return _from_table(path, tuple(beside))
        if kind == ".npz":
            return _from_archive(path)
        return Items(list(_whole_numbers(path, read_array(path) if kind == ".npy" else _load_text(path))))

    def write(self, items: Iterable[Array], path: Path) -> None:
        x = np.stack(list(items))
        with atomic(path) as temporary, temporary.open("wb") as file:
            if path.suffix == ".npz":
                np.savez_compressed(file, x=x)
            else:
                np.save(file, x)

    def parse(self, text: str) -> Array | None:
        shape, _, entries = text.strip().partition(":")
        try:
            sizes = [int(n) for n in shape.split("x")]
            numbers = [int(n) for n in (entries if len(entries) == prod(sizes) else entries.split(","))]
        except ValueError:
            return None
        if min(sizes) < 1 or len(numbers) != prod(sizes) or min(numbers) < 0 or max(numbers) > 65535:
            return None
        return np.array(numbers).reshape(sizes).astype(np.uint8 if max(numbers) < 256 else np.int32)

    def text(self, item: Array) -> str:
        numbers = [str(n) for n in item.ravel().tolist()]
        return "x".join(map(str, item.shape)) + ":" + ("" if all(len(n) == 1 for n in numbers) else ",").join(numbers)

    def row(self, item: Array) -> Mapping[str, float | str]:
        return {f"x{i}": n for i, n in enumerate(item.ravel().tolist())}

    def compare(self, ours: Sequence[Array], theirs: Sequence[Array]) -> dict[str, float]:
        a, b = (torch.from_numpy(np.stack(side).reshape(len(side), -1).astype(np.float64)) for side in (ours, theirs))
        return distances(a, b)

    def draw(self, items: Sequence[Array], path: Path) -> None:
        from PIL import Image

        top = max(int(item.max()) for item in items) or 1
        tiles = [np.pad(255 - _flat(item) * 255 // top, 1, constant_values=200).astype(np.uint8) for item in items]
        across = max(1, round(len(tiles) ** 0.5))
        blank = np.full_like(tiles[0], 255)
        tiles += [blank] * (-len(tiles) % across)
        sheet = np.vstack([np.hstack(tiles[i : i + across]) for i in range(0, len(tiles), across)])
        times = max(1, 640 // max(sheet.shape))
        with atomic(path) as temporary:
            Image.fromarray(np.kron(sheet, np.ones((times, times), dtype=np.uint8))).save(temporary)


def _flat(item: Array) -> NDArray[np.int64]:
    """An array as a picture: its last axis across, all others down."""
    return item.reshape(-1, item.shape[-1]).astype(np.int64)


def _from_archive(path: Path) -> Items[Array]:
    arrays = read_archive(path)
    if "x" not in arrays:
        raise DataError(f"{path}: expected the arrays under the name x; it has {', '.join(arrays) or 'nothing'}")
    x = _whole_numbers(path, arrays.pop("x"))
    return Items(list(x), {name: a.tolist() for name, a in arrays.items() if a.shape == x.shape[:1]})


def _load_text(path: Path) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an empty file is refused below, in our own words
            return np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected rows of numbers: {_first_line(error)}") from error


def _from_table(path: Path, beside: tuple[str, ...]) -> Items[Array]:
    table = read_table(path)
    require_columns(path, table, beside)
    entries = table.drop(columns=list(beside))
    known = set(columns_of_numbers(path, entries)) | set(entries.select_dtypes("bool").columns)
    text = [name for name in entries.columns if name not in known]
    if text:
        raise DataError(f"{path}: column {text[0]} holds text; remove it, or ask for it as a category: --ask {text[0]}")
    for name in entries.columns:
        rows = np.flatnonzero(entries[name].isna().to_numpy())
        if len(rows):
            raise DataError(f"{path}: column {name} has no entry in row {some_rows(rows)}; fill it or remove the row")
    x = entries.to_numpy(dtype=np.float64)
    return Items(list(_whole_numbers(path, x)), {name: cells(table, name) for name in beside})


def _whole_numbers(path: Path, x: NDArray[Any]) -> Array:
    """The arrays as small integers, or an error that names the rows."""
    if x.ndim < 2 or not x.size:
        shape = "x".join(map(str, x.shape)) or "none"
        raise DataError(f"{path}: expected an array of entries for each of several items; the shape is {shape}")
    if x.dtype.kind not in "biuf":
        raise DataError(f"{path}: expected whole numbers, found entries of type {x.dtype}")
    flat = x.reshape(len(x), -1)
    odd = (flat < 0) | (flat > 65535)
    if x.dtype.kind == "f":
        _refuse_missing(path, flat)
        odd |= flat != np.floor(flat)
    if odd.any():
        rows = some_rows(np.flatnonzero(odd.any(1)))
        raise DataError(f"{path}: expected whole numbers from 0 to 65535; row {rows} has others")
    return x.astype(np.uint8 if x.max() < 256 else np.int32)


def _refuse_missing(path: Path, flat: NDArray[Any]) -> None:
    missing = np.argwhere(~np.isfinite(flat))
    if len(missing):
        row, column = missing[0] + 1
        rows = some_rows(np.unique(missing[:, 0]))
        first = f"(first: row {row}, column {column})"
        raise DataError(f"{path}: entries are missing in row {rows} {first}; remove or fill these rows")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
