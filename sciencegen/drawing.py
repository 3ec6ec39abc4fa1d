"""From draws to candidates: decoding and measuring, here or in other processes while the net draws on."""

from __future__ import annotations

import math
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any, Generic, TypeVar

from sciencegen.core.condition import Condition
from sciencegen.core.domain import Candidate, Domain
from sciencegen.core.generator import Constrained, Drawn, Generator
from sciencegen.data.workers import Failed, Workers
from sciencegen.screen.stream import Screen, Tally

__all__ = [
    "Block",
    "Maker",
    "Measurer",
    "beside",
    "drawn_by",
    "made_elsewhere",
    "made_here",
    "measured_further",
    "missing",
]

T = TypeVar("T")
_TIMEOUT = 20.0  # seconds that decoding and measuring a few dozen draws may take
_AHEAD = 4096


@dataclass(frozen=True)
class Block:
    """Some draws as plain rows, which `representation.reader()` makes items of, and how probable each is unasked."""

    rows: Sequence[Any]
    log_prob: Sequence[float] | None


@dataclass(frozen=True)
class Maker(Generic[T]):
    """Makes candidates of plain rows, each with what a constraint removed: reads items, and measures the properties of
    these names."""

    read: Callable[[Any], T | None]
    domain: Domain[T]
    names: tuple[str, ...]

    def __call__(self, row: tuple[Any, float | None]) -> Candidate[T] | None:
        return self.of((self.read(row[0]), row[1]))

    def of(self, made: tuple[T | None, float | None]) -> Candidate[T] | None:
        """The candidate of an item."""
        item, removed = made
        if item is None:
            return None
        measured = {name: self.domain.properties[name].measure(item) for name in self.names}
        return Candidate(item, self.domain.text(item), measured, removed_logmass=removed)

    def several(self, made: Iterable[tuple[T | None, float | None]]) -> Iterator[Candidate[T] | None]:
        """The candidates of items, measured together where the domain is quicker so."""
        if self.domain.together == 1:
            yield from map(self.of, made)
            return
        for some in _parts(made, self.domain.together):
            rows = iter(_measured(self.domain, [item for item, _ in some if item is not None], self.names))
            for item, removed in some:
                yield None if item is None else Candidate(item, self.domain.text(item), next(rows), None, removed)


def _parts(things: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """So many things at a time."""
    left = iter(things)
    while part := list(islice(left, size)):
        yield part


def _measured(domain: Domain[T], items: Sequence[T], names: Sequence[str]) -> list[dict[str, Any]]:
    """The properties of each item."""
    columns = domain.measure(items, names) if items else {}
    return [{name: columns[name][i] for name in names} for i in range(len(items))]


def drawn_by(generator: Generator, n: int, condition: Condition | None) -> Drawn:
    """Samples, with what a constraint cost them where there is one."""
    if isinstance(generator, Constrained):
        return generator.drawn(n, condition)
    return Drawn(generator.sample(n, condition))


def beside(rows: Sequence[T], drawn: Drawn) -> list[tuple[T, float | None]]:
    """Rows made of what was drawn, each with what the constraint removed."""
    removed = [None] * len(rows) if drawn.removed_logmass is None else drawn.removed_logmass.tolist()
    return list(zip(rows, removed, strict=True))


@dataclass(frozen=True)
class Measurer(Generic[T]):
    """Measures further properties of candidates."""

    domain: Domain[T]
    names: tuple[str, ...]

    def __call__(self, candidate: Candidate[T]) -> Candidate[T]:
        measured = {name: self.domain.properties[name].measure(candidate.item) for name in self.names}
        return replace(candidate, properties={**candidate.properties, **measured})

    def several(self, candidates: Iterable[Candidate[T]]) -> Iterator[Candidate[T]]:
        """The same of many, measured together where the domain is quicker so."""
        if self.domain.together == 1:
            yield from map(self, candidates)
            return
        for some in _parts(candidates, self.domain.together):
            rows = _measured(self.domain, [candidate.item for candidate in some], self.names)
            for candidate, row in zip(some, rows, strict=True):
                yield replace(candidate, properties={**candidate.properties, **row})


def missing(n: int, screen: Screen[Any], tally: Tally, batch: int) -> int:
    """How many batches are likely to hold what is missing of `n`, by what became of the draws so far."""
    share = max(tally.kept / tally.drawn, 0.01) if tally.drawn else 1 / screen.best_of
    return max(1, math.ceil((n - tally.kept) / share / batch))


def made_here(
    make: Maker[T], decoded: Callable[[int], Iterable[tuple[T | None, float | None]]]
) -> Iterator[Candidate[T] | None]:
    """The candidates of batch 0, 1, ... for ever; None stands for a draw that is no valid item."""
    for number in count():
        yield from make.several(decoded(number))


def made_elsewhere(
    make: Maker[T], draw: Callable[[int], Sequence[tuple[Any, float | None]]], workers: int, batches: Callable[[], int]
) -> Iterator[Candidate[T] | None]:
    """The same of plain rows, made in worker processes; `batches` says how many draws to take before it is asked again.

    A draw that crashes a worker, or hangs it, counts as invalid, and a warning says so.
    """
    number = 0
    with Workers(make, workers, timeout=_TIMEOUT, chunk=64, ahead=_AHEAD) as pool:
        while True:
            stop = number + batches()
            for made in pool.map(row for i in range(number, stop) for row in draw(i)):
                if isinstance(made, Failed):
                    warnings.warn(f"a draw could not be decoded or measured: {made.reason}", stacklevel=2)
                yield None if isinstance(made, Failed) else made
            number = stop


def measured_further(candidates: Iterable[Candidate[T]], measurer: Measurer[T], workers: int) -> Iterator[Candidate[T]]:
    """Candidates with more of their properties measured; those that cannot be are left as they are, with a warning."""
    if not measurer.names:
        yield from candidates
    elif not workers:
        yield from measurer.several(candidates)
    else:
        with Workers(measurer, workers, timeout=_TIMEOUT, chunk=16, ahead=_AHEAD) as pool:
            waiting: deque[Candidate[T]] = deque()
            for made in pool.map(_noted(candidates, waiting)):
                candidate = waiting.popleft()
                if isinstance(made, Failed):
                    warnings.warn(f"{candidate.text} could not be measured: {made.reason}", stacklevel=2)
                yield candidate if isinstance(made, Failed) else made


def _noted(candidates: Iterable[Candidate[T]], waiting: deque[Candidate[T]]) -> Iterator[Candidate[T]]:
    for candidate in candidates:
        waiting.append(candidate)
        yield candidate
