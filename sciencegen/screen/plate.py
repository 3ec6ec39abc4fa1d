"""Plates of 96 or 384 wells, with columns of controls, and which compound is in which well."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sciencegen.errors import RequestError, UnknownName
from sciencegen.screen.ids import require_distinct

__all__ = ["COMPOUND", "CONTROL", "LAYOUTS", "Place", "PlateShape", "Plates", "Well", "place_of", "plated"]

T = TypeVar("T")
COMPOUND, CONTROL = "compound", "control"
LAYOUTS = ("rows", "random")
_LETTERS = 26


@dataclass(frozen=True, order=True)
class Place:
    """A row and a column of a plate, counted from 0. Their order is row by row."""

    row: int
    column: int

    def __str__(self) -> str:
        """The name of the well, such as A1."""
        return f"{self._letters}{self.column + 1}"

    def padded(self) -> str:
        """The name with two digits, such as A01."""
        return f"{self._letters}{self.column + 1:02}"

    @property
    def _letters(self) -> str:
        more, last = divmod(self.row, _LETTERS)
        return (chr(ord("A") + more - 1) if more else "") + chr(ord("A") + last)


def place_of(name: str) -> Place:
    """The place of a well, however its name is written: A1, A01, a1."""
    found = re.fullmatch(r"\s*([A-Za-z]{1,2})0*([1-9][0-9]{0,2})\s*", name, re.ASCII)
    if found is None:
        raise RequestError(f"well {name!r}: expected a letter and a number, such as A1")
    row = 0
    for letter in found[1].upper():
        row = row * _LETTERS + ord(letter) - ord("A") + 1
    return Place(row - 1, int(found[2]) - 1)


@dataclass(frozen=True)
class PlateShape:
    """The rows and columns of a plate."""

    rows: int
    columns: int

    @classmethod
    def of(cls, wells: int) -> PlateShape:
        """The shape of the usual plates of so many wells."""
        if wells not in _SHAPES:
            raise RequestError(f"{wells} wells: expected a plate of {', '.join(str(n) for n in _SHAPES)}")
        return _SHAPES[wells]

    def places(self) -> list[Place]:
        """All wells, row by row."""
        return [Place(row, column) for row in range(self.rows) for column in range(self.columns)]

    def outermost(self, place: Place) -> bool:
        """Whether a well is at the edge."""
        return place.row in (0, self.rows - 1) or place.column in (0, self.columns - 1)


_SHAPES = {96: PlateShape(8, 12), 384: PlateShape(16, 24), 1536: PlateShape(32, 48)}
_USUAL_CONTROLS = {96: (1, 12), 384: (1, 2, 23, 24)}


@dataclass(frozen=True)
class Plates:
    """What plates are used, and how they are filled.

    `controls`: the columns left for controls, counted from 1; the outer ones without it. `layout`: `rows` fills plates
    row by row in the order of the compounds; `random` scatters them over the plates and their wells, the same way for
    the same ids and seed. `edge=False` leaves the outermost wells empty; the usual controls of 96 wells, which would be
    there, then move inwards by a column.
    """

    wells: int = 96
    controls: Sequence[int] | None = None
    layout: str = "rows"
    replicates: int = 1
    edge: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.wells not in _USUAL_CONTROLS:
            raise RequestError(f"{self.wells} wells: expected {' or '.join(str(n) for n in _USUAL_CONTROLS)}")
        if self.layout not in LAYOUTS:
            raise UnknownName("layout", self.layout, LAYOUTS)
        if self.replicates < 1:
            raise RequestError(f"replicates={self.replicates}: expected 1 or more")
        for column in self.controls or ():
            if not 1 <= column <= self.shape.columns:
                raise RequestError(f"control column {column}: a plate of {self.wells} has 1 to {self.shape.columns}")
        said = f"controls in {', '.join(str(column) for column in self.control_columns)}"
        if not self.for_compounds():
            raise RequestError(f"{said} leave no well of {self.wells} for compounds")
        if self.control_columns and not self.for_controls():
            raise RequestError(f"{said} are all at the edge, which is left empty: choose columns further in")

    @property
    def shape(self) -> PlateShape:
        return PlateShape.of(self.wells)

    @property
    def control_columns(self) -> tuple[int, ...]:
        """The columns of controls, counted from 1."""
        if self.controls is not None:
            return tuple(sorted(set(self.controls)))
        usual = _USUAL_CONTROLS[self.wells]
        inside = tuple(column for column in usual if 1 < column < self.shape.columns)
        return usual if self.edge else inside or (2, self.shape.columns - 1)

    def for_compounds(self) -> list[Place]:
        """The wells of compounds, row by row."""
        return [place for place in self._used() if place.column + 1 not in self.control_columns]

    def for_controls(self) -> list[Place]:
        """The wells of controls, row by row."""
        return [place for place in self._used() if place.column + 1 in self.control_columns]

    def _used(self) -> list[Place]:
        return [place for place in self.shape.places() if self.edge or not self.shape.outermost(place)]


@dataclass(frozen=True)
class Well:
    """A well that is not empty. Controls have no id and no replicate: what they are is the lab's to say."""

    plate: str
    place: Place
    role: str
    id: str = ""
    replicate: int | None = None

    @property
    def well(self) -> str:
        """The name of the well, such as A1."""
        return str(self.place)


def plated(ids: Sequence[str], plates: Plates) -> list[Well]:
    """The wells of all plates, plate by plate and row by row.

    Every replicate has plates of its own, so that what goes wrong with one plate befalls no compound twice, and no
    replicate shares a neighbourhood with another where the layout is random. Every plate has its controls.
    """
    require_distinct(ids)
    wells: list[Well] = []
    number = 0
    places = plates.for_compounds()
    for replicate in range(1, plates.replicates + 1):
        order = _scattered(ids, plates, f"compounds {replicate}")
        for first in range(0, len(order), len(places)):
            number += 1
            name, some = f"plate-{number}", order[first : first + len(places)]
            free = _scattered(places, plates, f"wells {number}")[: len(some)]
            filled = [Well(name, place, COMPOUND, one, replicate) for place, one in zip(free, some, strict=True)]
            controls = [Well(name, place, CONTROL) for place in plates.for_controls()]
            wells += sorted([*filled, *controls], key=lambda well: well.place)
    return wells


def _scattered(things: Sequence[T], plates: Plates, what: str) -> Sequence[T]:
    """The things in random order where the layout is random: each draws a number of its own, and they are sorted."""

    def drawn(thing: T) -> bytes:
        return hashlib.sha256(f"{plates.seed}\n{what}\n{thing}".encode()).digest()

    return sorted(things, key=drawn) if plates.layout == "random" else things
