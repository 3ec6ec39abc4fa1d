"""What a screening found, as plain data: what its page shows, and its `report.json` holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from sciencegen.errors import DataError

__all__ = ["Aim", "Card", "Distribution", "Figure", "Findings", "Plate", "Step", "from_plain", "plain"]

FORMAT = 1
Sample = tuple["float | None", ...]
"""Numbers of a column; None where one is missing."""


@dataclass(frozen=True)
class Step:
    """A step of the funnel: how many came out of it, and how many were dropped for which reason."""

    name: str
    kept: int
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """An item that was kept: its picture, what is known of it, and why it was kept."""

    id: str
    svg: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    """Names and values, as they are to be read."""
    why: str = ""
    flags: tuple[str, ...] = ()
    """What it is suspected of, such as alerts, and numbers outside the range of training."""
    neighbour: str = ""
    """The nearest known item, as text; nothing where none was looked up."""
    neighbour_svg: str = ""
    similarity: float | None = None
    """How alike the two are, from 0 to 1."""


@dataclass(frozen=True)
class Distribution:
    """The numbers of a column, and those of a reference where there is one."""

    name: str
    ours: Sample
    theirs: Sample = ()
    of: str = "training"
    """What the reference is."""


@dataclass(frozen=True)
class Aim:
    """What was asked of a number, and what it measured, row by row."""

    name: str
    asked: Sample
    measured: Sample
    unit: str = ""


@dataclass(frozen=True)
class Figure:
    """Where the numbers of a column come from, and how far they can be trusted."""

    name: str
    kind: Literal["calculated", "predicted", "measured", "given"]
    by: str = ""
    """The tool that predicted it, or the property it is."""
    unit: str = ""
    rows: int = 0
    known: int = 0
    low: float | None = None
    """The range of the tool's training data."""
    high: float | None = None
    inside: int | None = None
    """How many lie in that range; None where it is not known."""
    left: int = 0
    """How many were left when the choice was made."""
    missing: int = 0
    """How many of those have no number."""
    infinite: int = 0
    """To how many of these infinity was given."""


@dataclass(frozen=True)
class Plate:
    """A plate: the compound in every filled well, and the wells of controls."""

    name: str
    wells: Literal[96, 384] = 96
    compounds: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """All that the page of a screening shows."""

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    cards: tuple[Card, ...] = ()
    of: int = 0
    """How many were kept; the cards may be the first of them."""
    distributions: tuple[Distribution, ...] = ()
    aims: tuple[Aim, ...] = ()
    figures: tuple[Figure, ...] = ()
    plates: tuple[Plate, ...] = ()


def plain(findings: Findings) -> dict[str, Any]:
    """The findings as plain values that JSON can say; what is not finite is missing."""
    return {"format": FORMAT, **_said(asdict(findings))}


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _said(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_said(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def from_plain(values: Any, where: Path | str = "report.json") -> Findings:
    """The findings of plain values; `where` they stand is what an error names."""
    from pydantic import TypeAdapter, ValidationError

    if not isinstance(values, Mapping) or values.get("format") != FORMAT:
        found = values.get("format") if isinstance(values, Mapping) else type(values).__name__
        raise DataError(f"{where}: not a report of format {FORMAT}, but {found}: run the screening again")
    try:
        return TypeAdapter(Findings).validate_python({name: one for name, one in values.items() if name != "format"})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{where}: {place}: {first['msg'].lower()}; run the screening again") from None
