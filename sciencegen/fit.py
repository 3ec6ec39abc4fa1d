"""From a recipe and data to a trained model in a folder."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen import __version__
from sciencegen.core.batch import Batches
from sciencegen.core.condition import Categorical, Condition, ConditionFields, Continuous
from sciencegen.core.domain import Domain, Items
from sciencegen.core.files import sha256
from sciencegen.data.batches import InOrder, Shuffled
from sciencegen.errors import DataError, RequestError, UnknownName
from sciencegen.model import Model, assemble
from sciencegen.recipes import recipe_function
from sciencegen.recipes.options import build, resolve
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.card import card
from sciencegen.train.checkpoint import Folder
from sciencegen.train.journal import Journal
from sciencegen.train.loop import Progress, TrainingState, train
from sciencegen.train.settings import Settings

__all__ = ["Fit"]

_MAY_CHANGE = {"steps", "epochs", "patience", "save", "device", "devices", "nodes", "accumulate"}
_MOST_LEVELS = 1000


class Fit:
    """A training run: iterate over it for its progress; afterwards `model` is trained.

    `data` and `valid` are files the recipe's domain reads, or items. `ask` names the properties, or columns of the
    data, that may be asked for later. `holdout` is the share of the data kept for validation where no `valid` is
    given. With `out`, a folder is written as the run goes on, and `resume=True` takes it up again.
    """

    def __init__(
        self,
        recipe: str,
        data: Path | str | Sequence[Any] | None = None,
        *,
        out: Path | str | None = None,
        valid: Path | str | Sequence[Any] | None = None,
        ask: Sequence[str] | None = None,
        holdout: float = 0.05,
        resume: bool = False,
        journal: str = "jsonl",
        tensorboard: bool = False,
        **options: Any,
    ) -> None:
        if not 0 <= holdout < 1:
            raise RequestError(f"holdout={holdout}: expected a share from 0 up to but not including 1")
        self.folder = None if out is None else Folder(Path(out))
        self._journal_suffix, self._tensorboard = journal, tensorboard
        stored = self._stored(resume)
        chosen, changed = resolve(recipe_function(recipe), options)
        self._resumed: TrainingState | None = None
        if stored is not None and self.folder is not None:
            chosen, changed, ask, holdout = _continue(stored, recipe, options, chosen, changed, ask, holdout)
            self._resumed = self.folder.read_state()
        self.recipe: Recipe[Any] = build(recipe_function(recipe), chosen, changed)
        self.settings: Settings = self.recipe.settings
        items, self._source = _items(self.recipe.domain, data, ask)
        held = None if valid is None else _items(self.recipe.domain, valid, ask)[0]
        items, held = _split(items, held, holdout, self.settings.seed)
        representation = self.recipe.representation.fit(items.items)
        names = self.recipe.ask if ask is None else tuple(ask)
        items = _measured(self.recipe.domain, items, names)
        held = None if held is None else _measured(self.recipe.domain, held, names)
        columns = items.columns.items()
        fields = ConditionFields(tuple(_field(self.recipe.domain, name, column) for name, column in columns))
        self.config: dict[str, Any] = {
            "versions": {"sciencegen": __version__, "torch": torch.__version__},
            "recipe": recipe,
            "options": chosen,
            "settings": changed,
            "ask": None if ask is None else list(ask),
            "holdout": holdout,
            "representation": representation.state(),
            "fields": fields.state(),
            "data": self._source | {"items": len(items), "held_out": len(held) if held else 0},
        }
        if stored is not None:
            _same_data(stored, self.config)
        torch.manual_seed(self.settings.seed)
        self.model: Model[Any] = assemble(self.config)
        self.objective = self.recipe.objective(representation.space, fields)
        self.batches: Batches = Shuffled(*_tensors(self.model, items), self.settings.batch, self.settings.seed)
        self.held: Batches | None = None if held is None else InOrder(*_tensors(self.model, held), self.settings.batch)
        self._best: dict[str, Tensor] | None = None
        self._stop = False

    def stop(self) -> None:
        """Ask the run to end after this step, with everything saved."""
        self._stop = True

    def __iter__(self) -> Iterator[Progress]:
        journal: Journal | None = None
        saved, started = time.monotonic(), time.perf_counter()
        every = max(1, self.settings.total(self.batches) // 500)
        progress: Progress | None = None
        run = train(self.model.generator, self.objective, self.batches, self.settings, self._resumed, self.held)
        for progress in run:
            if progress.leader and self.folder is not None:
                journal = journal or self._open()
                if progress.step % every == 0 or progress.validation is not None or progress.stopping:
                    journal.add(progress)
                if progress.best:
                    self.folder.write_weights(progress.weights())
                if progress.stopping or self._stop or time.monotonic() - saved >= self.settings.save:
                    self._save(progress)
                    saved = time.monotonic()
            elif progress.best:
                self._best = progress.weights()
            yield progress
            if self._stop:
                break
        run.close()
        if journal is not None:
            journal.close()
        self._finish(progress, time.perf_counter() - started)

    def _stored(self, resume: bool) -> dict[str, Any] | None:
        if self.folder is None:
            if resume:
                raise RequestError("resume needs the folder of the run: give it with out")
            return None
        exists = self.folder.path.exists() and any(self.folder.path.iterdir())
        if exists and not resume:
            raise RequestError(f"{self.folder.path} is not empty: go on with --resume, or choose another folder")
        return self.folder.read_config() if exists and resume else None

    def _open(self) -> Journal:
        assert self.folder is not None
        if self._resumed is None:
            self.folder.write_config(self.config)
        path = self.folder.journal.with_suffix(f".{self._journal_suffix}")
        return Journal(path, self._resumed.step if self._resumed else 0, self._tensorboard)

    def _save(self, progress: Progress) -> None:
        assert self.folder is not None
        self.folder.write_state(progress.state())
        validated = progress.run is not None and math.isfinite(progress.run.best)
        if not validated:
            self.folder.write_weights(progress.weights())
        self.folder.write_card(card(self.config, progress))

    def _finish(self, progress: Progress | None, seconds: float) -> None:
        """Leave the model as it should be used: with the weights that did best on held-out data."""
        if self.folder is not None and self.folder.weights.exists():
            self.model.generator.load_state_dict(self.folder.read_weights())
            self.model.checkpoint = self.folder.sha256()
        elif self._best is not None:
            self.model.generator.load_state_dict(self._best)
        self.model.generator.eval()


def _continue(
    stored: Mapping[str, Any],
    recipe: str,
    given: Mapping[str, Any],
    chosen: dict[str, Any],
    changed: dict[str, Any],
    ask: Sequence[str] | None,
    holdout: float,
) -> tuple[dict[str, Any], dict[str, Any], Sequence[str] | None, float]:
    """What a resumed run uses: all that was stored, but for how long and where to train."""
    if stored["recipe"] != recipe:
        raise RequestError(f"the folder holds a {stored['recipe']} run: it cannot go on as {recipe}")
    before = stored["options"] | stored["settings"]
    now = chosen | changed
    for name in given:
        if name not in _MAY_CHANGE and name in before and _plain(before[name]) != _plain(now[name]):
            raise RequestError(
                f"{name}={now[name]}: the run began with {before[name]}; start a new folder to change it"
            )
        if name not in _MAY_CHANGE and name not in before:
            raise RequestError(f"{name} was not set when the run began; start a new folder to change it")
    if ask is not None and list(ask) != list(stored["ask"] or []):
        raise RequestError("the run began with other conditions to ask for; start a new folder to change them")
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in stored["options"].items()}
    kept = {k: v for k, v in changed.items() if k in _MAY_CHANGE}
    return options, stored["settings"] | kept, stored["ask"], stored["holdout"]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _same_data(stored: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    before, now = stored["data"], config["data"]
    if before["sha256"] != now["sha256"] or before["items"] != now["items"]:
        raise RequestError("the data differ from those the run began with; start a new folder")


def _items(
    domain: Domain[Any], data: Path | str | Sequence[Any] | None, ask: Sequence[str] | None
) -> tuple[Items[Any], dict[str, Any]]:
    """The items of a file or of a sequence, and where they came from."""
    if data is None:
        raise RequestError(f"the {domain.name} recipes learn from data: give a file")
    if not isinstance(data, (str, Path)):
        items = data if isinstance(data, Items) else Items(data)
        return items, {"file": None, "sha256": None}
    path = Path(data)
    beside = [name for name in ask or () if name not in domain.properties]
    items = domain.read(path, beside)
    return items, {"file": path.name, "sha256": sha256(path)}


def _split(
    items: Items[Any], held: Items[Any] | None, holdout: float, seed: int
) -> tuple[Items[Any], Items[Any] | None]:
    if len(items) < 2:
        raise DataError(f"the data hold {len(items)} item{'' if len(items) == 1 else 's'}: training needs 2 or more")
    count = math.floor(holdout * len(items)) if held is None else 0
    if not count:
        return items, held
    order = torch.randperm(len(items), generator=torch.Generator().manual_seed(seed)).tolist()
    return _rows(items, order[count:]), _rows(items, order[:count])


def _rows(items: Items[Any], rows: Sequence[int]) -> Items[Any]:
    columns = {name: [column[i] for i in rows] for name, column in items.columns.items()}
    return Items([items.items[i] for i in rows], columns)


def _measured(domain: Domain[Any], items: Items[Any], names: Sequence[str]) -> Items[Any]:
    """The items with the columns that may be asked for: properties are measured, other names are in the data."""
    columns: dict[str, Sequence[float | str | None]] = {}
    for name in names:
        if name in domain.properties:
            columns[name] = [domain.properties[name].measure(item) for item in items.items]
        elif name in items.columns:
            columns[name] = items.columns[name]
        else:
            raise UnknownName("property or column", name, [*domain.properties, *items.columns])
    return Items(items.items, columns)


def _field(domain: Domain[Any], name: str, column: Sequence[float | str | None]) -> Continuous | Categorical:
    known = [v for v in column if v is not None and not (isinstance(v, float) and math.isnan(v))]
    if not known:
        raise DataError(f"column {name} has no value in any row")
    measured = domain.properties.get(name)
    if measured is not None and measured.levels:
        return Categorical(name, measured.levels)
    if any(isinstance(v, str) for v in known):
        levels = tuple(sorted({str(v) for v in known}))
        if len(levels) > _MOST_LEVELS:
            raise DataError(f"column {name} has {len(levels)} different texts: too many to be a category")
        return Categorical(name, levels)
    numbers = torch.tensor([float(v) for v in known], dtype=torch.float64)
    std = float(numbers.std(correction=0))
    unit = measured.unit if measured is not None else ""
    return Continuous(name, unit, float(numbers.mean()), std or 1.0, float(numbers.min()), float(numbers.max()))


def _tensors(model: Model[Any], items: Items[Any]) -> tuple[Tensor, Condition | None]:
    x = model.representation.encode(items.items)
    return x, model.fields.rows(items.columns) if model.fields.fields else None
