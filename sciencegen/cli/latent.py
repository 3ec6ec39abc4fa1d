"""`sciencegen latent`: what lies between two items in the latent space of a model, around one, and a map of many."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from torch import Tensor

    from sciencegen.latents import LatentSpace, Place
    from sciencegen.model import Model

__all__ = ["app"]

_MODEL = typer.Argument(..., help="A model folder, or a shipped model; one with a latent space, such as grammar-vae.")
_PROPERTIES = typer.Option(None, "--properties", help="What to measure: names with commas, all, none.")
_OUT = typer.Option(None, "--out", "-o", help="The file to write; standard output without it, or -.")
_FORMAT = typer.Option(None, "--format", help="csv, tsv, jsonl, parquet or the domain's own.")
_SEED = typer.Option(0, "--seed", help="The same seed gives the same file.")
_DEVICE = typer.Option("auto", "--device", help="auto, cpu or cuda.")
_DRAW = typer.Option(None, "--draw", help="A picture of the items to draw as well.")

app = typer.Typer(
    help="A model's latent space: the way between two items, what lies around one, a map of many.",
    no_args_is_help=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def latent(context: typer.Context) -> None:
    """A model's latent space: the way between two items, what lies around one, a map of many."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def interpolate(
    model: str = _MODEL,
    start: str = typer.Argument(..., metavar="A", help="Where to begin: an item as text, or a file that holds one."),
    end: str = typer.Argument(..., metavar="B", help="Where to end."),
    n: int = typer.Option(9, "-n", help="How many places on the way, both ends among them."),
    walk: str = typer.Option("sphere", "--walk", help="The way: sphere, around the middle of the space; or line."),
    distinct: bool = typer.Option(False, "--distinct", help="Leave out what the place before stood for, and nothing."),
    properties: str | None = _PROPERTIES,
    out: Path | None = _OUT,
    format_: str | None = _FORMAT,
    draw: Path | None = _DRAW,
    seed: int = _SEED,
    device: str = _DEVICE,
) -> None:
    """Write the items on the way from one to another, with what is measured of them and how like both ends they are.

    A place that stands for no item has a row with nothing in it. The first and the last row are what the model makes of
    the ends, which is not always the ends themselves.
    """
    space = _space(model, device)
    job = _Job(space, properties, out, format_, draw, seed)
    ends = [_item(space.model, text) for text in (start, end)]
    places = space.between(ends[0], ends[1], n, walk, seed)
    domain = space.model.domain
    for name, item, place in zip((start, end), ends, (places[0], places[-1]), strict=True):
        if place.item is None or domain.text(place.item) != domain.text(item):
            _say(f"note: {name} comes back as {'nothing' if place.item is None else domain.text(place.item)}")
    if distinct:
        places = _changes(space.model, places)
    cells = [{"at": round(place.at, 6)} for place in places]
    job.write(places, cells, {"like_a": ends[0], "like_b": ends[1]})
    job.record({"from": start, "to": end, "walk": walk, "distinct": distinct, "drawn": n})


@app.command()
def neighbours(
    model: str = _MODEL,
    item: str = typer.Argument(..., help="What to walk around: an item as text, or a file that holds one."),
    n: int = typer.Option(50, "-n", help="How many distinct neighbours."),
    radius: float = typer.Option(
        0.5, "--radius", help="How far, at most, in units of the spread of latents: 1.4 is as far as any other item."
    ),
    budget: int | None = typer.Option(None, "--budget", help="Places to look at, at most; 100 for each wanted."),
    properties: str | None = _PROPERTIES,
    out: Path | None = _OUT,
    format_: str | None = _FORMAT,
    draw: Path | None = _DRAW,
    seed: int = _SEED,
    device: str = _DEVICE,
) -> None:
    """Write distinct items that lie around one, the most similar first, measured and as the latents predict them."""
    from sciencegen.errors import BudgetExhausted
    from sciencegen.latents import alike

    space = _space(model, device)
    job = _Job(space, properties, out, format_, draw, seed)
    centre = _item(space.model, item)
    places, looked = space.around(centre, n, radius, seed, budget)
    similar = alike(space.model, centre, [place.item for place in places])
    if similar is not None:
        order = sorted(range(len(places)), key=lambda i: -(similar or [])[i])
        places = [places[i] for i in order]
    few = f"looked at {looked:,} places and found {len(places):,} of {n:,}: try a larger --radius, or more --budget"
    if places:
        job.write(places, [{"distance": float(f"{place.at:.4g}")} for place in places], {"similarity": centre})
        job.record({"around": item, "radius": radius, "drawn": looked, "wanted": n, "found": len(places)})
    if len(places) < n:
        raise BudgetExhausted(few)


@app.command("map")
def map_(
    model: str = _MODEL,
    data: str = typer.Option(..., "--data", help="The items: a file, or a set such as zinc250k."),
    along: str = typer.Option(
        "pca", "--along", help="The two directions: pca, or two properties that latents know, such as logp,qed."
    ),
    most: int = typer.Option(5000, "-n", help="So many items at most: of more, some are chosen by the seed."),
    picture: Path | None = typer.Option(None, "--picture", help="An SVG of the map to draw as well."),
    colour: str | None = typer.Option(None, "--colour", help="The property of its colours; the first measured."),
    properties: str | None = _PROPERTIES,
    out: Path | None = _OUT,
    format_: str | None = _FORMAT,
    seed: int = _SEED,
    device: str = _DEVICE,
) -> None:
    """Write two coordinates of every item of a file in the latent space, and what is measured and predicted of it."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError

    if most < 3:
        raise RequestError(f"-n {most}: expected 3 or more: fewer make no map")
    space = _space(model, device)
    if picture is not None and picture.suffix.lower() != ".svg":
        raise RequestError(f"--picture {picture}: expected a file ending in .svg")
    if picture is not None:
        check_writable(picture)
    job = _Job(space, properties, out, format_, None, seed, colour)
    places, names, lost = _placed(space, data, along, most, seed)
    cells = [{name: float(f"{value:.6g}") for name, value in zip(names, place.z, strict=True)} for place in places]
    measured = job.write(places, cells, {}, space.encode([place.item for place in places]))
    job.record({"data": data, "along": along, "drawn": len(places), "outside": lost})
    if picture is not None:
        _pictured(picture, names, cells, measured, job.colour)


class _Job:
    """A request about a latent space: what to measure of items, and where rows go."""

    def __init__(
        self,
        space: LatentSpace[Any],
        properties: str | None,
        out: Path | None,
        format_: str | None,
        draw: Path | None,
        seed: int,
        colour: str | None = None,
    ) -> None:
        from sciencegen.cli.tables import Output
        from sciencegen.core.files import check_writable
        from sciencegen.errors import RequestError
        from sciencegen.screen.wishes import properties_wanted
        from sciencegen.screen.write import provenance_path

        domain = space.model.domain
        self.space, self.draw, self.seed = space, draw, seed
        self.properties = properties_wanted(domain, properties, {} if colour is None else {colour: 0})
        numbers = [name for name in self.properties if not domain.properties[name].levels]
        if colour is not None and colour not in numbers:
            raise RequestError(f"--colour {colour}: expected a property that is a number: {', '.join(numbers)}")
        self.colour = colour or next(iter(numbers), "")
        self.output = Output(domain, out, format_, Path("-"))
        if self.output.path is not None:
            provenance_path(self.output.path)
        if draw is not None and draw.suffix.lower() not in domain.pictures:
            raise RequestError(f"--draw {draw}: expected a file ending in {' or '.join(domain.pictures)}")
        if draw is not None:
            check_writable(draw)

    def write(
        self,
        places: Sequence[Place[Any]],
        cells: Sequence[Mapping[str, Any]],
        like: Mapping[str, Any],
        u: Tensor | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """Write a row for every place: the item, these cells, how like others it is, what is measured and predicted;
        and return the rows. `u` are the places predictions are made of, or else those the items came from."""
        import torch

        from sciencegen.core.domain import Candidate
        from sciencegen.errors import RequestError
        from sciencegen.latents import alike

        model, whole = self.space.model, [i for i, place in enumerate(places) if place.item is not None]
        if not whole:
            raise RequestError(f"none of {len(places):,} places stands for one of {model.domain.name}")
        items = [places[i].item for i in whole]
        columns = model.domain.measure(items, self.properties)
        numbers: dict[str, Sequence[Any]] = {}
        for name, one in like.items():
            similar = alike(model, one, items)
            numbers |= {} if similar is None else {name: similar}
        numbers |= {name: [_known(value) for value in columns[name]] for name in self.properties}
        named = self.space.predicted(torch.stack([place.z for place in places]) if u is None else u)
        blank = dict.fromkeys((*model.domain.row(items[0]),), "")
        rows: list[dict[str, Any]] = []
        for i, place in enumerate(places):
            row = whole.index(i) if place.item is not None and len(whole) < len(places) else i
            own = {name: values[row] if place.item is not None else "" for name, values in numbers.items()}
            guessed = {f"{name}_predicted": values[i] for name, values in named.items() if name in self.properties}
            made = Candidate(place.item, "", {**own, **guessed}).cells
            item = blank if place.item is None else model.domain.row(place.item)
            rows.append({**item, **cells[i], **made})
        self._written([(place.item, row) for place, row in zip(places, rows, strict=True)])
        if self.draw is not None:
            captions = ["  ".join(f"{name} {cells[i][name]:g}" for name in cells[i]) for i in whole]
            model.domain.captioned(items, captions, self.draw)
        return rows

    def _written(self, rows: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
        from sciencegen.screen.write import FORMATS

        self.output.write(row for row in rows if row[0] is not None or self.output.format in FORMATS)

    def record(self, how: Mapping[str, Any]) -> None:
        """Say in a file beside the rows how they came to be."""
        from sciencegen import __version__
        from sciencegen.screen.write import write_provenance

        path, model = self.output.path, self.space.model
        if path is None or (path.exists() and not path.is_file() and not path.is_dir()):
            return
        made = {"recipe": model.recipe, "checkpoint": model.checkpoint, "seed": self.seed}
        write_provenance(path, {"sciencegen": __version__, **made, "properties": self.properties, **how})


def _space(model: str, device: str) -> LatentSpace[Any]:
    from sciencegen.latents import LatentSpace
    from sciencegen.model import load

    return LatentSpace(load(model, device))


def _item(model: Model[Any], text: str) -> Any:
    return model.domain.given(text, model.representation)


def _known(value: Any) -> Any:
    return float("nan") if value is None else value


def _changes(model: Model[Any], places: Sequence[Place[Any]]) -> list[Place[Any]]:
    """The places that stand for an item, and for another one than the place before."""
    kept: list[Place[Any]] = []
    for place in places:
        if place.item is not None:
            text = model.domain.text(place.item)
            if not kept or model.domain.text(kept[-1].item) != text:
                kept.append(place)
    return kept


def _placed(
    space: LatentSpace[Any], data: str, along: str, most: int, seed: int
) -> tuple[list[Place[Any]], tuple[str, str], int]:
    """The items of a file at their coordinates, what these are called, and how many the model cannot encode."""
    import torch

    from sciencegen.data.cards import resolve
    from sciencegen.errors import DataError
    from sciencegen.latents import Place, outside

    items = list(space.model.domain.read(resolve(data)).items)
    if len(items) > most:
        _say(f"{data}: {most:,} of {len(items):,} items, chosen by the seed; -n says how many")
        order = torch.randperm(len(items), generator=torch.Generator().manual_seed(seed))[:most]
        items = [items[i] for i in sorted(order.tolist())]
    lost = outside(space.model, items)
    if lost:
        first = next(iter(lost))
        said = f"{space.model.domain.text(items[first])}: {lost[first]}"
        _say(f"left out {len(lost):,} of {len(items):,} items that the model cannot encode, such as {said}")
    items = [item for i, item in enumerate(items) if i not in lost]
    if len(items) < 3:
        raise DataError(f"{data}: holds {len(items):,} items the model can encode: a map needs three")
    u = space.encode(items)
    names = () if along == "pca" else tuple(name.strip() for name in along.split(","))
    axes = space.axes(u, names)
    shares = ", ".join(f"{share:.1%}" for share in axes.shares)
    _say(f"{len(items):,} items; the two directions hold {shares} of how latents differ")
    coordinates = axes.coordinates(u).double().cpu()
    called = (f"along_{names[0]}", f"along_{names[1]}") if names else ("x", "y")
    return [Place(coordinates[i], item, 0.0) for i, item in enumerate(items)], called, len(lost)


def _pictured(
    path: Path,
    names: tuple[str, str],
    places: Sequence[Mapping[str, float]],
    rows: Sequence[Mapping[str, Any]],
    colour: str,
) -> None:
    from sciencegen.core.files import atomic
    from sciencegen.errors import RequestError
    from sciencegen.report.svg import coloured

    values = [row[colour] if colour and isinstance(row[colour], (int, float)) else float("nan") for row in rows]
    across, up = ([place[name] for place in places] for name in names)
    drawn = coloured(f"{colour}: {names[1]} over {names[0]}", across, up, values)
    if not drawn:
        raise RequestError(f"--picture {path}: nothing was measured to colour it by: name a property with --colour")
    with atomic(path) as temporary:
        temporary.write_text(drawn + "\n", encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
