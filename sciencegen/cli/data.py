"""`sciencegen data`: the data sets there are, bringing them here, and making more by physics."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sciencegen.data.cards import Card, Member

__all__ = ["app"]

_SAY_EVERY = 5.0

app = typer.Typer(
    help="The data sets there are: list them, bring one here, see what it holds, make one.",
    no_args_is_help=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def data(context: typer.Context) -> None:
    """The data sets there are: list them, bring one here, see what it holds, make one."""
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
def make(
    name: str | None = typer.Argument(None, help="What to make; without it, all there is and its options."),
    n: int = typer.Option(1000, "-n", help="How many images."),
    size: str = typer.Option("64", "--size", help="Pixels of a side, or of each: 64x32, 64x64x64."),
    set_: list[str] | None = typer.Option(None, "--set", help="An option: a number, or a range as low..high; repeat."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same file."),
    out: Path | None = typer.Option(None, "--out", "-o", help="The .npz file to write; it must not be there yet."),
) -> None:
    """Make images of microstructures by physics, with labels that are known and not measured."""
    if name is None and out is None:
        return _list_makers()
    import torch

    from sciencegen import __version__
    from sciencegen.domains.microstructures.physics.makers import maker_called, read_options, written
    from sciencegen.domains.microstructures.stacks import Stack, save
    from sciencegen.recipes.options import assignments

    function, options = maker_called(name or ""), read_options(name or "", assignments(set_ or []))
    shape, path, random = _shape(size), _unwritten(out, f"{name}.npz"), torch.Generator().manual_seed(_seed(seed))
    began = time.monotonic()
    torch.set_num_threads(1)  # fields are made a few at a time, where threads cost more than they bring
    made = function(n, shape, random, **options, progress=_progress(n))
    pixels = "x".join(map(str, shape))
    sets = "".join(f" --set {option}={written(value)}" for option, value in options.items())
    columns = {label: column.tolist() for label, column in made.columns.items()}
    command = f"sciencegen data make {name} -n {n} --size {pixels} --seed {seed}{sets}"
    beside = {title: Stack(one.images.numpy(), 8, one.phases) for title, one in made.beside.items()}
    stack = Stack(made.images.numpy(), 8, made.phases, periodic=True, columns=columns, beside=beside)
    save(stack, path, f"{command}  # sciencegen {__version__}")
    single = int((made.images.flatten(1).amin(1) == made.images.flatten(1).amax(1)).sum())
    if single:
        print(f"{single:,} of {n:,} images are of one phase only", file=sys.stderr)
    took = f"in {time.monotonic() - began:.1f} s"
    print(f"{n:,} x {name}, {pixels}, {took}: {path} ({_size(path.stat().st_size)})", file=sys.stderr)


@app.command()
def forget() -> None:
    """Empty the cache of what was computed from data; it is computed again when it is needed."""
    from sciencegen.data.cache import cache_folder
    from sciencegen.data.cache import forget as empty

    print(f"{_size(empty())} forgotten in {cache_folder()}", file=sys.stderr)


def _list_makers() -> None:
    from sciencegen.domains.microstructures.physics.makers import MAKERS, options_of, written

    for name, function in MAKERS.items():
        print(f"{name}: {(function.__doc__ or '').strip().splitlines()[0]}")
        print("  " + " ".join(f"--set {option}={written(value)}" for option, value in options_of(name).items()) + "\n")
    print("Ranges are drawn from for each image: sciencegen data make cahn-hilliard -n 1000 --size 64 -o mixtures.npz")


def _shape(text: str) -> tuple[int, ...]:
    """The sides of an image; one number stands for a square."""
    from sciencegen.errors import RequestError

    sides = text.split("x")
    if len(sides) > 3 or not all(side.isascii() and side.isdecimal() and len(side) < 6 for side in sides):
        raise RequestError(f"--size {text}: expected pixels such as 64, 64x32 or 64x64x64")
    shape = tuple(int(side) for side in sides)
    return shape * 2 if len(shape) == 1 else shape


def _seed(number: int) -> int:
    from sciencegen.errors import RequestError

    if not 0 <= number < 2**63:
        raise RequestError(f"--seed {number}: expected a whole number from 0 to {2**63 - 1}")
    return number


def _unwritten(path: Path | None, example: str) -> Path:
    """A file that can be written and is not there yet."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError

    if path is None:
        raise RequestError(f"say which file to write: -o {example}")
    if path.suffix != ".npz":
        raise RequestError(f"-o {path}: expected a file ending in .npz")
    if path.exists():
        raise RequestError(f"-o {path}: it is there already; remove it, or write another")
    check_writable(path)
    return path


def _progress(n: int) -> Callable[[int], None]:
    """Says now and then how many of `n` are done."""
    began = said = time.monotonic()
    done = 0

    def count(more: int) -> None:
        nonlocal said, done
        done += more
        if done < n and time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            print(f"{done:,} of {n:,} after {said - began:.0f} s", file=sys.stderr)

    return count


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
