"""The folder of an optimisation: what was asked for, every call of the oracle, the best so far, and how it stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciencegen.core.domain import Domain
from sciencegen.core.files import atomic, sweep_folder
from sciencegen.errors import DataError, RequestError
from sciencegen.screen.write import spreadsheet_safe, write_table
from sciencegen.search.ledger import Ledger, Told

__all__ = ["OptimizeFolder", "Summary", "summary"]

_FORMAT = 1
_LIKELY = ("calls",)
"""What may be another number when a run is taken up: more calls."""


class OptimizeFolder:
    """A run's folder: run.json, ledger.jsonl, best.csv, summary.json, and what its method keeps."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run, self.ledger = path / "run.json", path / "ledger.jsonl"
        self.best, self.summary = path / "best.csv", path / "summary.json"
        self.answers = path / "answers"

    def begin(self, request: Mapping[str, Any], resume: bool) -> None:
        """Write down what is asked for, or see that a run that is taken up asked for the same."""
        if self.path.exists() and not self.path.is_dir():
            raise RequestError(f"{self.path} is a file: choose a folder to write to")
        begun = self.path.exists() and any(not file.name.startswith(".") for file in self.path.iterdir())
        if resume:
            self._check(request)
            sweep_folder(self.path)
        elif begun:
            instead = "go on with --resume, or choose another folder" if self.run.exists() else "choose another folder"
            raise RequestError(f"{self.path} is not empty: {instead}")
        with atomic(self.run) as temporary:
            text = json.dumps({"format": _FORMAT, **request}, indent=2, allow_nan=False)
            temporary.write_text(f"{text}\n", encoding="utf-8")

    def request(self) -> dict[str, Any]:
        """What run.json says."""
        try:
            found = json.loads(self.run.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError(f"{self.path} holds no run that could be taken up: leave out --resume") from None
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"{self.run} cannot be read: {str(error).splitlines()[0]}") from error
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise DataError(f"{self.run} is not the record of a run of this version")
        return found

    def _check(self, request: Mapping[str, Any]) -> None:
        asked = json.loads(json.dumps(dict(request), allow_nan=False))
        found = self.request()
        names = [name for name in (asked | found) if name not in ("format", "versions", *_LIKELY)]
        for name in names:
            if asked.get(name) != found.get(name):
                raise RequestError(
                    f"{self.path} was begun with {name} = {json.dumps(found.get(name))}, not "
                    f"{json.dumps(asked.get(name))}: ask for the same, or begin in another folder"
                )

    def write_best(self, domain: Domain[Any], ledger: Ledger, count: int) -> None:
        """Write the best items with their numbers."""
        told = ledger.top(count)
        names = list(dict.fromkeys(name for one in told for name in one.values))
        rows = [self._row(domain, one, names) for one in told]
        write_table(rows, self.best, "csv", [domain.column, *names, "score", "call"])

    def _row(self, domain: Domain[Any], told: Told, names: list[str]) -> dict[str, Any]:
        item = domain.parse(told.text)
        cells = {domain.column: told.text} if item is None else dict(domain.row(item))
        cells = {name: spreadsheet_safe(cell) for name, cell in cells.items()}
        return cells | {name: told.values.get(name) for name in names} | {"score": told.score, "call": told.call}

    def write_summary(self, found: Summary) -> None:
        with atomic(self.summary) as temporary:
            temporary.write_text(json.dumps(found.plain(), indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Summary:
    """What an optimisation came to."""

    calls: int
    budget: int | None
    failed: Mapping[str, int]
    """Why items have no score, and how often, the most frequent first."""
    top1: float
    top10: float
    top100: float
    auc10: float
    groups: int
    """How many different series the best 100 belong to."""

    def plain(self) -> dict[str, Any]:
        return {**self.__dict__, "failed": dict(self.failed)}

    def lines(self) -> list[str]:
        """The same for a person."""
        failed = sum(self.failed.values())
        said = [f"{self.calls:,} calls of {self.budget:,}" if self.budget else f"{self.calls:,} calls"]
        if self.calls > failed:
            best = f"best {self.top1:.4f}, mean of the best 10 {self.top10:.4f}, of the best 100 {self.top100:.4f}"
            said.append(f"{best}; over all calls the best 10 had {self.auc10:.4f}")
        else:
            said.append("nothing has a score")
        if self.groups:
            said.append(f"the best 100 belong to {self.groups:,} series")
        if failed:
            why = "; ".join(f"{count:,}: {reason}" for reason, count in list(self.failed.items())[:5])
            said.append(f"{failed:,} have no score ({why})")
        return said


def summary(domain: Domain[Any], ledger: Ledger) -> Summary:
    """What an optimisation came to so far."""
    items = [domain.parse(one.text) for one in ledger.top(100)]
    groups = {domain.group(item) for item in items if item is not None} - {""}
    failed = Counter(one.reason for one in ledger.told if one.score is None)
    return Summary(
        ledger.calls,
        ledger.budget,
        dict(failed.most_common()),
        ledger.mean(1),
        ledger.mean(10),
        ledger.mean(100),
        ledger.auc(10),
        len(groups),
    )
