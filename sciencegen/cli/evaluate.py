"""`sciencegen evaluate`: a model, or a file of draws, beside held-out data or under a published protocol."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sciencegen.cli.generate import turn

if TYPE_CHECKING:
    from sciencegen.core.domain import Items
    from sciencegen.core.protocol import Protocol
    from sciencegen.evaluate import Evaluation
    from sciencegen.model import Model

__all__ = ["evaluate"]

_SAMPLES = 2000
_WEIGHED = 100_000


def evaluate(
    model: str = typer.Argument(..., help="A model folder, a shipped model, or a file of draws (with --protocol)."),
    data: str | None = typer.Option(None, "--data", help="Held-out data: a file, or a set such as moses/test."),
    protocol: str | None = typer.Option(None, "--protocol", help="A published benchmark: moses or guacamol."),
    folder: Path | None = typer.Option(None, "--from", help="The folder with the sets of the protocol."),
    asked: str | None = typer.Option(
        None,
        "--asked",
        help="Is what is asked for measured? Properties, with + where asked together: logp,qed,logp+qed.",
    ),
    targets: int = typer.Option(100, "--targets", help="How many items of the data lend their properties to --asked."),
    each: int = typer.Option(10, "--each", help="How many draws for every one of them."),
    best_of: int = typer.Option(1, "--best-of", help="With --asked: the closest of every so many draws counts."),
    set_: list[str] | None = typer.Option(None, "--set", help="A sampling knob, such as guidance=1.5; repeat."),
    read: list[str] | None = typer.Option(
        None, "--read", help="How the file of --data is read, as in training, such as duplicates=drop; repeat."
    ),
    n: int | None = typer.Option(
        None, "-n", help="How many draws; 2,000, or as many as the protocol asks for. 0 for the likelihood alone."
    ),
    given: bool = typer.Option(False, "--given", help="Also the likelihood given what is known of each item."),
    draws: int = typer.Option(500, "--draws", help="Importance samples for models that know a bound only."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same report."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
    out: Path | None = typer.Option(None, "--out", "-o", help="A JSON file to write; standard output without it."),
    html: Path | None = typer.Option(
        None, "--html", "--report", help="An HTML page with the numbers and plots to write as well."
    ),
    points: Path | None = typer.Option(
        None,
        "--points",
        help="Of a model fitted to an energy: a table of its draws and their weights to write as well.",
    ),
    where: list[str] | None = typer.Option(
        None, "--where", help="Of a model fitted to an energy: what is asked of it, such as temperature=2; repeat."
    ),
) -> None:
    """Report how good a model is: likelihood of held-out data, how far samples are from them, benchmarks, accuracy."""
    from sciencegen.core.files import sha256
    from sciencegen.data.fetch import resolve
    from sciencegen.evaluate import asked_for, report

    _check(
        {
            "-n": (n or 0, 0),
            "--draws": (draws, 1),
            "--targets": (targets, 1),
            "--each": (each, 1),
            "--best-of": (best_of, 1),
        },
        out,
        html,
        points,
    )
    _check_kinds(data, protocol, folder, asked, read, where, points)
    if protocol is not None:
        found = _judged(model, protocol, folder, n, seed, device, set_ or [])
    elif data is None:
        found = _weighed(model, n, where or [], seed, device, set_ or [], points)
    else:
        loaded, path = _loaded(model, device), resolve(data or "")
        turn(loaded, set_ or [])
        items = _read(loaded, path, given, read or [])
        if asked is not None:
            combinations = [[one.strip() for one in names.split("+")] for names in asked.split(",")]
            found = asked_for(loaded, items, combinations, targets, each, seed, best_of)
        else:
            found = report(loaded, items, _SAMPLES if n is None else n, seed=seed, draws=draws, given=given)
        found.numbers["data"] = {"file": str(path), "sha256": sha256(path)} | ({"read": read} if read else {})
    _write(found, model, out, html)


def _check(numbers: dict[str, tuple[int, int]], *files: Path | None) -> None:
    """Refuse numbers below their least, and files that could not be written in the end."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError

    for option, (value, least) in numbers.items():
        if value < least:
            raise RequestError(f"{option} {value}: expected {least} or more")
    for path in files:
        if path is not None:
            check_writable(path)


def _check_kinds(
    data: str | None,
    protocol: str | None,
    folder: Path | None,
    asked: str | None,
    read: list[str] | None,
    where: list[str] | None,
    points: Path | None,
) -> None:
    """Refuse options that do not belong together."""
    from sciencegen.errors import RequestError

    if data is not None and protocol is not None:
        raise RequestError("give either --data or --protocol")
    for option, value in (("--where", where), ("--points", points)):
        if value and (data is not None or protocol is not None):
            raise RequestError(f"{option} goes with a model that was fitted to an energy, without --data, --protocol")
    if asked is not None and data is None:
        raise RequestError("--asked goes with --data")
    if read and data is None:
        raise RequestError("--read goes with --data")
    if folder is not None and protocol is None:
        raise RequestError("--from goes with --protocol")


def _judged(
    model: str, name: str, folder: Path | None, n: int | None, seed: int, device: str, knobs: list[str]
) -> Evaluation:
    """A model's draws, or those of a file, under a protocol."""
    from dataclasses import asdict

    from sciencegen.core.files import sha256
    from sciencegen.errors import RequestError
    from sciencegen.evaluate import drawn, judged
    from sciencegen.model import load

    if n == 0:
        raise RequestError("-n 0: a protocol needs draws")
    if Path(model).is_file():
        path = Path(model)
        protocol = _protocol(name, _protocols_of_files())
        return judged(
            protocol.read(path)[:n], protocol, folder, {"file": model, "sha256": sha256(path), "protocol": name}
        )
    loaded = load(model, device)
    turn(loaded, knobs)
    protocol = _protocol(name, loaded.domain.protocols)
    made_by = {
        "recipe": loaded.recipe,
        "checkpoint": loaded.checkpoint,
        "seed": seed,
        "protocol": name,
        "knobs": asdict(loaded.generator.knobs),
    }
    return judged(drawn(loaded, n or protocol.draws, seed), protocol, folder, made_by)


def _weighed(
    model: str, n: int | None, where: list[str], seed: int, device: str, knobs: list[str], points: Path | None
) -> Evaluation:
    """A model's draws beside the energy it was fitted to."""
    from sciencegen.core.request import parse_where
    from sciencegen.errors import RequestError
    from sciencegen.screen.write import table_format, write_table
    from sciencegen.weighing import report, weighed

    format_ = None if points is None else table_format(points, None)
    loaded = _loaded(model, device)
    if loaded.domain.density is None:
        raise RequestError(f"{loaded.recipe} was fitted to no energy: give --data or --protocol")
    if n == 0:
        raise RequestError("-n 0: weights need draws")
    turn(loaded, knobs)
    asked, many = parse_where(where), _WEIGHED if n is None else n
    drawn = None
    if format_ is not None:
        drawn = weighed(loaded, many, asked, seed)
        columns = drawn.table()
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        write_table(rows, points, format_)
    return report(loaded, many, asked, seed, drawn)


def _protocol(name: str, known: Any) -> Protocol[Any]:
    from sciencegen.errors import UnknownName

    if name not in known:
        raise UnknownName("protocol", name, known)
    found: Protocol[Any] = known[name]
    return found


def _protocols_of_files() -> dict[str, Protocol[Any]]:
    """The protocols a file may be judged under, of whatever domain."""
    from sciencegen.domains.molecules.metrics import PROTOCOLS

    return dict(PROTOCOLS)


def _loaded(model: str, device: str) -> Model[Any]:
    from sciencegen.errors import RequestError
    from sciencegen.model import load

    if Path(model).is_file():
        raise RequestError(f"{model} is a file: it can be judged with --protocol; --data needs a model")
    return load(model, device)


def _read(loaded: Model[Any], path: Path, given: bool, read: list[str]) -> Items[Any]:
    """The items, with the columns of the model's fields and what it makes samples of; without --given a file may lack
    the fields."""
    from sciencegen.errors import UnknownName
    from sciencegen.recipes.options import assignments

    domain = loaded.domain.reading(**assignments(read, "--read")) if read else loaded.domain
    fields, sources = (
        [name for name in names if name not in domain.properties] for names in (loaded.fields.names, loaded.given)
    )
    try:
        found = domain.read(path, [*fields, *sources])
    except UnknownName:
        if given:
            raise
        found = domain.read(path, sources)
    if found.reading is not None and (read or found.reading.dropped):
        print("\n".join(found.reading.lines()), file=sys.stderr)
    return found


def _write(found: Evaluation, model: str, out: Path | None, html: Path | None) -> None:
    from json import dumps

    from sciencegen.core.files import atomic
    from sciencegen.report import page

    if html is not None:
        with atomic(html) as temporary:
            text = page(f"Evaluation of {model}", found.numbers, found.histograms, found.scatters, found.curves)
            temporary.write_text(text, encoding="utf-8")
    said = dumps(found.numbers, indent=2)
    if out is None:
        print(said)
        return
    with atomic(out) as temporary:
        temporary.write_text(said + "\n", encoding="utf-8")
