"""Microstructures written with what is known of them: archives, and folders of pictures that are read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sciencegen.core.files import writing
from sciencegen.domains.microstructures.draw import draw_sheet, picture
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.reading import FILE, LABELS
from sciencegen.domains.microstructures.stacks import write_stack
from sciencegen.errors import RequestError

__all__ = ["archive", "folder"]

Rows = Sequence[tuple[Microstructure, Mapping[str, Any]]]


def archive(rows: Rows, path: Path) -> None:
    """One .npz with the images, and a column for all that is known of them."""
    if not rows:
        raise RequestError(f"{path}: there are no images to write")
    write_stack([item for item, _ in rows], path, _columns(rows))


def folder(rows: Rows, path: Path) -> None:
    """A folder with a picture of each, `labels.csv`, all of them in one archive, and a sheet of them."""
    import pandas

    if not rows:
        raise RequestError(f"{path}: there are no images to write")
    names = [
        f"{number:0{len(str(len(rows)))}}{'.png' if len(item.shape) == 2 else '.tif'}"
        for number, (item, _) in enumerate(rows, 1)
    ]
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as whole:
            inside = Path(whole) / path.name  # nobody sees half of it
            inside.mkdir()
            for name, (item, _) in zip(names, rows, strict=True):
                picture(item, inside / name)
            pandas.DataFrame({FILE: names, **_columns(rows)}).to_csv(inside / LABELS, index=False)
            archive(rows, inside / "images.npz")
            draw_sheet([item for item, _ in rows], inside / "sheet" / "sheet.png")
            inside.rename(path)


def _columns(rows: Rows) -> dict[str, list[Any]]:
    """The cells of all rows by the names of their columns; what is missing is no number."""
    known = {name for _, cells in rows for name, cell in cells.items() if isinstance(cell, (int, float))}
    names = dict.fromkeys(name for _, cells in rows for name in cells)
    return {name: [_cell(cells.get(name, ""), name in known) for _, cells in rows] for name in names}


def _cell(value: Any, number: bool) -> Any:
    return float("nan") if number and value == "" else value
