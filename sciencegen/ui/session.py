"""A model that pages ask: what each of them shows, and the runs that fill them, one at a time."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from sciencegen.core.condition import Interval
from sciencegen.core.domain import Candidate
from sciencegen.errors import RequestError, SciencegenError
from sciencegen.model import Model
from sciencegen.screen.stream import Tally
from sciencegen.ui.asking import Order
from sciencegen.ui.outlines import Outline, from_draws

__all__ = ["Page", "Run", "Session", "Shown"]

_MOST_PAGES = 32
_POINTS = 5000
_MOST_KNOWN = 4000
_PATIENCE = 0.1  # seconds between looks at whether anybody still waits


@dataclass(frozen=True)
class Shown:
    """A candidate on a page, and its row of a table."""

    candidate: Candidate[Any]
    row: Mapping[str, Any]


@dataclass
class Page:
    """What one page shows, under numbers that are never used again."""

    shown: dict[int, Shown] = field(default_factory=dict)
    points: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """What was asked for and what was measured, of everything this page was shown."""
    run: Run | None = None
    _numbers: count[int] = field(default_factory=count)

    def add(self, shown: Shown, asked: Mapping[str, float | str | Interval]) -> int:
        """Take in a candidate, and say under which number."""
        number = next(self._numbers)
        self.shown[number] = shown
        for name, value in asked.items():
            measured = shown.candidate.properties.get(name)
            if isinstance(measured, (int, float)) and not isinstance(value, str):
                points = self.points.setdefault(name, [])
                points.append((_middle(value), float(measured)))
                del points[:-_POINTS]
        return number

    def begin(self, order: Order, turn: Lock, kept: Iterable[int]) -> Run:
        """Show something else, beside what was kept; the rest is known a while longer: a browser may be asking."""
        self.stop()
        still = {*kept, *list(self.shown)[-_MOST_KNOWN:]}
        self.shown = {number: shown for number, shown in self.shown.items() if number in still}
        self.run = Run(order, self, turn)
        self.run.start()
        return self.run

    def stop(self) -> None:
        """End what is being drawn."""
        if self.run is not None:
            self.run.stop.set()

    def some(self, numbers: Iterable[int]) -> list[Shown]:
        """What is shown under these numbers."""
        wanted = list(numbers)
        missing = [number for number in wanted if number not in self.shown]
        if missing:
            raise RequestError(f"item {missing[0]} is no longer on this page: draw again")
        return [self.shown[number] for number in wanted]


def _middle(asked: float | Interval) -> float:
    if not isinstance(asked, Interval):
        return asked
    ends = [end for end in (asked.low, asked.high) if math.isfinite(end)]
    return sum(ends) / len(ends)


class _Unwatched(Exception):
    """Nobody waits for what is being drawn."""


class _Watched(Tally):
    """A tally that takes no further draw once it was stopped: between two candidates there may be thousands."""

    def __init__(self, stop: Event) -> None:
        vars(self)["stop"] = stop
        super().__init__()

    def __setattr__(self, name: str, value: object) -> None:
        if vars(self)["stop"].is_set():
            raise _Unwatched
        super().__setattr__(name, value)


class Run:
    """An order being carried out in a thread of its own; what happens is put into `events`, None at the end."""

    def __init__(self, order: Order, page: Page, turn: Lock) -> None:
        self.order, self.events, self.stop = order, SimpleQueue[tuple[str, Any] | None](), Event()
        self._page, self._turn, self._tally, self._novel = page, turn, _Watched(self.stop), 0
        self._pictured: bool | None = None

    def start(self) -> None:
        Thread(target=self._run, daemon=True).start()

    @property
    def counts(self) -> dict[str, Any]:
        """What became of the draws so far."""
        tally = self._tally
        counts = {name: getattr(tally, name) for name in ("drawn", "invalid", "repeated", "rejected", "kept")}
        novel = {} if self.order.model.seen is None else {"novel": self._novel}
        return {**counts, **novel, "by": dict(tally.rejected_by)}

    def _run(self) -> None:
        wrong = "the drawing broke off: the terminal that sciencegen ui runs in says why"
        try:
            self.events.put(("done", self._drawn()))
            wrong = ""
        except _Unwatched:
            wrong = ""
        except SciencegenError as error:
            wrong = str(error)
        finally:
            if wrong:
                self.events.put(("refused", wrong))
            self.events.put(None)

    def _drawn(self) -> str:
        """Draw when nobody else does, and say how it ended."""
        if not self._turn.acquire(timeout=_PATIENCE):
            self.events.put(("waiting", "the model is busy with another drawing: this one is next"))
            while not self._turn.acquire(timeout=_PATIENCE):
                if self.stop.is_set():
                    raise _Unwatched
        try:
            for candidate in self._candidates():
                self.events.put(("item", self._told(candidate)))
        finally:
            self._turn.release()
        tally, n = self._tally, self.order.n
        if tally.kept < n:
            return f"drew {tally.drawn:,} and found {tally.kept:,} of {n:,}: ask for less, or let more pass"
        return f"{tally.kept:,} found in {tally.drawn:,} draws"

    def _candidates(self) -> Iterable[Candidate[Any]]:
        order = self.order
        kept = order.model.candidates(
            order.n,
            order.wishes.where,
            order.seed,
            self._tally,
            order.budget,
            measure=order.properties,
            screen=order.screen,
        )
        for candidate in kept:
            yield candidate.with_properties(order.properties)

    def _told(self, candidate: Candidate[Any]) -> dict[str, Any]:
        """A candidate as its card says it, after the page took it in."""
        model, where = self.order.model, self.order.wishes.where
        novel = None if model.seen is None else candidate.text not in model.seen
        self._novel += bool(novel)
        if self._pictured is None:
            self._pictured = bool(model.domain.svg(candidate.item))
        row = model.row(candidate, where) | ({} if novel is None else {"novel": novel})
        number = self._page.add(Shown(candidate, row), where)
        return {
            "id": number,
            "text": candidate.text,
            "pictured": self._pictured,
            "values": {name: plain(row.get(name)) for name in candidate.properties},
            "asked": {name: plain(row.get(f"{name}_asked")) for name in where},
            "novel": novel,
        }


def plain(value: object) -> float | str | bool | None:
    """A cell as JSON knows it: what is no number is missing."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (float, int, bool)) else None if value in ("", None) else str(value)


@dataclass
class Session:
    """A model and the pages that ask it."""

    model: Model[Any]
    name: str
    """What to type for the model."""
    card: str = ""
    data: Mapping[str, Outline] | None = None
    """The outlines of training values, where these are known."""
    turn: Lock = field(default_factory=Lock)
    """Held by whoever draws: random numbers have one source."""
    _pages: dict[str, Page] = field(default_factory=dict)
    _outlines: Mapping[str, Outline] | None = None
    _drawing: Lock = field(default_factory=Lock)

    def open(self) -> str:
        """A new page, under a name nobody can guess."""
        name = secrets.token_urlsafe(12)
        self._pages[name] = Page()
        for old in list(self._pages)[:-_MOST_PAGES]:
            self._pages.pop(old).stop()
        return name

    def page(self, name: str) -> Page:
        """The page of a name."""
        if name not in self._pages:
            raise RequestError("this page was left too long ago: load it again")
        return self._pages[name]

    def close(self) -> None:
        """End everything that is being drawn."""
        for page in self._pages.values():
            page.stop()

    @property
    def outlines(self) -> Mapping[str, Outline]:
        """What stands behind the sliders; drawn once where there are no data."""
        with self._drawing:
            if self._outlines is None:
                self._outlines = from_draws(self.model, self.turn) if self.data is None else self.data
            return self._outlines
