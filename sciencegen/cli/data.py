"""`sciencegen data`: the data sets there are, and bringing them here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sciencegen.data.cards import Card, Member

__all__ = ["app"]

app = typer.Typer(
    help="The data sets there are: list them, bring one here, see what it holds.",
    no_args_is_help=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def data(context: typer.Context) -> None:
    """The data sets there are: list them, bring one here, see what it holds."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command("list")
def list_() -> None:
    """List the data sets, their licences, and where they are."""
    from sciencegen.data.cache import cache_folder, remembered_bytes
    from sciencegen.data.cards import sets, store_folder

    rows = [("name", "rows", "licence", "where")]
    rows += [
        (name, f"{known.rows:,}", known.licence.partition(" (")[0], _where(known)) for name, known in sets().items()
    ]
    name, count, licence, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    for row in rows:
        print(f"{row[0]:<{name}}  {row[1]:>{count}}  {row[2]:<{licence}}  {row[3]}")
    print(f"sets are kept in {store_folder()}", file=sys.stderr)
    if size := remembered_bytes():
        print(f"{_size(size)} remembered in {cache_folder()}: sciencegen data forget", file=sys.stderr)


@app.command()
def fetch(
    name: str = typer.Argument(..., help="A data set; `sciencegen data list` lists them."),
    origin: Path | None = typer.Option(None, "--from", help="A copy of it: a file, or a folder with its files."),
    to: Path | None = typer.Option(None, "--to", help="Keep it in this folder, not where sets are kept."),
) -> None:
    """Bring a data set here and check it; an interrupted download goes on where it ended."""
    from sciencegen.data.cards import card, store_folder
    from sciencegen.data.fetch import fetch as bring

    folder = bring(name, origin, to, say=lambda line: print(line, file=sys.stderr))
    print(folder)
    if to is not None and to.resolve() != store_folder().resolve() and not card(name).shipped:
        print(f"elsewhere than usual: name it by its path, or set SCIENCEGEN_DATA={to.resolve()}", file=sys.stderr)


@app.command()
def describe(name: str = typer.Argument(..., help="A data set; `sciencegen data list` lists them.")) -> None:
    """Show the card of a data set and, where it is here, what its files hold."""
    from sciencegen.data.cards import card

    known = card(name)
    facts = {
        "title": known.title,
        "items": known.items,
        "columns": ", ".join(known.columns),
        "origin": known.origin,
        "licence": known.licence,
        "note": known.note,
        "from": known.obtained,
        "where": _where(known),
        "use it": f"--data {name}" + ("" if len(known.members) == 1 else f", the same as {name}/{known.training}"),
    }
    for title, fact in facts.items():
        print(f"{title:<9}{fact}")
    missing = known.missing()
    for member in known.members.values():
        print(f"\n{name if len(known.members) == 1 else f'{name}/{member.name}'}: {member.rows:,} rows")
        print(f"  sha256   {member.sha256}")
        if member in missing:
            print("  here     no")
        else:
            _measured(known, member)


@app.command()
def forget() -> None:
    """Empty the cache of what was computed from data; it is computed again when it is needed."""
    from sciencegen.data.cache import cache_folder
    from sciencegen.data.cache import forget as empty

    print(f"{_size(empty())} forgotten in {cache_folder()}", file=sys.stderr)


def _where(known: Card) -> str:
    missing = known.missing()
    if len(missing) == len(known.members):
        return f"not here: sciencegen data fetch {known.name}"
    lacking = f", without {', '.join(member.name for member in missing)}" if missing else ""
    return f"{known.folder()}{lacking}"


def _measured(known: Card, member: Member) -> None:
    """What a file holds that is here, counted now."""
    path = known.folder() / member.file
    whole = "as published" if member.verified(path) else "CHANGED since it was fetched: remove it and fetch it again"
    print(f"  here     {path} ({_size(path.stat().st_size)}), {whole}")
    if path.suffix != ".smi":
        return
    texts = path.read_text(encoding="utf-8").split("\n")[:-1]
    lengths = [len(text) for text in texts]
    print(f"  rows     {len(texts):,}, {len(set(texts)):,} of them different")
    print(f"  length   {min(lengths)} to {max(lengths)} characters, {sum(lengths) / len(texts):.1f} on average")
    print(f"  alphabet {''.join(sorted(set().union(*texts)))}")
    print(f"  first    {texts[0]}")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"
