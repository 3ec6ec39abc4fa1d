"""Reading, naming, comparing, drawing and writing points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sciencegen.compare.two_sample import distances
from sciencegen.core.domain import Domain, Items
from sciencegen.core.files import atomic
from sciencegen.core.target import Target
from sciencegen.data.table import cells, columns_of_numbers, read_table, require_columns
from sciencegen.domains.densities.properties import PROPERTIES, Point, measures_of, properties_of
from sciencegen.errors import DataError

if TYPE_CHECKING:
    import pandas

__all__ = ["Densities", "Point"]

_TOGETHER = 4096
"""So many energies are computed at a time."""


class Densities(Domain[Point]):
    """Rows of a table of numbers. Text columns are kept beside the points, and so are those asked for by name.

    With a `density`, points have its coordinates, and its energy and observables are their properties.
    """

    name = "densities"
    distinct = False

    def __init__(self, density: Target | None = None) -> None:
        self.density = density
        self.properties = PROPERTIES if density is None else properties_of(density)
        self.together = 1 if density is None else _TOGETHER
        self.portable = density is None  # an energy is a function

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[Point]:
        table = read_table(path)
        aside = tuple(name for name in beside if name not in self.properties)
        require_columns(path, table, aside)
        numeric = self._numeric(path, table, aside)
        columns = {name: cells(table, name) for name in table.columns if name not in numeric}
        if not numeric:
            raise DataError(f"{path}: expected columns of numbers, found {', '.join(table.columns)}")
        x = table[numeric].to_numpy(dtype=np.float64)
        bad = np.argwhere(~np.isfinite(x))
        if len(bad):
            row, column = bad[0]
            many = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            raise DataError(f"{path}: row {row + 1}, column {numeric[column]} is not a finite number{many}")
        names = tuple(numeric)
        return Items([Point(names, row) for row in x], columns)

    def _numeric(self, path: Path, table: pandas.DataFrame, aside: Sequence[str]) -> Sequence[str]:
        """The columns that points are made of."""
        if self.density is None:
            return columns_of_numbers(path, table.drop(columns=list(aside)))
        require_columns(path, table, self.density.names)
        return columns_of_numbers(path, table[list(self.density.names)])

    def measure(self, items: Sequence[Point], names: Sequence[str]) -> Mapping[str, Sequence[float | str | None]]:
        if self.density is None or not items:
            return super().measure(items, names)
        x = self.coordinates(items)
        with torch.no_grad():
            return {name: measures_of(self.density)[name](x).tolist() for name in names}

    def coordinates(self, items: Sequence[Point]) -> Tensor:
        return torch.from_numpy(np.stack([item.values for item in items]))

    def write(self, items: Iterable[Point], path: Path) -> None:
        import pandas

        with atomic(path) as temporary:
            pandas.DataFrame([self.row(item) for item in items]).to_csv(temporary, index=False)

    def parse(self, text: str) -> Point | None:
        try:
            values = np.array([float(number) for number in text.split(",")])
        except ValueError:
            return None
        named = self.density is not None and len(values) == len(self.density.names)
        names = self.density.names if self.density and named else tuple(f"x{i}" for i in range(len(values)))
        return Point(names, values) if np.isfinite(values).all() else None

    def text(self, item: Point) -> str:
        return ",".join(repr(number) for number in item.values.tolist())

    def row(self, item: Point) -> Mapping[str, float | str]:
        return dict(zip(item.names, item.values.tolist(), strict=True))

    def compare(self, ours: Sequence[Point], theirs: Sequence[Point]) -> dict[str, float]:
        a, b = (torch.from_numpy(np.stack([item.values for item in side])) for side in (ours, theirs))
        std = b.std(0, correction=0).clamp_min(1e-12)
        return distances(a / std, b / std)

    def draw(self, items: Sequence[Point], path: Path) -> None:
        from PIL import Image

        x = np.stack([item.values[:2] if len(item.values) > 1 else np.append(item.values, 0) for item in items])
        low, span = x.min(0), np.maximum(np.ptp(x, axis=0), 1e-12)
        unit = (x - low) / span
        counts, _, _ = np.histogram2d(unit[:, 0], unit[:, 1], bins=320, range=((0, 1), (0, 1)))
        dark = 255 * (1 - np.minimum(counts / max(np.quantile(counts[counts > 0], 0.95), 1), 1))
        with atomic(path) as temporary:
            Image.fromarray(dark.T[::-1].astype(np.uint8)).resize((640, 640)).save(temporary)
