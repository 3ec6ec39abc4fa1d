"""`sciencegen report`: the page of a screening, or of any table of items."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sciencegen.report.findings import Findings

__all__ = ["report"]

_RECORD, _PAGE = "report.json", "report.html"


def report(
    source: Path = typer.Argument(..., help="The folder of a screening, or a table of items; - for standard input."),
    out: Path | None = typer.Option(
        None, "--out", "-o", help="The page to write; the folder's report.html, or standard output for a table."
    ),
    domain: str = typer.Option("molecules", "--domain", help="What a table holds."),
    column: str | None = typer.Option(None, "--column", help="The column of a table that holds the items as text."),
    by: str | None = typer.Option(None, "--by", help="Show the items of a table by this column, the highest first."),
    ascending: bool = typer.Option(False, "--ascending", help="The lowest first."),
    shown: int = typer.Option(60, "--shown", help="The most items of a table that are drawn."),
    title: str | None = typer.Option(None, "--title", help="What stands above the page."),
) -> None:
    """Write one page with pictures and numbers, of a screening or of any table of items; it opens anywhere, offline."""
    from dataclasses import replace

    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError
    from sciencegen.report.screening import screening_page

    if shown < 0:
        raise RequestError(f"--shown {shown}: expected 0 or more")
    path = source / _PAGE if out is None and source.is_dir() else out
    path = None if path is None or str(path) == "-" else path
    if path is not None:
        if path.exists() and source.is_file() and path.samefile(source):
            raise RequestError(f"-o {path}: the items are read from there; choose another name")
        check_writable(path)
    if source.is_dir():
        for name, given in {"--by": by, "--column": column, "--ascending": ascending or None}.items():
            if given is not None:
                raise RequestError(f"{name} goes with a table: {source} is the folder of a screening")
        found = _of_run(source)
    else:
        found = _of_table(source, domain, column, by or "", ascending, shown)
    _write(screening_page(replace(found, title=title) if title else found), path)
    if path is not None:
        print(f"{path}: {len(found.cards):,} of {found.of:,} items shown", file=sys.stderr)


def _of_run(folder: Path) -> Findings:
    import json

    from sciencegen.errors import DataError
    from sciencegen.report.findings import from_plain

    path = folder / _RECORD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{folder}: there is no {_RECORD}: finish the screening with sciencegen screen") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        raise DataError(f"{path}: not a JSON file: finish the screening again with sciencegen screen") from None
    return from_plain(values, path)


def _of_table(source: Path, domain: str, column: str | None, by: str, ascending: bool, shown: int) -> Findings:
    from sciencegen.cli.tables import domain_called, read_entries
    from sciencegen.report.table import findings_of

    known = domain_called(domain)
    name = "standard input" if str(source) == "-" else source.name
    return findings_of(known, read_entries(known, source, column), name, by, ascending, shown)


def _write(text: str, path: Path | None) -> None:
    from sciencegen.core.files import atomic, writing

    if path is None:
        with writing("standard output"):
            print(text, end="")
            sys.stdout.flush()
        return
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
