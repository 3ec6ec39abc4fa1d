"""What any table of items shows: its first items, the numbers of its columns, and what was asked beside what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Any

from sciencegen.core.domain import Domain, Entry
from sciencegen.errors import DataError, UnknownName
from sciencegen.report.findings import Aim, Card, Distribution, Figure, Findings, Step

__all__ = ["findings_of"]

Cells = Mapping[str, "float | str | None"]
_ASKED = "_asked"
_FLAG, _PREDICTED, _CALCULATED, _TARGET = "flag_", "pred_", "calc_", "target_"
_NAMES = ("id", "name")
_LIKE = "nn_train_sim"
"""How alike the nearest item of training is; `nn_train_` and the column of items is that item."""
_TOLD = {"reason", "why"}
_SHORT, _LONGEST = 8, 40
_ABSENT = {"", "na", "n/a", "nan", "null", "none"}


def findings_of(
    domain: Domain[Any],
    entries: Sequence[Entry[Any]],
    title: str,
    by: str = "",
    ascending: bool = False,
    shown: int = 60,
) -> Findings:
    """The findings of a table's rows: the best first where `by` names a column of numbers, else in their order."""
    kept = [entry for entry in entries if entry.item is not None]
    if not kept:
        first = f": row {entries[0].row}: {entries[0].complaint}" if entries else ""
        raise DataError(f"{title}: none of the {len(entries):,} rows holds one of {domain.name}{first}")
    names = list(dict.fromkeys(name for entry in kept for name in entry.cells))
    numbers = {name: column for name in names if (column := _numbers([entry.cells.get(name) for entry in kept]))}
    order = _order(numbers, names, by, ascending, len(kept))
    complaints = Counter(entry.complaint for entry in entries if entry.item is None)
    plotted = [name for name in numbers if name not in _NAMES and not _asks(name)]
    aims = {name: one for name in plotted for one in _asked_as(name) if one in numbers}
    units = {name: one.unit for name, one in domain.properties.items()}
    return Findings(
        title,
        {"rows": f"{len(entries):,}", "items": f"{len(kept):,}"} | ({"order": _said(by, ascending)} if by else {}),
        (Step("read", len(kept), dict(complaints.most_common())),) if complaints else (),
        tuple(_card(domain, kept[i], numbers) for i in order[:shown]),
        len(kept),
        tuple(Distribution(name, numbers[name]) for name in plotted),
        tuple(Aim(name, numbers[one], numbers[name], units.get(_bare(name), "")) for name, one in aims.items()),
        tuple(_figure(domain, name, numbers) for name in plotted),
    )


def _asks(name: str) -> bool:
    return name.endswith(_ASKED) or name.startswith(_TARGET)


def _asked_as(name: str) -> tuple[str, str]:
    """The columns that say what was asked of a number."""
    return name + _ASKED, _TARGET + _bare(name)


def _bare(name: str) -> str:
    return name.removeprefix(_CALCULATED)


def _said(by: str, ascending: bool) -> str:
    return f"{by}, {'lowest' if ascending else 'highest'} first"


def _order(
    numbers: Mapping[str, Sequence[float | None]], names: Sequence[str], by: str, ascending: bool, n: int
) -> list[int]:
    """The places of the rows as they are shown; those without a number come last."""
    if not by:
        return list(range(n))
    if by not in names:
        raise UnknownName("column", by, names)
    if by not in numbers:
        raise DataError(f"column {by} holds text: expected numbers to order by")
    sign = 1 if ascending else -1
    return sorted(range(n), key=lambda i: inf if (value := numbers[by][i]) is None else sign * value)


def _numbers(cells: Sequence[float | str | None]) -> tuple[float | None, ...]:
    """A column as numbers; nothing where it holds text, or nothing at all."""
    found = []
    for cell in cells:
        number, fine = _number(cell)
        if not fine:
            return ()
        found.append(number)
    return tuple(found) if any(number is not None for number in found) else ()


def _number(cell: float | str | None) -> tuple[float | None, bool]:
    """The number of a cell, and whether the cell is a number or empty."""
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _ABSENT):
        return None, True
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return None, False
    return (number if isfinite(number) else None), True


def _card(domain: Domain[Any], entry: Entry[Any], numbers: Mapping[str, object]) -> Card:
    cells = entry.cells
    flags = [f"{name.removeprefix(_FLAG)}: {cells[name]}" for name in cells if name.startswith(_FLAG) and cells[name]]
    alike, _ = _number(cells.get(_LIKE))
    nearest = str(cells.get(f"nn_train_{domain.column}") or "") if alike is not None else ""
    known = domain.parse(nearest) if nearest else None
    lines = [(name, _shown(cells[name])) for name in cells if name in numbers and name not in (*_NAMES, _LIKE)]
    return Card(
        next((str(cells[name]) for name in _NAMES if cells.get(name)), f"row {entry.row}"),
        domain.svg(entry.item),
        tuple((name, text) for name, text in lines if text),
        next((str(cells[name]) for name in sorted(_TOLD) if cells.get(name)), ""),
        tuple(flags),
        nearest,
        "" if known is None else domain.svg(known),
        alike,
    )


def _shown(cell: float | str | None) -> str:
    """A number as it is read on a card: as it came where it is short."""
    number, fine = _number(cell)
    if not fine:
        return str(cell)[:_LONGEST]
    if number is None:
        return ""
    return str(cell).strip() if isinstance(cell, str) and len(cell.strip()) <= _SHORT else f"{number:.4g}"


def _figure(domain: Domain[Any], name: str, numbers: Mapping[str, Sequence[float | None]]) -> Figure:
    """Where a column comes from, as far as its name says."""
    rows, known = len(numbers[name]), sum(number is not None for number in numbers[name])
    if f"{name}_n" in numbers:  # the replicates of an assay
        return Figure(name, "measured", "", "", rows, known)
    if _bare(name) in domain.properties:
        return Figure(name, "calculated", "", domain.properties[_bare(name)].unit, rows, known)
    if name.startswith(_PREDICTED):
        return Figure(name, "predicted", name.removeprefix(_PREDICTED).partition("_")[0], "", rows, known)
    return Figure(name, "given", "", "", rows, known)
