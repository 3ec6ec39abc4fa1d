"""What stands behind a slider: how values are spread, and where that is known from."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sciencegen.core.condition import Continuous
from sciencegen.core.domain import Domain
from sciencegen.data.columns import measured, rows_of
from sciencegen.errors import DataError
from sciencegen.model import Model

__all__ = ["Outline", "ends", "from_data", "from_draws", "normal"]

Columns = Mapping[str, Sequence[float | str | None]]

_BINS = 40
_SAMPLE = 2000
_DRAWS = 512
_AT_ONCE = 64
_RARE = 0.01


@dataclass(frozen=True)
class Outline:
    """The shares of values between the ends of a slider."""

    shares: list[float]
    source: str
    """Where the values are from, as a page says it."""
    low: float | None = None
    """Below this lies one value in a hundred, and as many above `high`; None where that is not known."""
    high: float | None = None
    whole: bool = False
    """Whether all values are whole numbers."""


def ends(field: Continuous) -> tuple[float, float]:
    """The ends of a slider: what was seen in training, or three spreads around the mean."""
    low = field.low if math.isfinite(field.low) else field.mean - 3 * field.std
    return low, field.high if math.isfinite(field.high) else field.mean + 3 * field.std


def normal(field: Continuous) -> Outline:
    """A normal curve of a field's mean and spread, where nothing better is known."""
    low, high = ends(field)
    middles = [low + (i + 0.5) * (high - low) / _BINS for i in range(_BINS)]
    heights = [math.exp(-(((x - field.mean) / field.std) ** 2) / 2) for x in middles]
    return Outline([h / sum(heights) for h in heights], "a normal curve of the training mean and spread")


def from_draws(model: Model[Any], turn: AbstractContextManager[Any], draws: int = _DRAWS) -> dict[str, Outline]:
    """The outlines of what a model draws when nothing is asked; others have their turn in between."""
    fields = _numbers(model)
    names = [name for name in fields if name in model.domain.properties]
    if not names:
        return {name: normal(field) for name, field in fields.items()}
    stream = model.candidates(draws, once=False, measure=names, workers=0)
    found = []
    while True:
        with turn:
            some = list(islice(stream, _AT_ONCE))
        if not some:
            break
        found += some
    columns = {name: [candidate.properties.get(name) for candidate in found] for name in names}
    return _outlines(fields, columns, "what the model draws")


def from_data(model: Model[Any], path: Path) -> dict[str, Outline]:
    """The outlines of a table such as the model was trained on."""
    fields = _numbers(model)
    source = f"{path.name}, {{}} rows"
    columns, n = (_few_read if model.domain.laborious else _all_read)(model.domain, path, fields)
    if not n:
        raise DataError(f"{path}: holds none of {model.domain.name}")
    return _outlines(fields, columns, source.format(f"{n:,}"))


def _numbers(model: Model[Any]) -> dict[str, Continuous]:
    return {field.name: field for field in model.fields.fields if isinstance(field, Continuous)}


def _few_read(domain: Domain[Any], path: Path, names: Iterable[str]) -> tuple[Columns, int]:
    """Columns of a sample of a file's rows: only these are read as items."""
    rows = [row for row in domain.rows(path) if not row.complaint]
    sample = random.Random(0).sample(rows, min(len(rows), _SAMPLE))
    entries = [domain.entry(row.row, row.text) for row in sample]
    items = [entry.item for entry in entries if entry.item is not None]
    return domain.measure(items, [name for name in names if name in domain.properties]), len(items)


def _all_read(domain: Domain[Any], path: Path, names: Iterable[str]) -> tuple[Columns, int]:
    """Columns of a sample of a file's items."""
    found = domain.read(path, [name for name in names if name not in domain.properties])
    items = rows_of(found, random.Random(0).sample(range(len(found)), min(len(found), _SAMPLE)))
    known = [name for name in names if name in domain.properties or name in items.columns]
    return measured(domain, items, known).columns, len(items)


def _outlines(fields: Mapping[str, Continuous], columns: Columns, source: str) -> dict[str, Outline]:
    """The outlines of columns; a normal curve where a column says nothing."""
    found = {}
    for name, field in fields.items():
        values = sorted(v for v in columns.get(name, ()) if isinstance(v, (int, float)) and math.isfinite(v))
        found[name] = _outline(values, *ends(field), source) if values else normal(field)
    return found


def _outline(values: Sequence[float], low: float, high: float, source: str) -> Outline:
    counts = [0] * _BINS
    for value in values:
        if low <= value <= high:
            counts[min(int((value - low) / (high - low) * _BINS), _BINS - 1) if high > low else 0] += 1
    rare = int(len(values) * _RARE)
    whole = all(value == int(value) for value in values)
    return Outline([count / len(values) for count in counts], source, values[rare], values[-1 - rare], whole)
