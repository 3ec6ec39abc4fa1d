"""A checkpoint made usable: after training, everything is an iterator of candidates."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch
from torch import Tensor

from sciencegen.asking import Asking, Columns
from sciencegen.core.batch import seed_at, seeded
from sciencegen.core.condition import Condition, ConditionFields, Interval, Where
from sciencegen.core.domain import Candidate, Domain, Representation
from sciencegen.core.generator import Completing, Density, Drawn, Generator, Latent, Translating, Variational
from sciencegen.data.seen import Seen
from sciencegen.data.workers import usable_cores
from sciencegen.drawing import (
    Block,
    Maker,
    Measurer,
    beside,
    drawn_by,
    made_elsewhere,
    made_here,
    measured_further,
    missing,
)
from sciencegen.errors import CheckpointError, RequestError, UnknownName
from sciencegen.recipes.stored import building, fields_of, given_of, recipe_of, representation_of
from sciencegen.screen.aim import distance, in_ranges
from sciencegen.screen.stream import Screen, Tally, screened
from sciencegen.train.checkpoint import Folder
from sciencegen.train.weights import misfit, no_larger

if TYPE_CHECKING:
    import pandas

__all__ = ["Model", "folder_of", "load"]

T = TypeVar("T")
_DRAWN_TOGETHER = 1024
_WORTH_WORKERS = 500  # fewer are done before processes have started


@dataclass
class Model(Generic[T]):
    """A generator with the domain and representation that make its tensors items."""

    recipe: str
    domain: Domain[T]
    representation: Representation[T]
    fields: ConditionFields
    generator: Generator
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    given: Mapping[str, Representation[T]] = field(default_factory=dict)
    """What represents the whole items that have to be given, by name."""
    precision: str = "auto"
    """What to draw in: 32, bf16, or auto for what the processor is quicker at, where the generator can."""
    compile: bool = False
    """Whether to draw with compiled steps, where the generator can."""
    seen: Seen | None = field(default=None, repr=False)
    """What it was trained on, where items are to be new."""
    checkpoint: str = ""
    """The hash of the weights, where they came from a folder."""

    @classmethod
    def fit(cls, recipe: str, data: Path | str | Sequence[Any] | None = None, **request: Any) -> Model[Any]:
        """Train a model; see `sciencegen.fit.Fit` for what may be asked.

        >>> model = Model.fit("densities/coupling", "wells.csv", out="runs/wells")  # doctest: +SKIP
        """
        from sciencegen.fit import Fit

        run = Fit(recipe, data, **request)
        for _ in run:
            pass
        return run.model

    @property
    def asking(self) -> Asking[T]:
        """What makes conditions of requests."""
        return Asking(self.domain, self.fields, self.given, self.representation)

    def to(self, device: str) -> Model[T]:
        """The same model on a device: auto, cpu or cuda."""
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        kind, _, number = device.partition(":")
        if kind not in ("cpu", "cuda") or not (number or "0").isdecimal():
            raise UnknownName("device", device, ("auto", "cpu", "cuda"))
        if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
            raise RequestError(f"device={device}: there are {torch.cuda.device_count()} CUDA devices here; use cpu")
        self.generator.to(device)
        return self

    def reversed(self) -> Model[T]:
        """The same model the other way round, where it translates both ways: what it made is given, and what was given
        it makes."""
        if not isinstance(self.generator, Translating):
            raise RequestError(f"{self.recipe} makes its samples one way only: it cannot be turned round")
        ((name, source),) = self.given.items()
        generator = self.generator.reversed()
        fields = ConditionFields((), (generator.source,))
        return replace(
            self, representation=source, fields=fields, generator=generator, given={name: self.representation}
        )

    def turn(self, **knobs: float) -> Model[T]:
        """The same model with sampling knobs turned, such as temperature=0.8."""
        self.generator.knobs = self.generator.knobs.turned(**knobs)
        return self

    def stream(
        self, where: Where | None = None, seed: int = 0, batch: int = 1024, measure: Iterable[str] | None = None
    ) -> Iterator[Candidate[T] | None]:
        """Draw candidates for ever; None stands for a draw that is no valid item.

        The same seed and batch give the same stream. `measure` names the properties to measure (default: all).
        """
        make = Maker(self.representation.reader(), self.domain, self._measured(where or {}, measure))
        draw = self._drawn(where, seed, min(batch, self.generator.together))
        return made_here(make, lambda number: self._decoded(draw(number)))

    def _decoded(self, drawn: Drawn) -> list[tuple[T | None, float | None]]:
        return beside(self.representation.decode(drawn.x), drawn)

    def _drawn(self, where: Where | None, seed: int, batch: int) -> Callable[[int], Drawn]:
        """What draws batch number i of a stream."""
        drawer, asked = self._drawer(), self.asking.settled(where or {})
        rows = batch if any(isinstance(one, Interval) for one in asked.values()) else 1

        def draw(number: int) -> Drawn:
            with seeded(seed_at(seed, number), self.generator.device):
                condition = self._placed(self.asking.ask(asked, rows)) if asked else None
                return drawn_by(drawer, batch, condition)

        return draw

    def answers(
        self, columns: Columns, each: int = 1, seed: int = 0, batch: int = 1024, measure: Iterable[str] = ()
    ) -> Iterator[Candidate[T] | None]:
        """`each` draws for every row of `columns`, in order, with what was asked measured, and what `measure` names;
        None is no valid item."""
        rows = len(next(iter(columns.values())))
        conditions = self._placed(self.asking.rows(columns, rows))
        make = Maker(self.representation.reader(), self.domain, self._measured(columns, measure))
        drawer, asked = self._drawer(), torch.arange(rows).repeat_interleave(each)
        for number, some in enumerate(asked.split(min(batch, self.generator.together))):
            with seeded(seed_at(seed, number), self.generator.device):
                drawn = drawn_by(drawer, len(some), conditions[some.to(self.generator.device)])
            yield from make.several(self._decoded(drawn))

    def block(self, number: int, size: int, where: Where | None = None, seed: int = 0) -> Block:
        """Draws `number * size` to `(number + 1) * size` of a stream: always the same, wherever they are made."""
        x = self._drawn(where, seed, size)(number).x
        scores = None
        if isinstance(self.generator, Density):
            with torch.no_grad():
                scores = (self.generator.log_prob(x).double().cpu() + self.representation.log_volume).tolist()
        return Block(self.representation.plain(x), scores)

    @property
    def drawn_in(self) -> str:
        """The precision of draws here."""
        if self.precision != "auto":
            return self.precision
        if self.generator.device.type == "cuda":
            return "bf16" if torch.cuda.is_bf16_supported() else "32"
        known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older torch cannot tell
        return "bf16" if known.get("avx512_bf16") else "32"

    def _drawer(self) -> Generator:
        """The generator as it draws fastest here."""
        drawer = self.generator.lean() if self.drawn_in == "bf16" else self.generator
        drawer = drawer.compiled() if self.compile else drawer
        drawer.knobs = self.generator.knobs
        return drawer

    def candidates(
        self,
        n: int,
        where: Where | None = None,
        seed: int = 0,
        tally: Tally | None = None,
        budget: int | None = None,
        once: bool | None = None,
        measure: Iterable[str] | None = None,
        screen: Screen[T] | None = None,
        workers: int | None = None,
    ) -> Iterator[Candidate[T]]:
        """`n` valid candidates that pass the screen, or as many as `budget` draws hold (default: 50 for each).

        `measure` names the properties to measure (default: those users of the domain look at). `screen` is what they
        must pass (default: the ranges asked for, and each once where `once` or the domain says so). `workers`: how
        many processes decode and measure; 0 is none, and without it they are used where that is quicker.
        """
        for name, value in (("n", n), ("budget", 1 if budget is None else budget)):
            if value < 1:
                raise RequestError(f"{name}={value}: expected 1 or more")
        tally, where = Tally() if tally is None else tally, where or {}
        if screen is None:
            tests = in_ranges(where, self.domain.properties) | self.asking.tests(where)
            screen = Screen(tests, self.domain.distinct if once is None else once)
        wanted = self._measured(where, self.domain.usual if measure is None else measure)
        # of what is left out nothing is measured but what was asked for
        early = tuple(name for name in wanted if name in where) if screen.sieves else wanted
        make, chosen = Maker(self.representation.reader(), self.domain, early), self.representation
        batch = min(max(n * screen.best_of, 256 if screen.sieves else 32), self.generator.together)
        draw, count = self._drawn(where, seed, batch), self._workers(n * screen.best_of, workers)

        def plain(number: int) -> list[tuple[Any, float | None]]:
            found = draw(number)
            return beside(chosen.plain(found.x), found)

        if count:
            drawn = made_elsewhere(make, plain, count, partial(missing, n, screen, tally, batch))
        else:
            drawn = made_here(make, lambda number: self._decoded(draw(number)))
        kept = screened(drawn, n, budget or 50 * n * screen.best_of, tally, screen)
        late = Measurer(self.domain, tuple(name for name in wanted if name not in early))
        return measured_further(kept, late, count)

    def _workers(self, n: int, workers: int | None) -> int:
        if workers is not None or not self.domain.portable:
            return workers or 0 if self.domain.portable else 0
        return usable_cores() if self.domain.laborious and n >= _WORTH_WORKERS else 0

    def generate(
        self,
        n: int,
        where: Where | None = None,
        seed: int = 0,
        budget: int | None = None,
        once: bool | None = None,
        measure: Iterable[str] | None = None,
        best_of: int = 1,
    ) -> pandas.DataFrame:
        """A table of `n` candidates with measured properties; fewer, with a warning, when the budget ends first.

        `best_of` keeps the closest to the request of every so many. For more, see `candidates`.
        """
        import pandas

        tally, where, properties = Tally(), where or {}, self.domain.properties
        closeness = distance(self.asking.measurable(where), self.fields, properties) if best_of > 1 else None
        distinct = self.domain.distinct if once is None else once
        screen = Screen(in_ranges(where, properties) | self.asking.tests(where), distinct, best_of, closeness)
        found = self.candidates(n, where, seed, tally, budget, measure=measure, screen=screen)
        rows = [self.row(candidate, where) for candidate in found]
        if len(rows) < n:
            warnings.warn(f"drew {tally.drawn:,} and found {len(rows):,} of {n:,}", stacklevel=2)
        return pandas.DataFrame(rows)

    def row(self, candidate: Candidate[T], where: Where) -> dict[str, float | str]:
        """A candidate as cells of a table: the item, what was measured, and beside it what was asked."""
        return {**self.domain.row(candidate.item), **candidate.cells, **self.asking.cells(where)}

    @torch.no_grad()
    def log_prob(
        self,
        items: Sequence[T],
        where: Where | None = None,
        draws: int = 500,
        seed: int = 0,
        columns: Columns | None = None,
    ) -> Tensor:
        """The log-probability of items, in the units of the data where these are numbers.

        For models that know a bound, its importance-sampled estimate with at least `draws` draws. The condition is
        one `where` for all items, or `columns` with a value for each.
        """
        generator = self.generator
        if not isinstance(generator, (Density, Variational)):
            raise RequestError(f"{type(generator).__name__} generators have no likelihood")
        if draws < 1:
            raise RequestError(f"draws={draws}: expected 1 or more")
        size = _DRAWN_TOGETHER if isinstance(generator, Density) else _DRAWN_TOGETHER // Variational.at_once
        conditions = self._conditions(where, columns, len(items))
        values = []
        for i, x in enumerate(self._encoded(items, size)):
            condition = conditions[i * size : (i + 1) * size] if conditions is not None else None
            with seeded(seed_at(seed, i), self.generator.device):
                if isinstance(generator, Density):
                    values.append(generator.log_prob(x, condition))
                else:
                    values.append(generator.estimate(x, condition, draws))
        return torch.cat(values).double().cpu() + self.representation.log_volume

    def encode(self, items: Sequence[T]) -> Tensor:
        """The latents of items."""
        latent = self._latent()
        return torch.cat([latent.encode(x) for x in self._encoded(items, _DRAWN_TOGETHER)])

    def decode(self, z: Tensor) -> list[T | None]:
        """The items of latents."""
        return self.representation.decode(self._latent().decode(z.to(self.generator.device, self.generator.dtype)))

    def complete(
        self,
        items: Sequence[T],
        known: Tensor,
        where: Where | None = None,
        particles: int = 16,
        seed: int = 0,
        columns: Columns | None = None,
    ) -> list[T | None]:
        """The items with entries that are not `known` (booleans like one, or all) drawn anew, under one `where` or
        `columns`; of more particles, entries known later weigh more on those before them."""
        if not isinstance(self.generator, Completing):
            raise RequestError(f"{type(self.generator).__name__} generators cannot complete samples")
        x = self.representation.encode(items).to(self.generator.device)
        known, many = torch.as_tensor(known, dtype=torch.bool, device=x.device), len(items) if columns else 1
        condition = self._conditions(where, columns, many)
        with seeded(seed, self.generator.device):
            return self.representation.decode(self.generator.complete(x, known, condition, particles).x)

    def _latent(self) -> Latent:
        if not isinstance(self.generator, Latent):
            raise RequestError(f"{type(self.generator).__name__} generators have no latent space")
        return self.generator

    def _encoded(self, items: Sequence[T], size: int) -> Iterator[Tensor]:
        if not len(items):
            raise RequestError("there are no items")
        x = self.representation.encode(items).to(self.generator.device)
        x = x.to(self.generator.dtype) if x.is_floating_point() else x
        yield from x.split(size)

    def _placed(self, condition: Condition) -> Condition:
        return condition.to(self.generator.device, self.generator.dtype)

    def _conditions(self, where: Where | None, columns: Columns | None, n: int) -> Condition | None:
        found = self.asking.conditions(where, columns, n)
        return None if found is None else self._placed(found)

    def _measured(self, asked: Iterable[str], measure: Iterable[str] | None) -> tuple[str, ...]:
        names = list(self.domain.properties if measure is None else measure)
        for name in names:
            if name not in self.domain.properties:
                raise UnknownName("property", name, self.domain.properties)
        return (*names, *(name for name in asked if name in self.domain.properties and name not in names))


def assemble(config: Mapping[str, Any]) -> Model[Any]:
    """The model a config describes, with fresh weights: building and rebuilding are one path."""
    recipe = recipe_of(config)
    with building(config):
        recipe = recipe.recalled(config["representation"])
        representation = representation_of(recipe.representation, config["representation"])
        given = given_of(config, recipe)
        fields = fields_of(config, {**given, **dict.fromkeys(recipe.beginnings, representation)})
        generator = recipe.generator(representation.space, fields)
    return Model(config["recipe"], recipe.domain, representation, fields, generator, config, given)


def load(name: str | Path, device: str = "auto", precision: str = "auto", compile: bool = False) -> Model[Any]:
    """The model of a folder, or one that is shipped; `precision` and `compile` are as in `Model`.

    >>> import sciencegen
    >>> sciencegen.load("runs/wells").generate(1000, where={"radius": 1.0})  # doctest: +SKIP
    """
    if precision not in ("auto", "32", "bf16"):
        raise UnknownName("precision", precision, ("auto", "32", "bf16"))
    folder = Folder(folder_of(name))
    config, weights = folder.read_config(), folder.read_weights()
    try:
        with torch.random.fork_rng([]), no_larger(weights, folder.weights):  # nobody will see the fresh weights
            model = assemble(config)
    except CheckpointError:
        raise
    except RequestError as error:
        raise CheckpointError(f"{folder.config} does not describe a model of this version: {error}") from error
    odd = misfit(model.generator, weights)
    if odd:
        raise CheckpointError(f"{folder.weights} does not fit its config.json: {odd}")
    model.generator.to(recipe_of(config).settings.dtype).load_state_dict(weights)
    model.generator.eval()
    model.checkpoint, model.precision, model.compile = folder.sha256(), precision, compile
    model.seen = Seen.load(folder.seen) if folder.seen.exists() else None
    model.turn(**config.get("knobs", {}))  # as those who trained it found best
    return model.to(device)


def folder_of(name: str | Path) -> Path:
    """A folder of that name, or of a shipped model."""
    if Path(name).exists():
        return Path(name)
    shipped = Path(__file__).parent / "pretrained"
    known = sorted(p.parent.relative_to(shipped).as_posix() for p in shipped.rglob("config.json"))
    if str(name) in known:
        return shipped / str(name)
    if "/" in str(name) or not known:
        raise CheckpointError(f"{name}: there is no such folder" + (f"; shipped: {', '.join(known)}" if known else ""))
    raise UnknownName("model", str(name), known)
