"""`sciencegen pick`: some of the rows of a table, or of a pipe: diverse ones, or the best."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.core.domain import Domain, Entry, Likeness
    from sciencegen.screen.pick import Choice, Picked

__all__ = ["pick"]

_NAMED = 3
_ADDED = ("pick", "reason", "nearest", "cluster")


def pick(
    data: Path = typer.Argument(Path("-"), help="Items: a table, or one on each line; standard input without it."),
    n: int = typer.Option(80, "-n", help="How many."),
    method: str = typer.Option("maxmin", "--method", help="maxmin, spheres, butina or best."),
    ceiling: float = typer.Option(0.65, "--ceiling", help="The similarity at which spheres and clusters end."),
    by: str | None = typer.Option(None, "--by", help="The column of numbers that says which are better."),
    descending: bool = typer.Option(
        True, "--descending/--ascending", help="Whether large numbers are better, or small ones."
    ),
    quota: int = typer.Option(0, "--quota", help="At most so many of a series, such as a scaffold; 0 for no limit."),
    must: list[str] | None = typer.Option(None, "--must", help="An item, or a file of them, that is chosen; repeat."),
    ban: list[str] | None = typer.Option(None, "--ban", help="An item, or a file of them, that is not; repeat."),
    among: int = typer.Option(0, "--among", help="Choose from the so many best only; 0 for all."),
    domain: str = typer.Option("molecules", "--domain", help="What the items are."),
    column: str | None = typer.Option(
        None, "--column", "--smiles-column", help="The column of a table that holds the items as text."
    ),
    out: Path | None = typer.Option(None, "--out", "-o", help="The file to write; standard output without it, or -."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl, parquet or the domain's own."),
) -> None:
    """Choose rows and write them in the order of choice, with why each was chosen and how alike the nearest is.

    Columns stay as they are; pick, reason and nearest are added, and with butina cluster; and id, row-1 and so on,
    where there is none. The choice does not depend on the order of the rows.
    """
    from sciencegen.cli.tables import Output, domain_called, named, read_entries, say_replaced
    from sciencegen.errors import RequestError
    from sciencegen.screen.pick import Choice

    choice = Choice(n, method, among, ceiling, quota)
    for option, used in (("--among", among > 0), ("--method best", method == "best")):
        if used and by is None:
            raise RequestError(f"{option}: say which are the best with --by COLUMN")
    chosen = domain_called(domain)
    output = Output(chosen, out, format_, data)
    entries = read_entries(chosen, data, column)
    data = named(data)
    _say_unread(entries)
    request = _Request(chosen, data, [entry for entry in entries if entry.item is not None])
    picked = request.carried_out(choice, request.scores(by, descending), must or [], ban or [])
    added = _ADDED if method == "butina" else _ADDED[:-1]
    say_replaced(data, request.entries, added)
    output.write(request.rows(picked, added))
    for note in (*picked.notes, *([picked.shortfall] if picked.shortfall else [])):
        print(f"note: {note}", file=sys.stderr)
    print(f"{len(entries):,} rows, {len(picked.chosen):,} chosen by {method}", file=sys.stderr)


class _Request:
    """The rows that may be chosen, and what is known of them."""

    def __init__(self, domain: Domain[Any], data: Path, entries: Sequence[Entry[Any]]) -> None:
        from sciencegen.cli.tables import ids_of
        from sciencegen.errors import DataError

        if not entries:
            raise DataError(f"{data}: no row holds an item that could be chosen")
        self.domain, self.data, self.entries = domain, data, entries
        self.ids = ids_of(data, entries)
        self.titled = "id" in entries[0].cells
        self.places: dict[str, list[int]] = {}
        for place, entry in enumerate(entries):
            self.places.setdefault(domain.text(entry.item), []).append(place)

    def scores(self, by: str | None, descending: bool) -> list[float | None]:
        """The numbers of a column, turned round where small ones are better."""
        from sciencegen.data.rows import numbers_or_text
        from sciencegen.errors import DataError, UnknownName

        if by is None:
            return []
        if by not in self.entries[0].cells:
            raise UnknownName(f"column of {self.data}", by, list(self.entries[0].cells))
        cells = numbers_or_text(self.data, by, [entry.cells[by] for entry in self.entries], whole=True)
        if words := [cell for cell in cells if isinstance(cell, str)]:
            raise DataError(f"{self.data}: --by {by}: expected a column of numbers, and it has {words[0][:40]!r}")
        numbers = [None if cell is None else float(cell) for cell in cells]
        if not any(number is not None for number in numbers):
            raise DataError(f"{self.data}: --by {by}: the column is empty")
        return [number if number is None or descending else -number for number in numbers]

    def carried_out(
        self, choice: Choice, scores: Sequence[float | None], must: Sequence[str], ban: Sequence[str]
    ) -> Picked:
        """The choice."""
        from dataclasses import replace

        from sciencegen.screen.pick import Pool, pick_listed, shortlist

        # with leading zeros, so that of equal rows the upper one comes first
        pool = Pool(self.ids if self.titled else [f"{entry.row:012}" for entry in self.entries], scores)
        musts, banned = self._named("--must", must), self._named("--ban", ban)
        self._check(musts, banned)
        rank = {place: i for i, place in enumerate(pool.best_first())}
        pool = replace(
            pool,
            must=frozenset(min(self.places[text], key=rank.__getitem__) for text in musts),
            banned=frozenset(place for text in banned for place in self.places.get(text, ())),
        )
        if choice.quota:
            groups = [""] * len(pool)
            for place in shortlist(pool, choice.among):
                groups[place] = self.domain.group(self.entries[place].item)
            if not any(groups):
                print("note: no item belongs to a series: --quota changes nothing", file=sys.stderr)
            pool = replace(pool, groups=groups)
        return pick_listed(pool, choice, lambda places: self._likeness(places, choice.method))

    def _named(self, option: str, texts: Sequence[str]) -> dict[str, str]:
        """The items that options name, themselves or by a file, with the option."""
        from sciencegen.errors import DataError, RequestError

        named: dict[str, str] = {}
        for text in texts:
            if os.path.isfile(text):  # noqa: PTH113  (an item may be longer than a name of a file can be)
                for entry in self.domain.entries(Path(text)):
                    if entry.item is None:
                        raise DataError(f"{option} {text}: row {entry.row}: {entry.text!r}: {entry.complaint}")
                    named.setdefault(self.domain.text(entry.item), f"{option} {text}")
            else:
                item = self.domain.parse(text)
                if item is None:
                    raise RequestError(f"{option} {text}: neither a file nor one of {self.domain.name}")
                named.setdefault(self.domain.text(item), f"{option} {text}")
        return named

    def _check(self, musts: dict[str, str], banned: dict[str, str]) -> None:
        """Refuse what contradicts itself and what cannot be had; say of the rest what is not there."""
        from sciencegen.errors import RequestError

        for text, said in musts.items():
            if text in banned:
                raise RequestError(f"{said}: {text} is banned by {banned[text]}: take it from one of them")
        absent = [text for text in musts if text not in self.places]
        if absent:
            more = f", and {len(absent) - 1:,} more are not" if len(absent) > 1 else ""
            what = f"{musts[absent[0]]}: {absent[0]} is not in {self.data}{more}"
            raise RequestError(f"{what}: add it there, or take it from what must be chosen")
        unneeded = sum(text not in self.places for text in banned)
        if unneeded:
            print(f"note: {unneeded:,} of {len(banned):,} banned items are not in {self.data}", file=sys.stderr)

    def _likeness(self, places: Sequence[int], method: str) -> Likeness | None:
        from sciencegen.errors import RequestError

        try:
            return self.domain.likeness([self.entries[place].item for place in places])
        except RequestError:
            if method == "best":  # who is best needs no comparison
                return None
            raise

    def rows(self, picked: Picked, added: Sequence[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The chosen rows, in order, with what is said of each."""
        from sciencegen.cli.tables import row_of

        for number, one in enumerate(picked.chosen, 1):
            entry = self.entries[one.index]
            name = {} if self.titled else {"id": self.ids[one.index]}
            said = {"pick": number, "reason": one.reason, "nearest": one.nearest, "cluster": one.cluster}
            yield entry.item, name | row_of(self.domain, entry) | {key: said[key] for key in added}


def _say_unread(entries: Sequence[Entry[Any]]) -> None:
    """Say which rows hold no item."""
    unread = [entry for entry in entries if entry.item is None]
    if unread:
        print(f"note: rows that hold no item are not chosen from: {len(unread):,}", file=sys.stderr)
    for entry in unread[:_NAMED]:
        print(f"  row {entry.row}: {entry.text.partition(chr(10))[0][:60]!r}: {entry.complaint}", file=sys.stderr)
