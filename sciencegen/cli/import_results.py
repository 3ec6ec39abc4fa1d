"""`sciencegen import-results`: what the assay said, put back beside the compounds it was about."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sciencegen.campaign.assay import Summary
    from sciencegen.campaign.matching import Picked
    from sciencegen.campaign.results import Import, Result

__all__ = ["import_results"]

_NAMED = 10


def import_results(
    run: Path = typer.Argument(..., help="The folder of a campaign, or a table with a column of ids."),
    assay: Path = typer.Argument(..., help="The table of results: .csv, .tsv, .jsonl or .parquet; - for a pipe."),
    id_: str = typer.Option("id", "--id", help="The column of ids; without one, plate and well are looked up."),
    values: list[str] = typer.Option(..., "--value", help="A column of results; repeat."),
    failed: list[str] | None = typer.Option(None, "--failed", help="Another word for a failed assay; repeat."),
    out: Path | None = typer.Option(None, "--out", "-o", help="The table to train on; standard output without it."),
    format_: str | None = typer.Option(None, "--format", help="csv, tsv, jsonl or parquet; by suffix without it."),
) -> None:
    """Join the results of an assay to the compounds they are about, and write the table for the next fine-tuning.

    Failed assays are missing, never 0; bounds such as >10 keep their sign in a column of their own; replicates become
    a mean. What matches nothing goes to unmatched.csv, and all results to results.jsonl, where none is counted twice.
    """
    from sciencegen.campaign.matching import Assay, Picked
    from sciencegen.campaign.results import History, training_rows
    from sciencegen.campaign.results import import_results as join
    from sciencegen.core.files import check_writable
    from sciencegen.core.files import sha256 as digest
    from sciencegen.errors import RequestError
    from sciencegen.screen.write import table_format, write_table

    path = None if out is None or str(out) == "-" else out
    format_ = table_format(path, format_)
    picked = Picked.read(run, id_)
    records = _beside(run, "results.jsonl"), _beside(run, "unmatched.csv")
    if path is not None:
        for file in (assay, picked.path, *records):
            if path.resolve() == file.resolve():
                raise RequestError(f"-o {path}: {file.name} is kept there; choose another name")
        check_writable(path)
    wanted = list(dict.fromkeys(values))
    table = Assay.read(assay, id_, wanted, picked)
    found = join(picked, table, wanted, failed or (), "" if str(assay) == "-" else digest(assay))
    if not found.matched + found.controls:
        first = found.unmatched[0]
        raise RequestError(
            f"{assay}: no row is about a compound of {picked.path}: line {first['line']}: {first['reason']}"
        )
    with History.alone(records[0]) as history:
        fresh = history.fresh(found.results)
        grown = history.after(fresh)
        rows, sums = training_rows(picked, grown)
        if fresh:
            grown.write()
        if found.unmatched or records[1].exists():
            _write_unmatched(records[1], found.unmatched)
    print("\n".join(_said(assay, found, records[1], picked, sums)), file=sys.stderr)
    again = len(found.results) - len(fresh)
    if again:
        print(f"{again:,} of {len(found.results):,} results were imported before: not counted twice", file=sys.stderr)
    if fresh:
        print(f"{records[0]}: {len(fresh):,} results added, import {grown.imports}", file=sys.stderr)
    if not rows:
        print("no compound has a number yet: there is nothing to train on, and no table is written", file=sys.stderr)
        return
    write_table(rows, path, format_)
    if path is not None:
        print(f"{path}: {len(rows):,} compounds with results; train on it with --ask {wanted[0]}", file=sys.stderr)


def _beside(run: Path, name: str) -> Path:
    """Where the records of a campaign are, or those of a table."""
    return run / name if run.is_dir() else run.with_name(f"{run.name}.{name}")


def _write_unmatched(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write the rows that are about nothing known; none leaves the names of the columns."""
    import csv

    from sciencegen.core.files import atomic

    names = list(dict.fromkeys(["line", "reason", *(name for row in rows for name in row)]))
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _said(
    assay: Path, found: Import, unmatched: Path, picked: Picked, sums: Mapping[str, Mapping[str, Summary]]
) -> Iterator[str]:
    """What became of the rows, line by line."""
    rows = found.matched + found.controls + len(found.unmatched)
    lost = f", {len(found.unmatched):,} match nothing ({unmatched})" if found.unmatched else ""
    controls = f", {found.controls:,} of control wells" if found.controls else ""
    yield f"{assay}: {rows:,} rows, {found.matched:,} of compounds{controls}{lost}"
    yield from (f"  line {row['line']}: {row['reason']}" for row in found.unmatched[:_NAMED])
    for name in found.failed:
        yield from _column(name, found, sums.get(name, {}))
    yield from _controls(found.results)
    bare = [id_ for id_ in picked.ids if not any(id_ in known for known in sums.values())]
    if bare:
        more = f" and {len(bare) - _NAMED:,} more" if len(bare) > _NAMED else ""
        yield f"{len(bare):,} of {len(picked.ids):,} ids have no result: {', '.join(bare[:_NAMED])}{more}"


def _column(name: str, found: Import, sums: Mapping[str, Summary]) -> Iterator[str]:
    """What a column of results held, and what was made of it."""
    results = [one for one in found.results if one.column == name]
    known = [one for one in results if one.value is not None]
    bounds = sum(bool(one.qualifier) for one in known)
    words = ", ".join(f"{count:,} {word!r}" for word, count in found.failed[name].most_common())
    parts = [f"{len(known):,} numbers", f"{bounds:,} of them bounds, kept in {name}_qualifier" if bounds else ""]
    parts.append(f"{words}: missing" if words else "")
    yield f"{name}: {', '.join(part for part in parts if part)}"
    odd = [one for one in found.odd if one.column == name]
    if odd:
        lines = ", ".join(f"{one.text!r} in line {one.line}" for one in odd[:_NAMED])
        more = f" and {len(odd) - _NAMED:,} more" if len(odd) > _NAMED else ""
        yield f"{name}: no numbers, taken as missing: {lines}{more}"
    repeated = sum(one.n > 1 for one in sums.values())
    if repeated:
        yield f"{name}: {repeated:,} compounds have replicates; their mean is taken"
    conflicts = [id_ for id_, one in sums.items() if one.conflict]
    if conflicts:
        said = ", ".join(conflicts[:_NAMED])
        yield f"{name}: replicates are bounds that contradict one another, taken as missing: {said}"


def _controls(results: Sequence[Result]) -> Iterator[str]:
    """What the control wells of every plate measured."""
    from sciencegen.campaign.assay import summary

    groups: dict[tuple[str, str, str], list[Result]] = {}
    for one in results:
        if one.control and one.value is not None:
            groups.setdefault((one.column, one.id, one.plate), []).append(one)
    for (column, id_, plate), ones in groups.items():
        of = summary([one.readout for one in ones])
        where = f" on plate {plate}" if plate else ""
        mean = "no mean" if of.mean is None else f"mean {of.qualifier}{of.mean:.4g}"
        spread = "" if of.sd is None else f", sd {of.sd:.3g}"
        yield f"controls {id_}{where}: {column} {mean}{spread}, {of.n:,} wells"
