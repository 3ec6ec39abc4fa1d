"""`sciencegen filter`: the rows of a table, or of a pipe, that are like what is wanted."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.campaign.sift import Left, Raw, Sift
    from sciencegen.core.domain import Domain, Entry
    from sciencegen.data.workers import Failed

__all__ = ["filter_"]


def filter_(
    data: Path = typer.Argument(Path("-"), help="Items: a table, or one on each line; standard input without it."),
    domain: str = typer.Option("molecules", "--domain", help="What the items are."),
    column: str | None = typer.Option(
        None, "--column", "--smiles-column", help="The column of a table that holds the items as text."
    ),
    where: list[str] | None = typer.Option(
        None, "--where", "-w", help="name=low..high, name>=low, name<=high; repeat."
    ),
    contains: list[str] | None = typer.Option(None, "--contains", help="Only items with this in them; repeat."),
    without: list[str] | None = typer.Option(None, "--without", help="Only items without this in them; repeat."),
    unlike: list[str] | None = typer.Option(None, "--unlike", help="Only items unlike all of this file's; repeat."),
    ceiling: float = typer.Option(0.6, "--ceiling", help="The similarity from which --unlike leaves items out."),
    reject: list[str] | None = typer.Option(None, "--reject", help="Leave out what a catalogue lists; repeat."),
    flag: list[str] | None = typer.Option(None, "--flag", help="Write down what a catalogue lists; repeat."),
    known: list[str] | None = typer.Option(None, "--not-in", help="Leave out items of this file, or data set; repeat."),
    read: list[str] | None = typer.Option(None, "--read", help="How items are read, such as salts=keep; repeat."),
    distinct: bool = typer.Option(True, "--distinct/--repeats", help="Each item once, or as often as it comes."),
    longest: int = typer.Option(500, "--longest", help="Leave out items of more characters."),
    standard: bool = typer.Option(False, "--standard", help="Add the parent of each item and a register's key."),
    rejects: Path | None = typer.Option(None, "--rejects", help="A table of what was left out, and why."),
    workers: int | None = typer.Option(None, "--workers", help="Processes; as many as there are cores without it."),
    out: Path | None = typer.Option(None, "--out", "-o", help="The file to write; standard output without it, or -."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl, parquet or the domain's own."),
) -> None:
    """Keep the rows whose items can be read, are wanted and come for the first time; their columns stay as they are."""
    from sciencegen.cli.tables import Output, domain_called

    chosen = domain_called(domain)
    output = Output(chosen, out, format_, data)
    if rejects is not None:
        _check_rejects(rejects, data, output.path)
    settings = {
        "where": where,
        "contains": contains,
        "without": without,
        "unlike": unlike,
        "ceiling": ceiling,
        "reject": reject,
        "flag": flag,
        "known": known,
        "read": read,
        "longest": longest,
    }
    sieve = _Sieve(chosen, settings, distinct, standard, workers, rejects is not None)
    sieve.open(chosen.rows(data, column or ""), data)
    output.write(sieve.rows(output.format in chosen.formats), sieve.columns())
    if rejects is not None:
        _write_rejects(rejects, sieve.left)
    by = ", ".join(f"{reason}: {count:,}" for reason, count in sieve.reasons.most_common())
    kept = sieve.count - sieve.reasons.total()
    print(f"{sieve.count:,} rows, {kept:,} kept" + (f" ({by})" if by else ""), file=sys.stderr)


_REJECTS = ("row", "input", "stage", "reason", "detail")
_FEW = 300
"""For fewer rows a second process is not worth starting."""


class _Sieve:
    """Passes rows on, and remembers why it does not pass others on."""

    def __init__(
        self,
        domain: Domain[Any],
        settings: dict[str, Any],
        distinct: bool,
        standard: bool,
        workers: int | None,
        remember: bool,
    ) -> None:
        from sciencegen.campaign.known import Known
        from sciencegen.data.cards import resolve

        self.domain, self.distinct, self.workers, self.remember = domain, distinct, workers, remember
        self.sift: Sift[Any] = _sift(domain, settings)
        self.sift.check()
        self.known = Known.of(domain, [resolve(name) for name in settings["known"] or []])
        register = [domain.key, f"parent_{domain.column}"] if standard else []
        self.added = [*register, *(f"flag_{name}" for name in self.sift.flag)]
        self.first: list[Entry[Any]] = []
        self.rest: Iterator[Entry[Any]] = iter(())
        self.waiting: deque[Entry[Any]] = deque()
        self.seen: set[str] = set()
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self.left: list[tuple[int, str, str, str, str]] = []
        """What the cells of those left out are, where somebody wants to know."""

    def open(self, entries: Iterator[Entry[Any]], data: Path) -> None:
        """Take the rows of a file, and look at the first of them."""
        from sciencegen.cli.tables import named, say_replaced
        from sciencegen.errors import DataError

        self.first, self.rest = list(islice(entries, _FEW)), entries
        if not self.first:
            raise DataError(f"{named(data)}: holds no rows")
        whole = [entry for entry in self.first if not entry.complaint]
        if whole:
            say_replaced(named(data), whole, self.added)

    def columns(self) -> list[str]:
        """The columns of what passes, as far as the first rows say."""
        whole = next((entry for entry in self.first if not entry.complaint), self.first[0])
        return list(self._row(whole, None, dict.fromkeys([self.domain.column, *self.added])))

    def rows(self, items: bool) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The rows that pass, in their order; with their items, where somebody needs them."""
        from sciencegen.campaign.sift import Left
        from sciencegen.data.workers import Workers

        with Workers(self.sift, 1 if len(self.first) < _FEW else self.workers) as pool:  # one survives a crash too
            for found in pool.map(self._raws()):
                self._leave_broken()
                entry = self.waiting.popleft()
                passed = self._passed(found)
                if isinstance(passed, Left):
                    self._leave(entry, passed)
                    continue
                item = self.domain.parse(passed[self.domain.column]) if items or self._disputed(entry) else None
                yield item, self._row(entry, item, passed)
            self._leave_broken()

    def _raws(self) -> Iterator[Raw]:
        """What is to be sifted of the rows, which wait for it."""
        from sciencegen.campaign.sift import Raw

        for entry in chain(self.first, self.rest):
            self.count += 1
            self.waiting.append(entry)
            if not entry.complaint:
                yield Raw(entry.row, entry.text, {})

    def _leave_broken(self) -> None:
        """Leave out the rows, next in turn, that could not be taken apart."""
        from sciencegen.campaign.sift import Left

        while self.waiting and self.waiting[0].complaint:
            entry = self.waiting.popleft()
            self._leave(entry, Left("read", entry.complaint))

    def _passed(self, found: dict[str, Any] | Left | Failed) -> dict[str, Any] | Left:
        """What was found of a row, or why it is left out; that may be that it came before."""
        from sciencegen.campaign.sift import Left, judged

        verdict = judged(found, self.domain.key, self.known)
        if isinstance(verdict, Left):
            return verdict
        key = verdict[self.domain.key]
        if self.distinct and key in self.seen:
            return Left("duplicate", "there already", key)
        self.seen.add(key)
        return verdict

    def _disputed(self, entry: Entry[Any]) -> bool:
        """Whether another column than that of the items is called so."""
        return self.domain.column in entry.cells

    def _row(self, entry: Entry[Any], item: Any, found: dict[str, Any]) -> dict[str, Any]:
        from sciencegen.cli.tables import cells_of

        held = self.domain.column
        return {held: found[held], **cells_of(self.domain, entry, item), **{name: found[name] for name in self.added}}

    def _leave(self, entry: Entry[Any], left: Left) -> None:
        self.reasons[left.reason] += 1
        if self.remember:
            self.left.append((entry.row, entry.text.partition("\n")[0], left.stage, intern(left.reason), left.detail))


def _sift(domain: Domain[Any], settings: dict[str, Any]) -> Sift[Any]:
    """The way of a row that the options ask for."""
    from sciencegen.campaign.sift import Sift
    from sciencegen.core.interval import Interval
    from sciencegen.core.request import parse_where
    from sciencegen.data.cards import resolve
    from sciencegen.errors import RequestError
    from sciencegen.recipes.options import assignments

    ranges: dict[str, Interval] = {}
    for name, asked in parse_where(settings["where"] or []).items():
        if isinstance(asked, str):
            raise RequestError(f"--where {name}={asked}: expected a number or a range, such as {name}=1..2")
        ranges[name] = asked if isinstance(asked, Interval) else Interval(asked, asked)
    patterns = [(name, text, ()) for name in ("contains", "without") for text in settings[name] or []]
    unlike = [("unlike", str(resolve(name)), (("ceiling", settings["ceiling"]),)) for name in settings["unlike"] or []]
    reading = assignments(settings["read"] or [], "--read")
    return Sift(
        domain.reading(**reading) if reading else domain,
        None,
        settings["longest"],
        ranges,
        (*patterns, *unlike),
        tuple(settings["reject"] or ()),
        tuple(settings["flag"] or ()),
        (),
    )


def _check_rejects(path: Path, data: Path, out: Path | None) -> None:
    """Refuse early a table of those left out that could not be written in the end, or that writes over another."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError
    from sciencegen.screen.write import table_format

    for other, what in ((data, "the items are read from there"), (out, "what is kept is written there")):
        if other is not None and other.resolve() == path.resolve():
            raise RequestError(f"--rejects {path}: {what}; choose another name")
    table_format(path, None)
    check_writable(path)


def _write_rejects(path: Path, left: Sequence[tuple[int, str, str, str, str]]) -> None:
    from sciencegen.screen.write import table_format, write_sheet, write_table

    rows: Iterator[dict[str, Any]] = (dict(zip(_REJECTS, cells, strict=True)) for cells in left)
    name = table_format(path, None)
    if name == "csv":
        write_sheet(rows, _REJECTS, path)
    else:
        write_table(rows, path, name)
