"""`sciencegen filter`: the rows of a table, or of a pipe, that are like what is wanted."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.campaign.sift import Left, Sift
    from sciencegen.core.domain import Domain, Entry

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
    from sciencegen.cli.tables import Output, domain_called, read_entries
    from sciencegen.core.files import check_writable

    chosen = domain_called(domain)
    output = Output(chosen, out, format_, data)
    if rejects is not None:
        check_writable(rejects)
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
    sieve = _Sieve(chosen, settings, distinct, standard, workers)
    entries = read_entries(chosen, data, column, whole=False)
    output.write(sieve.rows(entries))
    if rejects is not None:
        _write_rejects(rejects, sieve.left)
    by = ", ".join(f"{reason}: {count:,}" for reason, count in sieve.reasons.most_common())
    print(
        f"{len(entries):,} rows, {len(entries) - len(sieve.left):,} kept" + (f" ({by})" if by else ""), file=sys.stderr
    )


class _Sieve:
    """Passes rows on, and remembers those it does not."""

    def __init__(
        self, domain: Domain[Any], settings: dict[str, Any], distinct: bool, standard: bool, workers: int | None
    ) -> None:
        from sciencegen.campaign.known import Known
        from sciencegen.data.cards import resolve

        self.domain, self.distinct, self.standard, self.workers = domain, distinct, standard, workers
        self.sift: Sift[Any] = _sift(domain, settings)
        self.sift.check()
        self.known = Known.of(domain, [resolve(name) for name in settings["known"] or []])
        self.left: list[dict[str, Any]] = []
        self.reasons: Counter[str] = Counter()

    def rows(self, entries: Sequence[Entry[Any]]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The rows that pass, in their order."""
        from sciencegen.campaign.sift import Left, Raw
        from sciencegen.data.workers import Failed, Workers

        whole = [entry for entry in entries if not entry.complaint]
        few = len(whole) < _FEW
        raws = (Raw(entry.row, entry.text, {}) for entry in whole)
        seen: set[str] = set()
        for entry in entries:
            if entry.complaint:
                self._leave(entry, Left("read", entry.complaint))
        with Workers(self.sift, 0 if few else self.workers) as pool:
            for entry, found in zip(whole, pool.map(raws), strict=True):
                if isinstance(found, Failed):
                    self._leave(entry, Left("crash", found.reason))
                elif isinstance(found, Left):
                    self._leave(entry, found)
                elif self.known and found[self.domain.key] in self.known:
                    self._leave(entry, Left("known", "known already"))
                elif self.distinct and found[self.domain.key] in seen:
                    self._leave(entry, Left("duplicate", "there already"))
                else:
                    seen.add(found[self.domain.key])
                    yield self._passed(entry, found)

    def _passed(self, entry: Entry[Any], found: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        text = found.pop(self.domain.column)
        parent = f"parent_{self.domain.column}"
        wanted = (self.domain.key, parent) if self.standard else ()
        added = {name: value for name, value in found.items() if name.startswith("flag_") or name in wanted}
        return self.domain.parse(text), {self.domain.column: text, **entry.cells, **added}

    def _leave(self, entry: Entry[Any], left: Left) -> None:
        self.reasons[left.reason] += 1
        text = entry.text.partition("\n")[0]
        row = {"row": entry.row, "input": text, "stage": left.stage, "reason": left.reason, "detail": left.detail}
        self.left.append(row)


_FEW = 300
"""So many rows are sifted sooner than other processes have started."""


def _sift(domain: Domain[Any], settings: dict[str, Any]) -> Sift[Any]:
    """The way of a row that the options ask for."""
    from sciencegen.campaign.sift import Sift
    from sciencegen.core.condition import Interval
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
    reading = assignments(settings["read"] or [])
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


def _write_rejects(path: Path, rows: list[dict[str, Any]]) -> None:
    from sciencegen.screen.write import table_format, write_table

    write_table(sorted(rows, key=lambda row: int(row["row"])), path, table_format(path, None))
