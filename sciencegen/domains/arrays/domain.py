"""Reading, naming, comparing, drawing and writing arrays."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sciencegen.compare.two_sample import distances
from sciencegen.core.domain import Domain, Items, Property
from sciencegen.core.files import atomic
from sciencegen.data.table import read_table, require_columns
from sciencegen.domains.arrays.properties import PROPERTIES, Array
from sciencegen.errors import DataError

__all__ = ["Arrays"]


class Arrays(Domain[Array]):
    """Arrays of small integers.

    Files: .npy [n, ...]; .npz with the arrays under `x` and columns beside them; .csv, .tsv, .parquet, .jsonl with a
    row for each array; .txt and .amat with numbers between blanks.
    """

    name = "arrays"
    distinct = False
    properties: Mapping[str, Property[Array]] = PROPERTIES

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[Array]:
        if not path.exists():
            raise DataError(f"{path}: there is no such file")
        columns: dict[str, Sequence[float | str | None]] = {}
        if path.suffix == ".npy":
            x = _load(path)
        elif path.suffix == ".npz":
            x, columns = _load_named(path)
        elif path.suffix in (".txt", ".amat"):
            x = _load_text(path)
        else:
            table = read_table(path)
            require_columns(path, table, tuple(beside))
            columns = {name: table[name].tolist() for name in beside}
            x = table.drop(columns=list(beside)).to_numpy()
        return Items(list(_whole_numbers(path, x)), columns)

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
            numbers = [int(n) for n in (entries.split(",") if "," in entries else entries)]
            return np.array(numbers, dtype=np.int64).reshape(sizes).astype(np.uint8)
        except ValueError:
            return None

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


def _load(path: Path) -> NDArray[Any]:
    try:
        x = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path}: not a readable array file: {str(error).splitlines()[0]}") from error
    assert isinstance(x, np.ndarray)
    return x


def _load_named(path: Path) -> tuple[NDArray[Any], dict[str, Sequence[float | str | None]]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable array archive: {str(error).splitlines()[0]}") from error
    if "x" not in arrays:
        raise DataError(f"{path}: expected the arrays under the name x; it has {', '.join(arrays) or 'nothing'}")
    x = arrays.pop("x")
    columns = {name: a.tolist() for name, a in arrays.items() if a.ndim == 1 and len(a) == len(x)}
    return x, columns


def _load_text(path: Path) -> NDArray[Any]:
    try:
        return np.loadtxt(path, ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected rows of numbers: {str(error).splitlines()[0]}") from error


def _whole_numbers(path: Path, x: NDArray[Any]) -> Array:
    """The arrays as small integers, or an error that names the rows."""
    if x.ndim < 2 or not len(x) or not x[0].size:
        raise DataError(f"{path}: expected one array a row, got shape {'x'.join(map(str, x.shape))}")
    if x.dtype == object or (not np.issubdtype(x.dtype, np.number) and x.dtype != np.bool_):
        raise DataError(f"{path}: expected whole numbers; keep text columns beside the arrays with --ask")
    if np.issubdtype(x.dtype, np.floating):
        rows = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(1))
        if len(rows):
            raise DataError(f"{path}: entries missing in row {_some(rows)}; remove or fill these rows")
    flat = x.reshape(len(x), -1)
    rows = np.flatnonzero(((flat != np.floor(flat)) | (flat < 0) | (flat > 65535)).any(1))
    if len(rows):
        raise DataError(f"{path}: expected whole numbers from 0 to 65535; row {_some(rows)} has others")
    return x.astype(np.uint8 if x.max() < 256 else np.int32)


def _some(rows: NDArray[np.integer[Any]]) -> str:
    named = ", ".join(str(row + 1) for row in rows[:5])
    return named + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
