"""A search whose oracle is a laboratory: it proposes, days go by, and it is told; all of it in a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciencegen.core.interval import Interval
from sciencegen.core.request import parse_where
from sciencegen.errors import DataError, RequestError
from sciencegen.model import Model, load
from sciencegen.optimize.folder import OptimizeFolder
from sciencegen.optimize.goal import Goal, goal_of
from sciencegen.optimize.looking import Looking, begun
from sciencegen.optimize.results import Results, read_results
from sciencegen.optimize.wanted import Wanted
from sciencegen.search.ledger import Ledger, Told

__all__ = ["Lab", "Receipt"]

_COMMAND = "ask"


@dataclass
class Receipt:
    """What became of the results that were told."""

    numbers: int = 0
    """How many items have a number now that had none."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Why others have none, and how many."""
    own: int = 0
    """How many of these were never asked for."""
    known: int = 0
    """How many were told before."""
    changed: Sequence[str] = ()
    """Those of them that were told another number before, which they keep."""
    lost: int = 0
    """How many of the new ones the model cannot encode: the search learns nothing of them."""


class Lab:
    """A search in a folder: run.json says what for, asked.jsonl what was proposed, ledger.jsonl what was told."""

    def __init__(self, folder: OptimizeFolder, model: Model[Any], request: Mapping[str, Any]) -> None:
        self.folder, self.model = folder, model
        self.goal = _goal(model, request)
        self.ledger = Ledger(None, folder.ledger)
        looking = Looking(start=request["start"], data=request["data"])
        asked = folder.path / "asked.jsonl"
        self.search = begun(model, self.goal, self.ledger, request["by"], looking, request["seed"], asked)

    @classmethod
    def begun(
        cls,
        path: Path,
        name: str,
        wanted: Wanted,
        by: str = "bayesian",
        start: int = 0,
        data: str = "",
        seed: int = 0,
        device: str = "auto",
        version: str = "",
    ) -> Lab:
        """A search that begins here, or goes on where it was begun with the same request."""
        model, folder = load(name, device), OptimizeFolder(path)
        request = {"command": _COMMAND, "model": name, "checkpoint": model.checkpoint, **wanted.plain()}
        request |= {"by": by, "start": start, "data": data, "seed": seed}
        if folder.run.exists() and folder.request().get("command") != _COMMAND:
            return cls.opened(path, device)  # which says why not
        made = cls(folder, model, request)  # before anything is written, so that what is wrong leaves nothing behind
        folder.begin(request | {"versions": {"sciencegen": version}}, folder.run.exists())
        return made

    @classmethod
    def opened(cls, path: Path, device: str = "auto") -> Lab:
        """A search that was begun."""
        folder = OptimizeFolder(path)
        if not folder.run.exists():
            raise DataError(f"{path} holds no search: begin one with sciencegen ask {path} --model ... --maximize ...")
        request = folder.request()
        if request.get("command") != _COMMAND:
            raise RequestError(f"{path} was begun with sciencegen optimize, whose oracle answers at once: use --resume")
        model = load(request["model"], device)
        if model.checkpoint != request["checkpoint"]:
            raise RequestError(
                f"{path} was begun with another model than {request['model']} is now: its latents lie elsewhere; "
                "put the old one back, or begin a search anew and tell it what is known"
            )
        return cls(folder, model, request)

    def ask(self, n: int) -> list[Any]:
        """Up to `n` items to be measured, none of them proposed before."""
        return self.search.ask(n)

    def tell(
        self, path: Path, columns: Mapping[str, str] | None = None, item_column: str = ""
    ) -> tuple[Results, Receipt]:
        """Learn from a table of results; telling it again changes nothing."""
        found = read_results(self.model.domain, self.goal, path, columns, item_column)
        new = _new_of(self.ledger, found.told)
        before = {one.text: self.ledger.known(one.text) for one in found.told}
        asked = self.search.asked.rounds
        first = self.ledger.calls + 1
        told = [
            Told(one.text, one.values, one.score, one.reason, first + i if one.text in asked else 0)
            for i, one in enumerate(new)
        ]
        self.ledger.add(told)
        texts = {one.text for one in new}
        changed = [
            one.text
            for one in found.told
            if one.text not in texts and (old := before[one.text]) is not None and one.score != old.score
        ]
        unspelled = self.search.unspelled([one.text for one in new])
        receipt = Receipt(
            sum(one.score is not None for one in new),
            Counter(one.reason for one in new if one.score is None),
            sum(one.text not in asked for one in new),
            len(found.told) - len(new),
            changed,
            len(unspelled),
        )
        self.folder.write_best(self.model.domain, self.ledger, max(len(self.ledger), 1))
        return found, receipt


def _new_of(ledger: Ledger, told: Sequence[Told]) -> list[Told]:
    """What is news to a ledger: an item it does not know, or a number of one that had failed."""
    return [
        one for one in told if (old := ledger.known(one.text)) is None or (old.score is None and one.score is not None)
    ]


def _goal(model: Model[Any], request: Mapping[str, Any]) -> Goal:
    """What was wanted, as it was written down; what the domain does not know the laboratory says."""
    where = parse_where(f"{name}={asked}" for name, asked in request["where"].items())
    spans = parse_where(f"{name}={span}" for name, span in request["ranges"].items())
    ranges = {name: span for name, span in spans.items() if isinstance(span, Interval)}
    return goal_of(model.domain, model.fields, request["maximize"], request["minimize"], where, ranges, outside=True)
