"""Files that only chemists have: a SMILES and a name on each line, and structures with tags (SDF)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sciencegen.data.rows import Cell, Rows

__all__ = ["BLOCK", "from_sdf", "from_smi"]

BLOCK = "structure"
"""The column of structures, as SDF files hold them."""
_TAG = re.compile(r"^>.*<([^>]*)>")


def from_smi(text: str) -> Rows:
    """A SMILES, and perhaps a name and further columns, on each line; with or without a line of names."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    names: list[str] = []
    if lines and "smiles" in (head := lines[0][1].lstrip("#").strip()).split(maxsplit=1)[0].lower():
        names = [name.strip() for name in (head.split("\t") if "\t" in head else head.split())]
        lines = lines[1:]
    lines = [(number, line) for number, line in lines if not line.startswith("#")]
    parts = [line.split("\t") if "\t" in line else line.split(maxsplit=max(1, len(names) - 1)) for _, line in lines]
    width = max(map(len, parts), default=0)
    names += ["smiles", "name"][len(names) : width]
    names += [f"column{i}" for i in range(len(names) + 1, width + 1)]
    columns: dict[str, list[Cell]] = {}
    for i, name in enumerate(names[:width] if width else names):
        columns[name if name not in columns else f"column{i + 1}"] = [p[i] if i < len(p) else None for p in parts]
    return Rows(columns, [number for number, _ in lines])


def from_sdf(text: str) -> Rows:
    """Structures and their tags; a structure's first line is its name."""
    rows = Rows({BLOCK: []}, [])
    for line, record in _records(text):
        block, tags = _parted(record)
        rows.columns[BLOCK].append(block)
        for name, value in {"name": record[0].strip() or None, **tags}.items():
            if name == BLOCK:
                continue
            column = rows.columns.setdefault(name, [])
            column += [None] * (len(rows) - len(column))
            column.append(value)
        rows.lines.append(line)
    for column in rows.columns.values():
        column += [None] * (len(rows) - len(column))
    return rows


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of every structure, with the number of the first."""
    start = 1
    record: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("$$$$"):
            if any(record):
                yield start, record
            start, record = number + 1, []
        else:
            record.append(line.rstrip("\r"))
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
