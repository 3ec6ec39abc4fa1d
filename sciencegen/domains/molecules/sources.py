"""Files that only chemists have: a SMILES and a name on each line, and structures with tags (SDF)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from sciencegen.data.records import Cell, Record, Records, aligned, opened

__all__ = ["BLOCK", "from_sdf", "from_smi"]

BLOCK = "structure"
"""The column of structures, as SDF files hold them."""
_TAG = re.compile(r"^>.*<([^>]*)>")


def from_smi(raw: bytes) -> Records:
    """A SMILES, and perhaps a name and further columns, on each line; with or without a line of names."""
    names, skipped = _smi_names(raw)
    rows = partial(_smi_rows, raw, skipped, max(1, len(names) - 1))
    width = max((len(cells) for _, cells in rows()), default=0)
    names += ["smiles", "name"][len(names) : width]
    names += [f"column{i}" for i in range(len(names) + 1, width + 1)]
    named: dict[str, None] = {}
    for i, name in enumerate(names[:width] if width else names):
        named[name if name not in named else f"column{i + 1}"] = None
    return Records(list(named), partial(_as_wide, rows, len(named)))


def _smi_names(raw: bytes) -> tuple[list[str], int]:
    """The names in the first line, where it has names, and how many lines come before the molecules."""
    with opened(raw) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                head = line.lstrip("# ").strip()
                if "smiles" not in head.partition(" ")[0].partition("\t")[0].lower():
                    break
                return [name.strip() for name in (head.split("\t") if "\t" in head else head.split())], number
    return [], 0


def _smi_rows(raw: bytes, skipped: int, splits: int) -> Iterator[tuple[int, list[Cell]]]:
    """The cells of every line that is neither blank nor a remark; what begins with a tab has no SMILES."""
    with opened(raw) as file:
        for number, line in islice(enumerate(file, 1), skipped, None):
            text = line.strip(" \n")
            if text.strip() and not text.startswith("#"):
                yield number, [*(text.split("\t") if "\t" in text else text.split(maxsplit=splits))]


def _as_wide(rows: Callable[[], Iterator[tuple[int, list[Cell]]]], width: int) -> Iterator[Record]:
    for line, cells in rows():
        yield Record(line, [*cells, *[None] * (width - len(cells))])


def from_sdf(raw: bytes) -> Records:
    """Structures and their tags; a structure's first line is its name, where its id does not say the same."""
    found = aligned(partial(_structures, raw))
    return found if BLOCK in found.names else Records([BLOCK], found.again)


def _structures(raw: bytes) -> Iterator[tuple[int, dict[str, Cell], str]]:
    for line, record in _records(raw):
        block, tags = _parted(record)
        title = record[0].strip()
        named = {} if title and title == tags.get("id") else {"name": title or None}
        yield line, {BLOCK: block, **{name: cell for name, cell in {**named, **tags}.items() if name != BLOCK}}, ""


def _records(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """The lines of every structure, with the number of the first."""
    start = 1
    record: list[str] = []
    with opened(raw) as file:
        for number, line in enumerate(file, 1):
            if line.startswith("$$$$"):
                if any(record):
                    yield start, record
                start, record = number + 1, []
            else:
                record.append(line.rstrip("\n"))
    if any(line.strip() for line in record):
        yield start, record


def _parted(record: list[str]) -> tuple[str, dict[str, Cell]]:
    """A structure and its tags."""
    tags: dict[str, list[str]] = {}
    block: list[str] = []
    name: str | None = None
    inside = True
    for line in record:
        tag = _TAG.match(line)
        if tag is not None and (not inside or name is None):
            inside, name = False, tag[1].strip()
            tags[name] = []
        elif inside:
            block.append(line)
            inside = not line.startswith("M  END")
        elif name is not None and line:
            tags[name].append(line)
        else:
            name = None
    return "\n".join(block) + "\n", {key: "\n".join(lines) or None for key, lines in tags.items() if key}
