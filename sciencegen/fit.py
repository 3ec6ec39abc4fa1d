"""From a recipe and data to a trained model in a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen import __version__
from sciencegen.asking import whole_items
from sciencegen.core.batch import Batches
from sciencegen.core.condition import Condition, ConditionFields
from sciencegen.core.domain import Items, Representation
from sciencegen.core.files import sha256
from sciencegen.core.space import Tokens
from sciencegen.data.batches import Bucketed, InOrder, Shuffled, Unfed
from sciencegen.data.cards import resolve
from sciencegen.data.columns import field_of, measured, split
from sciencegen.data.outside import inside
from sciencegen.data.seen import Seen
from sciencegen.errors import DataError, RequestError
from sciencegen.model import Model, assemble, load
from sciencegen.recipes import recipe_function
from sciencegen.recipes.options import build
from sciencegen.recipes.plan import Plan, continued, planned, same_data
from sciencegen.recipes.recipe import Recipe
from sciencegen.recipes.stored import building
from sciencegen.train.card import card
from sciencegen.train.checkpoint import Folder
from sciencegen.train.journal import Journal, require_tensorboard
from sciencegen.train.loop import train
from sciencegen.train.run import Progress
from sciencegen.train.settings import Settings
from sciencegen.train.weights import grafted

__all__ = ["Fit"]

Data = Path | str | Sequence[Any]
_MANY, _LARGE = 20_000, 2_000_000
"""So many items, or a file of so many bytes, may take a while to be made ready."""


class Fit:
    """A training run: iterate over it for its progress; afterwards `model` is trained.

    `data` and `valid` are files the recipe's domain reads, or items. `ask` names the properties, or columns of the
    data, that may be asked for later. `holdout` is the share of the data kept for validation where no `valid` is
    given (0.05). `start` is a trained model to begin with: what is new in the data, tokens and columns, is added to
    it. `reading` says how files are read, where the domain leaves a choice. With `out`, a folder is written as the run
    goes on, and `resume=True` takes it up again. `tell` is told before what takes a while.
    """

    def __init__(
        self,
        recipe: str,
        data: Data | None = None,
        *,
        out: Path | str | None = None,
        valid: Data | None = None,
        ask: Sequence[str] | None = None,
        holdout: float | None = None,
        start: Path | str | None = None,
        resume: bool = False,
        journal: str | None = None,
        tensorboard: bool = False,
        reading: Mapping[str, str] | None = None,
        tell: Callable[[str], None] | None = None,
        **options: Any,
    ) -> None:
        if tensorboard:
            require_tensorboard()
        self._tell = tell or _silent
        self.folder = None if out is None else Folder(Path(out))
        stored = self._stored(resume)
        self._journal = None if self.folder is None else self.folder.journal(journal)
        self._tensorboard = tensorboard
        self._trained = _trained(start, stored)
        plan = planned(recipe, options, ask, holdout, self._trained.config if self._trained and not stored else None)
        if stored is not None:
            plan = continued(plan, stored, options, ask, holdout)
        self.recipe: Recipe[Any] = build(recipe_function(recipe), plan.options, plan.settings)
        made = stored or (self._trained.config if self._trained else None)
        if made is not None:
            self.recipe = self.recipe.recalled(made["representation"])
        self._reading = dict(reading or {})
        if reading:
            self.recipe = replace(self.recipe, domain=self.recipe.domain.reading(**reading))
        self.settings: Settings = self.recipe.settings
        for file in (data, valid):
            if _is_large(file):
                self._tell(f"reading {file}")
        given = _read(self.recipe, data, valid, plan, self._reading.get("on_error") == "stop")
        self.reports = [one.reading for one in given.both if one.reading is not None]
        """What became of the rows of the files that were read."""
        self.remarks: Sequence[str] = ()
        """What a person should know of what is learned, before it is."""
        self._learn(given, plan)
        if self.held is None and "patience" not in options:  # the recipe's own, where there is enough to hold out
            self.settings = replace(self.settings, patience=0)
        if stored is not None:
            same_data(stored, self.config)
        if not self.settings.total(self.batches):
            raise RequestError("epochs=0 and steps=0: there is nothing to train")
        self.resumed = self.folder.read_state() if stored is not None and self.folder is not None else None
        self._best: dict[str, Tensor] | None = None
        self._stop = False
        self.progress: Progress | None = None
        """What happened last."""

    def _learn(self, given: _Given, plan: Plan) -> None:
        """Learn from the data what the model must know of them, build it, and encode the data once."""
        domain, seed = self.recipe.domain, self.settings.seed
        trained = self._trained
        if trained is None:
            representation = self.recipe.ready or self.recipe.representation.fit(given.items.items)
        else:
            representation = trained.representation.extended(given.items.items)
        if not self.recipe.ready:
            self.remarks = self.recipe.representation.remarks(representation, given.items.items)
        beside = self._given(given.items)
        own = [one.name for one in self.recipe.fields] if len(given.items) else []
        many = len(given.items) >= _MANY
        if many and (of_items := [name for name in (*plan.ask, *own) if name in domain.properties]):
            self._tell(f"measuring {', '.join(of_items)} of {len(given.items):,} items")
        items = measured(domain, given.items, (*plan.ask, *own, *beside))
        found = [field_of(domain, name, items.columns[name]) for name in plan.ask]
        found = found if self.recipe.ready is None else list(self.recipe.fields)
        fields = ConditionFields(tuple(found)) if trained is None else trained.fields.grown(found)
        self.seen = Seen.of(map(domain.text, items.items)) if domain.distinct and len(items) else None
        held = given.valid
        if held is None:
            items, held = split(items, plan.holdout, seed)
        self.config: dict[str, Any] = {
            "versions": {"sciencegen": __version__, "torch": torch.__version__},
            **asdict(plan),
            "representation": representation.state(),
            "fields": fields.state(),
            "given": {name: one.state() for name, one in beside.items()},
            "from": None if trained is None else trained.checkpoint or trained.config["from"],
            "reading": {"options": self._reading, "reports": _records(given)},
            "data": given.source | {"items": len(items), "held_out": len(held) if held else 0},
        }
        torch.manual_seed(seed)
        self.model: Model[Any] = assemble(self.config)
        if trained is not None and trained.checkpoint:
            self.model.generator.load_state_dict(grafted(self.model.generator, trained.generator.state_dict()))
        with building(self.config):
            self.objective = self.recipe.objective(representation.space, self.model.fields)
        size, end = self.settings.batch, self._end()
        self.batches: Batches = Unfed(size, self.model.fields, seed)
        if len(items):
            if many:
                self._tell(f"encoding {len(items):,} items")
            x, condition = _tensors(self.model, items, self.recipe.spellings)
            self.batches = (
                Shuffled(x, condition, size, seed) if end is None else Bucketed(x, condition, size, seed, end)
            )
        if held is None:
            self.held = None
        else:
            self.held = InOrder(*_held_out(self.model, held, held is given.valid), size, end)

    def _given(self, items: Items[Any]) -> dict[str, Representation[Any]]:
        """What represents the items that stand beside others, learned from the data."""
        found: dict[str, Representation[Any]] = {}
        for name, kind in self.recipe.given.items():
            column = measured(self.recipe.domain, items, [name]).columns[name]
            whole = whole_items(self.recipe.domain, column)
            found[name] = kind.fit(whole) if self._trained is None else self._trained.given[name].extended(whole)
        return found

    def _end(self) -> int | None:
        """The token after which sequences may be cut."""
        space = self.model.representation.space
        return space.end if self.recipe.bucketed and isinstance(space, Tokens) else None

    def stop(self) -> None:
        """Ask the run to end after this step, with everything saved."""
        self._stop = True

    def __iter__(self) -> Iterator[Progress]:
        if self.progress is not None:
            raise RequestError("this run was made already: make another Fit, with resume=True to go on with it")
        journal: Journal | None = None
        saved_at, saved_step = time.monotonic(), -1
        every = max(1, self.settings.total(self.batches) // 500)
        run = train(self.model.generator, self.objective, self.batches, self.settings, self.resumed, self.held)
        with closing(run):
            for progress in run:
                if self.folder is not None and progress.leader:
                    journal = journal or self._open()
                    if progress.step % every == 0 or progress.validation is not None or progress.stopping:
                        journal.add(progress)
                    if progress.best:
                        self.folder.write_weights(progress.weights())
                    if progress.stopping or time.monotonic() - saved_at >= self.settings.save:
                        self._save(progress)
                        saved_at, saved_step = time.monotonic(), progress.step
                elif progress.best:
                    self._best = progress.weights()
                self.progress = progress
                yield progress
                if progress.agreed(self._stop):
                    if self.folder is not None and progress.leader and saved_step != progress.step:
                        self._save(progress)
                    break
        if journal is not None:
            journal.close()
        self._finish()

    def _stored(self, resume: bool) -> dict[str, Any] | None:
        """The config of the run to go on with; None where a run begins."""
        if self.folder is None:
            if resume:
                raise RequestError("resume needs the folder of the run: give it with out")
            return None
        begun = self.folder.begun()
        if begun and not resume:
            raise RequestError(f"{self.folder.path} holds a run: go on with --resume, or choose another folder")
        return self.folder.read_config() if begun else None

    def _open(self) -> Journal:
        assert self.folder is not None
        assert self._journal is not None
        self.folder.sweep()
        self.folder.write_config(self.config)
        if self.seen is not None:
            self.seen.save(self.folder.seen)
        at = self.resumed.step if self.resumed else 0
        return Journal(self._journal, at, self._tensorboard)

    def _save(self, progress: Progress) -> None:
        """Write a checkpoint. The state comes last: a run killed before it does this step again."""
        assert self.folder is not None
        validated = progress.run is not None and isfinite(progress.run.best)
        if not validated:
            self.folder.write_weights(progress.weights())
        defaults = planned(self.config["recipe"], {}, None, None)
        self.folder.write_card(card(self.config, defaults.options | defaults.settings, self.folder.path, progress))
        self.folder.write_state(progress.state())

    def _finish(self) -> None:
        """Leave the model as it should be used: with the weights that did best on held-out data."""
        if self.folder is not None and self.folder.weights.exists():
            self.model.generator.load_state_dict(self.folder.read_weights())
            self.model.checkpoint = self.folder.sha256()
        elif self._best is not None:
            self.model.generator.load_state_dict(self._best)
        self.model.generator.eval()
        self.model.seen = self.seen


def _trained(start: Path | str | None, stored: dict[str, Any] | None) -> Model[Any] | None:
    """The model a run begins with; where it began with one earlier, what became of it, still without weights."""
    if stored is not None:
        return assemble(stored) if stored.get("from") else None
    return None if start is None else load(start, "cpu")


@dataclass(frozen=True)
class _Given:
    """The data of a run and where they came from."""

    items: Items[Any]
    valid: Items[Any] | None
    source: dict[str, Any]

    @property
    def both(self) -> list[Items[Any]]:
        """The data, and the held-out ones where there are some."""
        return [self.items] if self.valid is None else [self.items, self.valid]


def _read(recipe: Recipe[Any], data: Data | None, valid: Data | None, plan: Plan, stop: bool) -> _Given:
    files = {"": data, "valid_": valid}
    source: dict[str, Any] = {}
    for prefix, file in files.items():
        named = isinstance(file, (str, Path))
        source[f"{prefix}file"] = str(file) if named else None
        source[f"{prefix}sha256"] = None
    if recipe.ready is not None and plan.ask:
        raise RequestError(f"{plan.recipe} says itself what may be asked of it: leave out --ask")
    if recipe.ready is not None and not recipe.mixed:
        if data is not None or valid is not None:
            raise RequestError(f"{plan.recipe} learns without data: leave out --data and --valid")
        return _Given(Items([]), None, source)
    if data is None:
        raise RequestError(f"the {recipe.domain.name} recipes learn from data: give a file with --data")
    items = _items(recipe, data, plan.ask, "the data", stop)
    held = None if valid is None else _items(recipe, valid, plan.ask, "the held-out data", stop)
    if len(items) < 2:
        raise DataError(f"the data hold {len(items)} item{'' if len(items) == 1 else 's'}: training needs 2 or more")
    if held is not None and not len(held):
        raise DataError("the held-out data hold no items")
    for prefix, file in files.items():
        source[f"{prefix}sha256"] = sha256(resolve(str(file))) if isinstance(file, (str, Path)) else None
    return _Given(items, held, source)


def _silent(line: str) -> None:
    """Nobody is told."""


def _is_large(file: Data | None) -> bool:
    if not isinstance(file, (str, Path)):
        return False
    path = Path(file)
    return path.is_file() and path.stat().st_size >= _LARGE


def _records(given: _Given) -> list[dict[str, Any]]:
    """What became of the rows, by the names the files were given rather than where they lie on this machine."""
    found = []
    for prefix, items in zip(("", "valid_"), given.both, strict=False):
        name = given.source[f"{prefix}file"]
        if items.reading is not None:
            found.append(items.reading.record() | ({} if name is None else {"file": name}))
    return found


def _items(recipe: Recipe[Any], data: Data, ask: Sequence[str], what: str, stop: bool) -> Items[Any]:
    """The items of a file or of a sequence that can be represented, with the columns beside them."""
    domain = recipe.domain
    if isinstance(data, (str, Path)):
        beside = [name for name in (*ask, *recipe.given) if name not in domain.properties]
        found = domain.read(resolve(str(data)), beside)
    else:
        found = data if isinstance(data, Items) else Items(data)
    outside = _beside_nothing(recipe, found) | dict(recipe.representation.outside(found.items))
    return inside(domain, found, outside, what, stop)


def _beside_nothing(recipe: Recipe[Any], items: Items[Any]) -> dict[int, str]:
    """The items by whose side nothing stands that can be given, by position, and why not."""
    lost: dict[int, str] = {}
    for name, kind in recipe.given.items():
        column = measured(recipe.domain, items, [name]).columns[name]
        whole = {i: one for i, one in enumerate(whole_items(recipe.domain, column)) if one is not None}
        lost |= {i: f"without {name}" for i in range(len(items)) if i not in whole}
        outside = kind.outside(list(whole.values())) if whole else {}
        lost |= {row: f"{name}: {outside[i]}" for i, row in enumerate(whole) if i in outside}
    return lost


def _tensors(model: Model[Any], items: Items[Any], spellings: int = 1) -> tuple[Tensor, Condition | None]:
    ways = [model.representation.encode(items.items)]
    ways += [model.representation.spelled(items.items, seed) for seed in range(1, spellings)]
    condition = model.asking.rows(items.columns, len(items)) if model.fields.fields or model.given else None
    if condition is not None and spellings > 1:
        condition = condition[torch.arange(len(condition)).repeat(spellings)]
    return torch.cat(ways) if spellings > 1 else ways[0], condition


def _held_out(model: Model[Any], items: Items[Any], measure: bool) -> tuple[Tensor, Condition | None]:
    try:
        model.representation.encode(items.items[:1])  # before strange items are measured
        return _tensors(model, measured(model.domain, items, (*model.fields.names, *model.given)) if measure else items)
    except RequestError as error:
        raise DataError(f"the held-out data do not fit the data: {error}") from error
