"""The published sets a protocol holds molecules against, from a folder or from the data store."""

from __future__ import annotations

import csv
import gzip
import lzma
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sciencegen.core.files import sha256
from sciencegen.data.fetch import found, sets
from sciencegen.data.table import cells, read_table
from sciencegen.errors import DataError

__all__ = ["PublishedSet", "find", "smiles_of"]

_KINDS = (".csv", ".tsv", ".smi", ".smiles", ".txt")
_TABLES = (".jsonl", ".parquet")
_PACKINGS = (".gz", ".xz", "")


@dataclass(frozen=True)
class PublishedSet:
    """A set of SMILES as its file spells them."""

    path: Path
    smiles: Sequence[str]

    def record(self) -> dict[str, str | int]:
        """What a report says of the set."""
        return {"file": self.path.name, "sha256": sha256(self.path), "items": len(self.smiles)}


def find(protocol: str, part: str, folder: Path | None, prefixes: Sequence[str]) -> PublishedSet | None:
    """A part of the sets of a protocol, such as `test`, where it is there: in the data store, or in a folder.

    In a folder it is the file of that name, or with a prefix, as in moses_test.smi.xz.
    """
    if folder is None:
        stored = found(protocol, part) if protocol in sets() else None
        return None if stored is None else PublishedSet(stored, smiles_of(stored))
    if not folder.is_dir():
        raise DataError(f"--from {folder}: expected a folder with the {protocol} sets")
    for stem in (part, *(f"{prefix}_{part}" for prefix in prefixes)):
        for kind in _KINDS:
            for packing in _PACKINGS:
                path = folder / f"{stem}{kind}{packing}"
                if path.is_file():
                    return PublishedSet(path, smiles_of(path))
    return None


def smiles_of(path: Path) -> list[str]:
    """The SMILES of a file: the first word of each line, or a column of that name, packed or not."""
    suffix = path.suffix.lower()
    kind = Path(path.stem).suffix.lower() if suffix in _PACKINGS else suffix
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    if path.suffix.lower() in _TABLES:
        return _from_table(path)
    if kind not in _KINDS:
        kinds = ", ".join((*_KINDS, *_TABLES))
        raise DataError(f"{path}: expected SMILES in a file ending in {kinds}, perhaps packed as .gz or .xz")
    try:
        with _opened(path) as file:
            if kind in (".csv", ".tsv"):
                found = _column(path, file, "\t" if kind == ".tsv" else ",")
            else:
                words = [line.split(maxsplit=1) for line in file]
                found = [first for first, *_ in filter(None, words)]
                found = found[1:] if found[:1] and found[0].lower() == "smiles" else found
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, lzma.LZMAError) as error:
        raise DataError(f"{path}: cannot be read: {str(error).strip() or type(error).__name__}") from error
    if not found:
        raise DataError(f"{path}: holds no molecules")
    return found


def _opened(path: Path) -> TextIO:
    unpack: dict[str, Callable[..., TextIO]] = {".gz": gzip.open, ".xz": lzma.open}
    file: TextIO = unpack.get(path.suffix.lower(), open)(path, "rt", encoding="utf-8", newline="")
    return file


def _from_table(path: Path) -> list[str]:
    table = read_table(path)
    for name in table.columns:
        if name.lower() == "smiles":
            return [str(cell or "") for cell in cells(table, name)]
    raise DataError(f"{path}: expected a column named smiles, found {', '.join(table.columns)}")


def _column(path: Path, file: TextIO, separator: str) -> list[str]:
    rows = csv.reader(file, delimiter=separator)
    names = [name.strip().lower() for name in next(rows, [])]
    if "smiles" not in names:
        raise DataError(f"{path}: expected a column named smiles, found {', '.join(names) or 'nothing'}")
    place = names.index("smiles")
    return [row[place].strip() if len(row) > place else "" for row in rows]
