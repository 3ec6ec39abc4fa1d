"""What becomes of one row: read, registered, tried against what candidates must be like, and measured."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sciencegen.core.domain import Domain, Entry, Standard
from sciencegen.core.interval import Interval
from sciencegen.core.request import parse_where
from sciencegen.data.workers import Failed
from sciencegen.errors import DataError, RequestError, UnknownName

if TYPE_CHECKING:  # a worker that sifts needs neither pydantic nor torch
    from sciencegen.campaign.config import Config

__all__ = ["Left", "Raw", "Sift", "judged", "sift_of"]

T = TypeVar("T")
Cells = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """A row as its source has it: its number, counted from 0, what it says, and the cells beside it."""

    number: int
    said: Any
    cells: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What it says, where that is text."""
        return self.said if isinstance(self.said, str) else ""


@dataclass(frozen=True)
class Left:
    """Why a row was left out: the stage, and the reason in words that can be counted, with what else is known."""

    stage: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Trial(Generic[T]):
    """A test of an item, under the reason that is given where it fails."""

    reason: str
    passes: Callable[[T], bool]


@dataclass(frozen=True)
class Sift(Generic[T]):
    """The way of a row to the cells of a candidate; what costs least comes first. Another process may do it."""

    domain: Domain[T]
    read: Callable[[Any], T | None] | None
    """What makes an item of a model's row; without it rows are text, which the domain reads."""
    longest: int
    ranges: Mapping[str, Interval]
    filters: tuple[tuple[str, str, tuple[tuple[str, float], ...]], ...]  # name, text, numbers
    reject: tuple[str, ...]
    flag: tuple[str, ...]
    properties: tuple[str, ...]

    def __call__(self, raw: Raw) -> Cells | Left:
        entry = self._entry(raw)
        if isinstance(entry, Left):
            return entry
        assert entry.item is not None
        try:
            standard = self.domain.standard(entry.item)
        except DataError as error:
            return Left("read", f"has no {self.domain.key}", str(error))
        measured: dict[str, float | str] = {}
        for left in self._complaints(standard.item, measured):
            return left
        for name in self.properties:
            if name not in measured:
                measured[name] = self.domain.properties[name].measure(standard.item)
        return self._cells(entry.item, standard, measured)

    def _entry(self, raw: Raw) -> Entry[T] | Left:
        if len(raw.text) > self.longest and "\n" not in raw.text:  # a structure of many lines is no string
            return Left("read", f"longer than {self.longest:,} characters", f"{len(raw.text):,}")
        if self.read is None:
            entry = self.domain.entry(raw.number, raw.said)
            return entry if entry.item is not None else Left("read", entry.complaint)
        item = self.read(raw.said)
        if item is None:
            return Left("read", "invalid draw")
        return Entry(raw.number, self.domain.text(item), item)

    def _complaints(self, item: T, measured: dict[str, float | str]) -> Iterator[Left]:
        """What there is to say against an item, and on the way what was measured of it."""
        for name, within in self.ranges.items():
            measured[name] = value = self.domain.properties[name].measure(item)
            if value not in within:
                yield Left("filter", f"{name} outside {within}", _said(value))
        for trial in self._trials:
            if not trial.passes(item):
                yield Left("filter", trial.reason)
        for catalogue in self.reject:
            listed = self.domain.alerts[catalogue](item)
            if listed:
                yield Left("filter", f"listed by {catalogue}", listed)

    def _cells(self, item: T, standard: Standard[T], measured: Mapping[str, float | str]) -> Cells:
        return {
            self.domain.column: self.domain.text(item),
            self.domain.key: standard.key,
            f"parent_{self.domain.column}": self.domain.text(standard.item),
            **{f"calc_{name}": _plain(value) for name, value in measured.items()},
            **{f"flag_{name}": self.domain.alerts[name](standard.item) for name in self.flag},
        }

    @cached_property
    def _trials(self) -> list[Trial[T]]:
        """The filters, made once in every process: what they are made of may be no plain value."""
        return [
            Trial(f"{name} {text}", self.domain.filters[name].make(text, **dict(numbers)))
            for name, text, numbers in self.filters
        ]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_trials"}

    def check(self) -> None:
        """Find out now what could not be carried out later."""
        for name in (*self.ranges, *self.properties):
            if name not in self.domain.properties:
                raise UnknownName(f"property of {self.domain.name}", name, self.domain.properties)
        for name in (*self.reject, *self.flag):
            if name not in self.domain.alerts:
                raise UnknownName(f"catalogue of alerts of {self.domain.name}", name, self.domain.alerts)
        for name, text, _ in self.filters:
            if name not in self.domain.filters:
                known = ", ".join(self.domain.filters) or "none"
                raise RequestError(f"filter.{name} = {text!r}: the filters of {self.domain.name} are {known}")
        assert self._trials is not None


def judged(found: Cells | Left | Failed, key: str, known: Container[str]) -> Cells | Left:
    """What became of a row once it is back from its process; `key` is the column of the register's key."""
    if isinstance(found, Failed):
        return Left("crash", found.reason)
    if not isinstance(found, Left) and found[key] in known:
        return Left("known", "known already")
    return found


def sift_of(
    config: Config, domain: Domain[T], files: Mapping[str, Path], read: Callable[[Any], T | None] | None = None
) -> Sift[T]:
    """The way of rows that a config asks for; `files` are where the files it names lie."""
    chosen = config.filter
    patterns = [("contains", one, ()) for one in chosen.contains] + [("without", one, ()) for one in chosen.without]
    unlike = [("unlike", str(files[one.file]), (("ceiling", one.ceiling),)) for one in chosen.unlike]
    ranges = {name: _interval(name, text) for name, text in chosen.ranges.items()}
    measurable = list(domain.properties)  # whose order is ours, whatever order the config has
    ordered = [*(name for name in measurable if name in ranges), *(name for name in ranges if name not in measurable)]
    slow = [name for name in ordered if name in measurable and domain.properties[name].slow]
    scores = [name for one in config.score for name in one.properties]
    asked = [name for name in domain.properties if name in config.source.where]
    return Sift(
        domain.reading(**config.clean.reading) if config.clean.reading else domain,
        read,
        config.clean.longest,
        {name: ranges[name] for name in [*(name for name in ordered if name not in slow), *slow]},
        (*patterns, *unlike),
        tuple(chosen.reject),
        tuple(chosen.flag),
        tuple(dict.fromkeys([*scores, *_desired(config), *asked])),
    )


def _desired(config: Config) -> list[str]:
    """The properties that a rank is made of."""
    return sorted(name.removeprefix("calc_") for name in config.combine.desire if name.startswith("calc_"))


def _interval(name: str, text: str) -> Interval:
    """The range of a text such as `200..500`, `>=0.5` or `0.5`."""
    clause = text.strip()
    sign = "" if clause.startswith((">=", "<=")) else "="
    ((_, asked),) = parse_where([f"{name}{sign}{clause}"]).items()
    if isinstance(asked, Interval):
        return asked
    if isinstance(asked, str):
        raise RequestError(f"filter.ranges.{name} = {text!r}: expected a range such as 200..500, >=0.5 or <=5")
    return Interval(asked, asked)


def _plain(value: float | str) -> float | str | None:
    """A value without the digits that only say how numbers are stored; nothing where there is none."""
    if isinstance(value, str):
        return value
    rounded = float(f"{value:.6g}")
    return rounded if rounded == rounded else None


def _said(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
