"""`sciencegen generate`: candidates from a model, with what was measured beside what was asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sciencegen.cli.design import designed
from sciencegen.screen.wishes import Wishes, properties_wanted, screen_of

if TYPE_CHECKING:
    from sciencegen.core.domain import Candidate
    from sciencegen.model import Model
    from sciencegen.screen.stream import Screen, Tally

__all__ = ["generate", "turn"]

_CAPTION = 34
"""How many letters fit under a picture."""
_WHERE = typer.Option(None, "--where", "-w", help="name=value, name=low..high, name>=low, name<=high; repeat.")

_SCAFFOLD = typer.Option(
    None, "--scaffold", help="What every molecule grows from: SMILES, with [*:1] where it may grow, or anywhere."
)

_FORMAT = typer.Option(
    None, "--format", help="csv, tsv, jsonl or parquet; for molecules also smi, sdf, sdf-v3000. Else by suffix."
)

_PROPERTIES = typer.Option(
    None, "--properties", help="What to measure beside what is asked: names with commas, all, or none."
)

_TOLERANCE = typer.Option(
    None, "--tolerance", help="name=number: only what measures so close to the value asked for; repeat."
)

_FORBID = typer.Option(
    None, "--forbid", help="Designed: what must not occur, with commas: EcoRI, GGTCTC, homopolymer:6."
)


def generate(
    context: typer.Context,
    model: str = typer.Argument(..., help="A model folder, or a shipped model; sequences, to design some."),
    named: str | None = typer.Option(None, "--model", help="The model, where what comes first names its domain."),
    n: int = typer.Option(100, "-n", help="How many."),
    where: list[str] | None = _WHERE,
    scaffold: str | None = _SCAFFOLD,
    out: Path | None = typer.Option(None, "--out", "-o", help="The file to write; standard output without it, or -."),
    format_: str | None = _FORMAT,
    properties: str | None = _PROPERTIES,
    contains: list[str] | None = typer.Option(None, "--contains", help="Only with this substructure; repeat."),
    without: list[str] | None = typer.Option(None, "--without", help="Only without this substructure; repeat."),
    unlike: list[str] | None = typer.Option(None, "--unlike", help="Only what is unlike all items of a file; repeat."),
    ceiling: float | None = typer.Option(None, "--ceiling", help="How similar --unlike allows, from 0 to 1."),
    tolerance: list[str] | None = _TOLERANCE,
    novel: bool = typer.Option(False, "--novel", help="Only what was not in the training data."),
    best_of: int = typer.Option(1, "--best-of", help="Keep the closest to the request of every so many."),
    back: bool = typer.Option(False, "--back", help="The other way round, where a model translates both ways."),
    size: int | None = typer.Option(None, "--size", help="Pixels of a side, where a model draws any; as --set size=."),
    set_: list[str] | None = typer.Option(None, "--set", help="A sampling knob, such as temperature=0.8; repeat."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same file."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
    precision: str = typer.Option("auto", "--precision", help="What to draw in: 32, bf16 or auto."),
    compile_: bool = typer.Option(False, "--compile", help="Compile the steps first: meant for GPUs, no gain without."),
    workers: int | None = typer.Option(None, "--workers", help="Processes that decode and measure; 0 for none."),
    budget: int = typer.Option(0, "--budget", help="At most so many draws; 50 for each wanted without it."),
    distinct: bool | None = typer.Option(None, "--distinct/--repeats", help="Each item once, or as often as drawn."),
    decoding: str | None = typer.Option(None, "--decoding", help="Under masks: plain, masked, filtered or weighted."),
    strict: bool = typer.Option(False, "--strict", help="Refuse values outside the training range."),
    picture: Path | None = typer.Option(None, "--picture", "--grid", help="Draw the candidates into a picture."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Check the request, show it, and stop."),
    kind: str | None = typer.Option(None, "--kind", help="Design sequences: dna, rna, cds or peptide."),
    protein: Path | None = typer.Option(None, "--protein", help="Design genes of the proteins in a FASTA file."),
    grammar: str | None = typer.Option(None, "--grammar", help="Design sentences of a regular .lark grammar."),
    length: str | None = typer.Option(None, "--length", help="Designed: how many letters, or low..high."),
    gc: str | None = typer.Option(None, "--gc", help="Designed: the part that is G or C, such as 0.50..0.52."),
    forbid: str | None = _FORBID,
    organism: str | None = typer.Option(None, "--organism", help="Designed: whose codon usage to follow."),
) -> None:
    """Generate candidates with the properties asked for, and write them with the properties measured."""
    if designed(context):
        return
    from sciencegen.core.request import parse_where
    from sciencegen.model import load
    from sciencegen.screen.aim import parse_tolerance
    from sciencegen.screen.write import table_format

    _check_counts({"-n": (n, 1), "--budget": (budget, 0), "--best-of": (best_of, 1), "--workers": (workers or 0, 0)})
    wishes = Wishes(
        parse_where(where or []) | ({} if scaffold is None else {"scaffold": scaffold}),
        {"contains": contains or [], "without": without or [], "unlike": unlike or []},
        {"ceiling": ceiling},
        parse_tolerance(tolerance or []),
        novel,
        best_of,
        distinct,
    )
    path = None if out is None or str(out) == "-" else out
    _check_files(path, picture, dry_run)
    drawer = _drawer(named or model, wishes.where)
    loaded = load(drawer, device, precision, compile_)
    loaded = loaded.reversed() if back else loaded
    format_ = table_format(path, format_, [*loaded.domain.formats, *loaded.domain.bundles])
    _check_bundle(loaded, path, format_)
    _check(loaded, wishes.where, strict)
    _check_domain(loaded, model, named)
    turn(loaded, [*(set_ or []), *([] if size is None else [f"size={size}"])], decoding)
    _check_picture(loaded, picture)
    wanted = properties_wanted(loaded.domain, properties, wishes.where)
    screen = screen_of(loaded, wishes)
    _say(f"{loaded.recipe}: {n:,} where {wishes.plain()['asked'] or 'nothing is asked'}")
    if not dry_run:
        most = budget or 50 * n * best_of
        run = _Run(loaded, wishes, screen, wanted, n, most, seed, workers, picture is not None, decoding or "", back)
        run.write(drawer, path, format_)
        run.draw(picture)
        run.report()


@dataclass
class _Run:
    """A request being carried out."""

    model: Model[Any]
    wishes: Wishes
    screen: Screen[Any]
    properties: list[str]
    n: int
    budget: int
    seed: int
    workers: int | None
    pictured: bool
    decoding: str
    back: bool
    tally: Tally = field(init=False)
    novel: int = field(init=False, default=0)
    shown: list[Candidate[Any]] = field(init=False, default_factory=list)
    weights: list[float] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        from sciencegen.screen.stream import Tally

        self.tally = Tally()

    def write(self, name: str, path: Path | None, format_: str) -> None:
        """Write the candidates as they come, and beside a file how they came to be."""
        from sciencegen.screen.write import write_items, write_table

        own, bundle = self.model.domain.formats.get(format_), self.model.domain.bundles.get(format_)
        if bundle is not None and path is not None:
            rows = list(self._rows())
            if not rows:
                return  # the report says what became of the draws
            bundle(rows, path)
        elif own is None:
            write_table((row for _, row in self._rows()), path, format_)
        else:
            write_items(self._rows(), path, own)
        if path is not None:
            _write_provenance(self.model, name, path, self._record() | {"format": format_})

    def draw(self, path: Path | None) -> None:
        if path is None or not self.shown:
            return
        if self.tally.kept > len(self.shown):
            _say(f"{path} shows the first {len(self.shown):,} of {self.tally.kept:,}")
        captions = [_caption(candidate, self.wishes.where) for candidate in self.shown]
        self.model.domain.captioned([candidate.item for candidate in self.shown], captions, path)

    def report(self) -> None:
        """Say what became of the draws; too few are an error."""
        from sciencegen.errors import BudgetExhausted

        tally = self.tally
        if self.weights:
            worth = f"the {len(self.weights):,} kept are worth {self._effective():,.0f} drawn without masks"
            _say(f"{worth}: count each by its weight")
        _say(str(tally) + ("" if self.model.seen is None else f", {self.novel:,} novel"))
        if tally.kept < self.n:
            found = f"drew {tally.drawn:,} and found {tally.kept:,} of {self.n:,}"
            raise BudgetExhausted(f"{found}: raise --budget or ask for less")

    def _effective(self) -> float:
        from sciencegen.screen.decoding import effective

        return effective(self.weights)

    def _rows(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        kept = self.model.candidates(
            self.n,
            self.wishes.where,
            self.seed,
            self.tally,
            self.budget,
            measure=self.properties,
            screen=self.screen,
            workers=self.workers,
        )
        for candidate in kept:
            whole = candidate.with_properties(self.properties)
            if self.pictured and len(self.shown) < self.model.domain.most_pictured:
                self.shown.append(whole)
            yield whole.item, self.model.row(whole, self.wishes.where) | self._weight(whole) | self._novelty(whole)

    def _weight(self, candidate: Candidate[Any]) -> dict[str, float]:
        from sciencegen.screen.decoding import weight

        if self.decoding != "weighted" or candidate.removed_logmass is None:
            return {}
        self.weights.append(weight(candidate.removed_logmass))
        return {"weight": float(f"{self.weights[-1]:.6g}")}

    def _novelty(self, candidate: Candidate[Any]) -> dict[str, bool]:
        if self.model.seen is None:
            return {}
        novel = candidate.text not in self.model.seen
        self.novel += novel
        return {"novel": novel}

    def _record(self) -> dict[str, Any]:
        request = {"seed": self.seed, "wanted": self.n, "budget": self.budget, **self.wishes.plain()}
        return (
            request
            | {"distinct": self.screen.distinct, "properties": self.properties, **vars(self.tally)}
            | ({} if self.model.seen is None else {"novel": self.novel})
            | ({"decoding": self.decoding} if self.decoding else {})
            | ({"back": True} if self.back else {})
            | ({"effective": self._effective()} if self.weights else {})
        )


def _caption(candidate: Candidate[Any], where: Mapping[str, object]) -> str:
    """What was measured, in lines that fit under a picture; what was asked has a line of its own."""
    lines, rest = [], ""
    for name, value in candidate.properties.items():
        said = f"{name} {value:.3g}" if isinstance(value, (int, float)) else f"{name} {value}"
        if name in where:
            asked = where[name]
            lines.append(f"{said} (asked {asked:g})" if isinstance(asked, float) else f"{said} (asked {asked})")
        elif len(rest) + len(said) + 2 > _CAPTION:
            lines.append(rest)
            rest = said
        else:
            rest = f"{rest}  {said}" if rest else said
    return "\n".join([*lines, rest] if rest else lines)


def _drawer(name: str, where: Mapping[str, Any]) -> str:
    """The model to draw with: the one that is named, or where it is shipped and cannot be given a scaffold, the shipped
    one that can."""
    from sciencegen.model import folder_of
    from sciencegen.recipes.stored import recipe_of
    from sciencegen.train.checkpoint import Folder

    shipped = folder_of(name).parent
    if "scaffold" not in where or not shipped.samefile(folder_of("molecules").parent):
        return name
    config = Folder(folder_of(name)).read_config()
    recipe = recipe_of(config)
    if recipe.beginnings or "scaffold" in recipe.given:
        return name
    for other in sorted(folder.name for folder in shipped.iterdir()):
        found = recipe_of(Folder(folder_of(other)).read_config())
        if found.domain.name == recipe.domain.name and "scaffold" in found.beginnings:
            _say(f"{name} cannot be given a scaffold: drawn by {other}")
            return other
    return name


def _check_counts(options: Mapping[str, tuple[int, int]]) -> None:
    from sciencegen.errors import RequestError

    for option, (value, least) in options.items():
        if value < least:
            raise RequestError(f"{option} {value}: expected {least} or more")


def _check_files(out: Path | None, picture: Path | None, dry_run: bool) -> None:
    """Refuse files that could not be written in the end."""
    from sciencegen.core.files import check_writable
    from sciencegen.errors import RequestError
    from sciencegen.screen.write import provenance_path

    if out is not None:
        provenance_path(out)
    if out is not None and out == picture:
        raise RequestError(f"--picture {picture}: the table is written there")
    for path in (out, picture):
        if path is not None and not dry_run:
            check_writable(path)


def _check_domain(loaded: Model[Any], domain: str, named: str | None) -> None:
    from sciencegen.errors import RequestError

    if named is not None and loaded.domain.name != domain:
        raise RequestError(f"--model {named}: it draws {loaded.domain.name}; write sciencegen generate {named} ...")


def _check_bundle(loaded: Model[Any], out: Path | None, format_: str) -> None:
    from sciencegen.errors import RequestError

    if format_ in loaded.domain.bundles and out is None:
        raise RequestError(f"{format_} cannot be written to standard output: give a file with -o")


def _check_picture(loaded: Model[Any], picture: Path | None) -> None:
    from sciencegen.errors import RequestError

    known = loaded.domain.pictures
    if picture is not None and picture.suffix.lower() not in known:
        raise RequestError(f"--picture {picture}: expected a file ending in {' or '.join(known)}")


def _check(loaded: Model[Any], request: Mapping[str, Any], strict: bool) -> None:
    """Refuse what the model was never taught, and warn of what it never saw."""
    from sciencegen.core.condition import Interval
    from sciencegen.errors import RequestError

    loaded.asking.row(request)
    for sentence in loaded.fields.outside(request):
        if strict:
            raise RequestError(sentence)
        _say(f"warning: {sentence}")
    for name, asked in request.items():
        if isinstance(asked, Interval) and name not in loaded.domain.properties:
            _say(f"note: {name} cannot be measured: {asked} is aimed at, and nothing is left out")
    if loaded.compile and loaded.generator.compiled() is loaded.generator:
        _say("note: --compile changes nothing: this model has no steps that can be compiled once for all")


def turn(loaded: Model[Any], knobs: list[str], decoding: str | None = None) -> None:
    """Turn sampling knobs as they were typed."""
    from sciencegen.recipes.options import assignments
    from sciencegen.screen.decoding import knobs_of

    if decoding is not None:
        loaded.turn(**knobs_of(loaded.generator, decoding))
    loaded.turn(**{knob: _number(knob, value) for knob, value in assignments(knobs).items()})


def _number(name: str, value: str) -> float:
    from sciencegen.errors import RequestError

    try:
        return float(value)
    except ValueError:
        raise RequestError(f"{name}={value}: expected a number") from None


def _write_provenance(loaded: Model[Any], model: str, out: Path, record: dict[str, Any]) -> None:
    """Say in a file beside `out` how it came to be."""
    from dataclasses import asdict

    from sciencegen import __version__
    from sciencegen.screen.write import write_provenance

    if out.exists() and not out.is_file() and not out.is_dir():
        return  # a device such as /dev/null
    whole = {
        "sciencegen": __version__,
        "model": model,
        "recipe": loaded.recipe,
        "checkpoint": loaded.checkpoint,
        "knobs": asdict(loaded.generator.knobs),
        "precision": loaded.drawn_in,
        "compiled": loaded.compile and loaded.generator.compiled() is not loaded.generator,
        **record,
    }
    write_provenance(out, whole)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
