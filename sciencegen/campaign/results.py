"""Results of assays: kept as they came, import by import, and summed up beside the compounds they are about."""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sciencegen.campaign.assay import Readout, Summary, readout, summary
from sciencegen.campaign.matching import Assay, Match, Picked, matches
from sciencegen.core.files import atomic, writing
from sciencegen.errors import DataError, RequestError

__all__ = ["History", "Import", "Result", "import_results", "training_rows"]

_SAID = ("_sd", "_n", "_qualifier")
"""What stands behind every column of results: the spread of the replicates, how many, and whether it is a bound."""


@dataclass(frozen=True)
class Result:
    """What one row of an assay says of one number."""

    id: str
    column: str
    text: str
    """As it came."""
    value: float | None
    qualifier: str = ""
    control: bool = False
    plate: str = ""
    well: str = ""
    occurrence: int = 1
    """Which it is of those that say the same of the same: replicates may well be equal."""
    line: int = 0
    number: int = 0
    """The import it came with."""
    file: str = ""
    sha256: str = ""

    @property
    def same(self) -> tuple[object, ...]:
        """What makes it the same result when it comes again."""
        return self.id, self.column, self.text, self.control, self.plate, self.well, self.occurrence

    @property
    def readout(self) -> Readout:
        return Readout(self.value, self.qualifier)


@dataclass(frozen=True)
class History:
    """All results that were imported, the oldest first."""

    path: Path
    results: Sequence[Result] = ()

    @classmethod
    def read(cls, path: Path) -> History:
        """The results of a file; none where there is no file yet."""
        if not path.exists():
            return cls(path)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read: {error}") from error
        found = []
        for number, line in enumerate(lines, 1):
            try:
                found.append(Result(**json.loads(line)))
            except (ValueError, TypeError):
                raise DataError(f"{path}: line {number} is no result: mend it, or import everything again") from None
        return cls(path, found)

    @classmethod
    @contextmanager
    def alone(cls, path: Path) -> Iterator[History]:
        """The results of a file, while nobody else adds to them: a second import waits for the first to end."""
        if not os.access(path.parent, os.W_OK):  # nothing can be added, and nothing lost
            yield cls.read(path)
            return
        with writing(path):
            file = path.with_name(f".{path.name}.lock").open("a", encoding="utf-8")
        with file:  # it stays: who removes it takes it from those who wait
            fcntl.flock(file, fcntl.LOCK_EX)
            yield cls.read(path)

    @property
    def imports(self) -> int:
        return max((one.number for one in self.results), default=0)

    def fresh(self, results: Iterable[Result]) -> list[Result]:
        """Those that are not there yet."""
        there = {one.same for one in self.results}
        return [one for one in results if one.same not in there]

    def after(self, fresh: Iterable[Result]) -> History:
        """The history with the results of one more import."""
        number = self.imports + 1
        return History(self.path, [*self.results, *(replace(one, number=number) for one in fresh)])

    def write(self) -> None:
        """Write all results, whole or not at all."""
        with atomic(self.path) as temporary, temporary.open("w", encoding="utf-8") as file:
            for one in self.results:
                file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")


@dataclass(frozen=True)
class Import:
    """What became of the rows of an assay table."""

    matched: int
    controls: int
    unmatched: Sequence[Mapping[str, str]]
    """Line, reason and cells of the rows that are about nothing known."""
    results: Sequence[Result]
    odd: Sequence[Result] = ()
    """Those that are neither a number nor a word for a failed assay."""
    failed: Mapping[str, Counter[str]] = field(default_factory=dict)
    """What was said in place of numbers, and how often, by column."""


def import_results(
    picked: Picked, assay: Assay, values: Sequence[str], failed: Iterable[str] = (), sha256: str = ""
) -> Import:
    """The results of an assay table, joined to the compounds they are about."""
    found = matches(assay, picked)
    words = tuple(failed)
    results: list[Result] = []
    odd: list[Result] = []
    said: dict[str, Counter[str]] = {name: Counter() for name in values}
    for match in found:
        if match.reason:
            continue
        for name in values:
            result, read = _result(assay, match, name, words)
            results.append(replace(result, file=assay.path.name, sha256=sha256))
            if read.odd:
                odd.append(results[-1])
            elif read.value is None:
                said[name][result.text or "empty"] += 1
    for name in values:
        _refuse_wordy(assay, name, [one for one in results if one.column == name], odd)
    lost = [match for match in found if match.reason]
    unmatched = [_unmatched(assay, match) for match in lost]
    unmatched += [{"line": str(one.line), "reason": one.reason, "row": one.text} for one in assay.rows.broken]
    unmatched.sort(key=lambda row: int(row["line"]))
    controls = sum(match.control for match in found)
    return Import(len(found) - len(lost) - controls, controls, unmatched, _counted(results), odd, said)


def _refuse_wordy(assay: Assay, name: str, results: Sequence[Result], odd: Sequence[Result]) -> None:
    """Refuse a column without one number that holds something else than words for failed assays."""
    strange = [one for one in odd if one.column == name]
    if strange and not any(one.value is not None for one in results):
        hint = ": write decimal points, not commas" if "," in strange[0].text else ""
        said = f"{strange[0].text!r} in line {strange[0].line}{hint}"
        raise DataError(f"{assay.path}: column {name} has no number, but {said}")


def _result(assay: Assay, match: Match, column: str, failed: Sequence[str]) -> tuple[Result, Readout]:
    cell = assay.rows.columns[column][match.index]
    read = readout(cell, failed)
    text, line = assay.text(column, match.index), assay.rows.lines[match.index]
    said = Result(match.id, column, text, read.value, read.qualifier, match.control, match.plate, match.well, line=line)
    return said, read


def _counted(results: Iterable[Result]) -> list[Result]:
    """The results with their occurrences: equal ones of one table are replicates."""
    seen: Counter[tuple[object, ...]] = Counter()
    counted = []
    for one in results:
        seen[one.same] += 1
        counted.append(replace(one, occurrence=seen[one.same]))
    return counted


def _unmatched(assay: Assay, match: Match) -> dict[str, str]:
    cells = {name: assay.text(name, match.index) for name in assay.rows.columns}
    kept = {(f"assay_{name}" if name in ("line", "reason") else name): text for name, text in cells.items()}
    return {"line": str(assay.rows.lines[match.index]), "reason": match.reason, **kept}


def training_rows(picked: Picked, history: History) -> tuple[list[dict[str, Any]], dict[str, dict[str, Summary]]]:
    """The compounds of which something was measured, with all that was known and all that was measured of them.

    Beside them the summaries they were made of, by column and id.
    """
    columns = list(dict.fromkeys(one.column for one in history.results if not one.control))
    for name in [name + end for name in columns for end in ("", *_SAID)]:
        if name in picked.rows.columns:
            raise RequestError(f"{picked.path} has a column {name!r} already: rename the column of the assay")
    by: dict[str, dict[str, list[Readout]]] = {name: {} for name in columns}
    for one in history.results:
        if not one.control:
            by[one.column].setdefault(one.id, []).append(one.readout)
    sums = {name: {id_: summary(read) for id_, read in found.items()} for name, found in by.items()}
    rows = []
    for index, id_ in enumerate(picked.ids):
        known = {name: sums[name][id_] for name in columns if id_ in sums[name]}
        if any(one.mean is not None for one in known.values()):
            cells = {name: column[index] for name, column in picked.rows.columns.items()}
            rows.append({**cells, **_cells(columns, known)})
    return rows, sums


def _cells(columns: Sequence[str], known: Mapping[str, Summary]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name in columns:
        one = known.get(name, Summary(None, None, 0))
        values = (_rounded(one.mean, 12), _rounded(one.sd, 6), one.n or None, one.qualifier or None)
        cells |= dict(zip([name + end for end in ("", *_SAID)], values, strict=True))
    return cells


def _rounded(number: float | None, digits: int) -> float | None:
    """A number without the digits that adding up has brought in."""
    return None if number is None else float(f"{number:.{digits}g}")
