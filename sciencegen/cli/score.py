"""`sciencegen score`: numbers of given items, from a model, a domain and commands of the user's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sciencegen.screen.wishes import properties_wanted

if TYPE_CHECKING:
    from sciencegen.core.domain import Domain, Entry
    from sciencegen.model import Model
    from sciencegen.scorers.scorer import Scorer

__all__ = ["score"]


def score(
    first: str = typer.Argument(
        ..., metavar="[MODEL] DATA", help="A model and a table, or the table alone; - is a pipe."
    ),
    second: Path | None = typer.Argument(None, metavar="", help="The table, after a model; standard input without it."),
    column: str | None = typer.Option(
        None, "--column", "--smiles-column", help="The column of a table that holds the items as text."
    ),
    where: list[str] | None = typer.Option(
        None, "--where", "-w", help="name=value: how probable given this, the same for all; repeat."
    ),
    properties: str | None = typer.Option(
        None, "--properties", "--props", help="What to measure beside what is asked: names with commas, all, or none."
    ),
    external: list[Path] | None = typer.Option(
        None, "--external", help="A TOML file with the [[score]] of a command of yours; repeat."
    ),
    domain: str = typer.Option("molecules", "--domain", help="What the items are, where there is no model."),
    out: Path | None = typer.Option(None, "--out", "-o", help="The file to write; standard output without it, or -."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl, parquet or the domain's own."),
    draws: int = typer.Option(500, "--draws", help="Importance samples for models that know a bound only."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same file."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Write numbers of items beside them, in the order they came: how probable a model finds them, properties, and what
    commands of yours say.

    With a model, what it never saw ranks last. A row that is no item, or that the model cannot spell, says so in its
    own cell.
    """
    from sciencegen.cli.tables import Output, domain_called, read_entries, row_of
    from sciencegen.core.request import parse_where
    from sciencegen.errors import RequestError
    from sciencegen.model import load

    if draws < 1:
        raise RequestError(f"--draws {draws}: expected 1 or more")
    request = parse_where(where or [])
    name, data = _told_apart(first, second)
    loaded = None if name is None else load(name, device)
    if loaded is None and request:
        raise RequestError("--where goes with a model: how probable an item is given this")
    chosen = domain_called(domain) if loaded is None else loaded.domain
    output = Output(chosen, out, format_, data)
    if loaded is not None:
        loaded.asking.row(request)
    nothing = "none" if loaded is None and external and properties is None else properties
    wanted = properties_wanted(chosen, nothing, request)
    scorers = _scorers(external or [], chosen.column)
    entries = read_entries(chosen, data, column)
    said = {i: entry.complaint for i, entry in enumerate(entries) if entry.item is None}
    rows: list[dict[str, Any]] = [row_of(chosen, entry) for entry in entries]
    if loaded is not None:
        said = _complaints(loaded, entries)
        scores = _scored(loaded, [one.item for i, one in enumerate(entries) if i not in said], request, draws, seed)
        rows = [{"row": entry.row, **row} for entry, row in zip(entries, rows, strict=True)]
        _add(rows, [i for i in range(len(entries)) if i not in said], scores[:-1], scores[-1])
    whole = [i for i, entry in enumerate(entries) if entry.item is not None]
    measured = chosen.measure([entries[i].item for i in whole], wanted)
    _add(rows, whole, [{key: measured[key][j] for key in wanted} for j in range(len(whole))], dict.fromkeys(wanted))
    for scorer in scorers:
        _ask(scorer, chosen, rows, entries, whole, said)
    for i, row in enumerate(rows):
        row["error"] = said.get(i)
    rows = _whole(rows, [i for i in range(len(entries)) if entries[i].cells])
    output.write((entry.item, row) for entry, row in zip(entries, rows, strict=True) if _fits(output.format, entry))
    title = chosen.name if loaded is None else loaded.recipe
    print(f"{title}: {len(entries):,} rows, {len(entries) - len(said):,} scored", file=sys.stderr)


def _fits(format_: str, entry: Entry[Any]) -> bool:
    """Whether a row can be written: formats of a domain hold items alone."""
    from sciencegen.screen.write import FORMATS

    return format_ in FORMATS or entry.item is not None


def _whole(rows: Sequence[dict[str, Any]], fine: Sequence[int]) -> list[dict[str, Any]]:
    """Rows that all have all columns, in the order of those that could be taken apart; without columns that only say
    the item once more."""
    names = list(dict.fromkeys(name for row in (*(rows[i] for i in fine[:1]), *rows) for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def _told_apart(first: str, second: Path | None) -> tuple[str | None, Path]:
    """The model, where there is one, and the table."""
    if second is not None:
        return first, second
    if first == "-" or Path(first).is_file():
        return None, Path(first)
    return first, Path("-")


def _add(
    rows: list[dict[str, Any]], places: Sequence[int], cells: Sequence[Mapping[str, Any]], nothing: Mapping[str, Any]
) -> None:
    """Put cells beside the rows at these places, and empty ones beside the others."""
    found = dict(zip(places, cells, strict=True))
    for i, row in enumerate(rows):
        row.update(found.get(i, nothing))


def _scorers(files: Sequence[Path], column: str) -> list[Scorer]:
    """The external scorers of TOML files."""
    from sciencegen.campaign.config import read_scores
    from sciencegen.campaign.outside import scorer_in

    return [scorer_in(score, file.resolve().parent, column) for file in files for score in read_scores(file)]


def _ask(
    scorer: Scorer,
    domain: Domain[Any],
    rows: list[dict[str, Any]],
    entries: Sequence[Entry[Any]],
    whole: Sequence[int],
    said: dict[int, str],
) -> None:
    """Add what a scorer says, and why it says nothing."""
    from sciencegen.scorers.scoring import scored

    texts = [domain.text(entries[i].item) for i in whole]
    answers = list(scored(scorer, texts, texts))
    names = list(dict.fromkeys(name for answer in answers for name in answer.values))
    cells = [{name: answer.values.get(name) for name in names} for answer in answers]
    _add(rows, whole, cells, dict.fromkeys(names))
    for i, answer in zip(whole, answers, strict=True):
        if answer.reason:
            said[i] = f"{scorer.name}: {answer.reason}"


def _complaints(loaded: Model[Any], entries: Sequence[Entry[Any]]) -> dict[int, str]:
    """Of which rows the model cannot speak, and why; by their place."""
    from sciencegen.errors import RequestError

    said = {i: entry.complaint for i, entry in enumerate(entries) if entry.item is None}
    halves = [[i for i in range(len(entries)) if i not in said]]
    while halves:  # where some cannot be encoded together, their halves are tried, down to the row at fault
        places = halves.pop()
        try:
            if places:
                loaded.representation.encode([entries[i].item for i in places])
        except RequestError as error:
            if len(places) == 1:
                said[places[0]] = re.sub(r"^\w+ 1:? ", "", str(error))  # its number says which row it is
            else:
                middle = len(places) // 2
                halves += [places[:middle], places[middle:]]
    return said


def _scored(
    loaded: Model[Any], items: list[Any], request: dict[str, Any], draws: int, seed: int
) -> list[dict[str, float | None]]:
    """The cells that say how probable each item is; after them, those of an item of which nothing is known."""
    from sciencegen.core.space import Tokens

    names = ["log_prob", "rank"]
    columns: list[list[float]] = [[], []]
    space = loaded.representation.space
    if items:
        log_prob = loaded.log_prob(items, request or None, draws, seed).tolist()
        columns = [log_prob, _ranks(log_prob)]
    if isinstance(space, Tokens):
        names += ["log_prob_per_token", "tokens"]
        tokens = space.alive(loaded.representation.encode(items)).sum(-1).tolist() if items else []
        columns += [[value / n for value, n in zip(columns[0], tokens, strict=True)], tokens]
    rows: list[dict[str, float | None]] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return [*rows, dict.fromkeys(names)]


def _ranks(log_prob: list[float]) -> list[float]:
    """1 for the most probable; equals share the better rank."""
    first: dict[float, int] = {}
    for place, value in enumerate(sorted(log_prob, reverse=True), 1):
        first.setdefault(value, place)
    return [first[value] for value in log_prob]
