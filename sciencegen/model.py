"""A checkpoint made usable: after training, everything is an iterator of candidates."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch
from torch import Tensor

from sciencegen.core.batch import seed_at
from sciencegen.core.condition import Condition, ConditionFields, Where
from sciencegen.core.domain import Candidate, Domain, Representation
from sciencegen.core.generator import Density, Generator, Latent, Variational
from sciencegen.core.request import accepts
from sciencegen.errors import CheckpointError, RequestError, UnknownName
from sciencegen.recipes import recipe_function
from sciencegen.recipes.options import build
from sciencegen.screen.stream import Tally, counted, distinct, keep, limited, valid
from sciencegen.train.checkpoint import Folder

if TYPE_CHECKING:
    import pandas

__all__ = ["Model", "load"]

T = TypeVar("T")


@dataclass
class Model(Generic[T]):
    """A generator with the domain and representation that make its tensors items."""

    recipe: str
    domain: Domain[T]
    representation: Representation[T]
    fields: ConditionFields
    generator: Generator
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
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

    def to(self, device: str) -> Model[T]:
        """The same model on a device: auto, cpu or cuda."""
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise RequestError("device=cuda: there is no CUDA device here; use auto or cpu")
        self.generator.to(device)
        return self

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
        names = self._measured(where or {}, measure)
        number = 0
        while True:
            with torch.random.fork_rng():
                torch.manual_seed(seed_at(seed, number))
                condition = self.fields.ask(where, batch).to(self.generator.device) if where else None
                x = self.generator.sample(batch, condition)
            for item in self.representation.decode(x):
                yield None if item is None else self._candidate(item, names)
            number += 1

    def candidates(
        self,
        n: int,
        where: Where | None = None,
        seed: int = 0,
        tally: Tally | None = None,
        budget: int | None = None,
        once: bool | None = None,
    ) -> Iterator[Candidate[T]]:
        """`n` valid candidates inside the ranges asked for, or as many as `budget` draws hold (default: 50 n)."""
        tally = Tally() if tally is None else tally
        where = where or {}
        drawn = counted(limited(self.stream(where, seed, min(max(n, 32), 1024)), budget or 50 * n), tally)
        kept = keep(valid(drawn, tally), lambda candidate: accepts(where, candidate.properties), tally)
        if self.domain.distinct if once is None else once:
            kept = distinct(kept, tally)
        for candidate in limited(kept, n):
            tally.kept += 1
            yield candidate

    def generate(
        self, n: int, where: Where | None = None, seed: int = 0, budget: int | None = None, once: bool | None = None
    ) -> pandas.DataFrame:
        """A table of `n` candidates with measured properties; fewer, with a warning, when the budget ends first."""
        import pandas

        tally = Tally()
        rows = [self.row(c, where or {}) for c in self.candidates(n, where, seed, tally, budget, once)]
        if len(rows) < n:
            warnings.warn(f"drew {tally.drawn:,} and found {len(rows):,} of {n:,}", stacklevel=2)
        return pandas.DataFrame(rows)

    def row(self, candidate: Candidate[T], where: Where) -> dict[str, float | str]:
        """A candidate as cells of a table: the item, what was measured, and beside it what was asked."""
        asked = {
            f"{name}_asked": value if isinstance(value, (int, float)) else str(value) for name, value in where.items()
        }
        return {**self.domain.row(candidate.item), **candidate.properties, **asked}

    @torch.no_grad()
    def log_prob(self, items: Sequence[T], where: Where | None = None, draws: int = 500, seed: int = 0) -> Tensor:
        """The log-probability of items; for models that know a bound, its importance-sampled estimate."""
        if not isinstance(self.generator, (Density, Variational)):
            raise RequestError(f"a {type(self.generator).__name__} generator has no likelihood")
        values = []
        with torch.random.fork_rng():
            for i, x in enumerate(self._encoded(items, 64 if isinstance(self.generator, Variational) else 1024)):
                torch.manual_seed(seed_at(seed, i))
                condition = self._condition(where)
                if isinstance(self.generator, Density):
                    values.append(self.generator.log_prob(x, condition))
                else:
                    assert isinstance(self.generator, Variational)
                    weights = [self.generator.log_weights(x, condition, min(draws, 50)) for _ in range(-(-draws // 50))]
                    together = torch.cat(weights)
                    values.append(together.logsumexp(0) - math.log(len(together)))
        return torch.cat(values).double().cpu() + self.representation.log_volume

    def encode(self, items: Sequence[T]) -> Tensor:
        """The latents of items."""
        latent = self._latent()
        return torch.cat([latent.encode(x) for x in self._encoded(items, 1024)])

    def decode(self, z: Tensor) -> list[T | None]:
        """The items of latents."""
        return self.representation.decode(self._latent().decode(z.to(self.generator.device)))

    def _latent(self) -> Latent:
        if not isinstance(self.generator, Latent):
            raise RequestError(f"a {type(self.generator).__name__} generator has no latent space")
        return self.generator

    def _encoded(self, items: Sequence[T], size: int) -> Iterator[Tensor]:
        x = self.representation.encode(items).to(self.generator.device)
        x = x.to(self.generator.dtype) if x.is_floating_point() else x
        yield from x.split(size)

    def _condition(self, where: Where | None) -> Condition | None:
        return self.fields.row(where).to(self.generator.device) if where else None

    def _measured(self, where: Where, measure: Iterable[str] | None) -> list[str]:
        names = list(self.domain.properties if measure is None else measure)
        for name in names:
            if name not in self.domain.properties:
                raise UnknownName("property", name, self.domain.properties)
        return names + [name for name in where if name in self.domain.properties and name not in names]

    def _candidate(self, item: T, names: list[str]) -> Candidate[T]:
        measured = {name: self.domain.properties[name].measure(item) for name in names}
        return Candidate(item, self.domain.text(item), measured)


def assemble(config: Mapping[str, Any]) -> Model[Any]:
    """The model a config describes, with fresh weights: building and rebuilding are one path."""
    try:
        recipe = build(recipe_function(config["recipe"]), config["options"], config["settings"])
        state = {k: tuple(v) if isinstance(v, list) else v for k, v in config["representation"].items()}
        representation, fields = recipe.representation(**state), ConditionFields.from_state(config["fields"])
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"the config does not describe a model of this version: {error}") from error
    generator = recipe.generator(representation.space, fields)
    return Model(config["recipe"], recipe.domain, representation, fields, generator, config)


def load(name: str | Path, device: str = "auto") -> Model[Any]:
    """The model of a folder, or one that is shipped.

    >>> import sciencegen
    >>> sciencegen.load("runs/wells").generate(1000, where={"radius": 1.0})  # doctest: +SKIP
    """
    folder = Folder(_find(name))
    model = assemble(folder.read_config())
    weights = folder.read_weights()
    expected = model.generator.state_dict()
    odd = sorted(set(weights) ^ set(expected)) or [k for k in weights if weights[k].shape != expected[k].shape]
    if odd:
        raise CheckpointError(f"{folder.weights} does not fit its config.json: {odd[0]} differs")
    model.generator.load_state_dict(weights)
    model.generator.eval()
    model.checkpoint = folder.sha256()
    return model.to(device)


def _find(name: str | Path) -> Path:
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
