"""From a recipe and data to a trained model in a folder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen import __version__
from sciencegen.core.batch import Batches
from sciencegen.core.condition import Condition, ConditionFields
from sciencegen.core.domain import Domain, Items
from sciencegen.core.files import sha256
from sciencegen.data.batches import InOrder, Shuffled, Unfed
from sciencegen.data.columns import field_of, measured, split
from sciencegen.errors import CheckpointError, DataError, RequestError
from sciencegen.model import Model, assemble, building, recipe_of
from sciencegen.recipes import recipe_function
from sciencegen.recipes.options import build, resolve
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.card import card
from sciencegen.train.checkpoint import Folder
from sciencegen.train.journal import Journal, require_tensorboard
from sciencegen.train.loop import Progress, TrainingState, train
from sciencegen.train.settings import Settings

__all__ = ["Fit"]

_MAY_CHANGE = {"steps", "epochs", "patience", "save", "device", "devices", "nodes", "accumulate"}
_HOLDOUT = 0.05
Data = Path | str | Sequence[Any]


class Fit:
    """A training run: iterate over it for its progress; afterwards `model` is trained.

    `data` and `valid` are files the recipe's domain reads, or items. `ask` names the properties, or columns of the
    data, that may be asked for later. `holdout` is the share of the data kept for validation where no `valid` is
    given (0.05). With `out`, a folder is written as the run goes on, and `resume=True` takes it up again.
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
        resume: bool = False,
        journal: str | None = None,
        tensorboard: bool = False,
        **options: Any,
    ) -> None:
        if tensorboard:
            require_tensorboard()
        self._journal, self._tensorboard = journal, tensorboard
        self.folder = None if out is None else Folder(Path(out))
        stored = self._stored(resume)
        plan = _planned(recipe, options, ask, holdout)
        if stored is not None:
            plan = _continued(plan, stored, options, ask, holdout)
        self.recipe: Recipe[Any] = build(recipe_function(recipe), plan.options, plan.settings)
        self.settings: Settings = self.recipe.settings
        both = _read(self.recipe, data, valid, plan)
        items, held = (both.items, both.valid) if both.valid else split(both.items, plan.holdout, self.settings.seed)
        representation = self.recipe.ready or self.recipe.representation.fit(both.items.items)
        columns = both.items.columns.items()
        fields = ConditionFields(tuple(field_of(self.recipe.domain, name, column) for name, column in columns))
        self.config: dict[str, Any] = {
            "versions": {"sciencegen": __version__, "torch": torch.__version__},
            **asdict(plan),
            "representation": representation.state(),
            "fields": fields.state(),
            "data": both.source | {"items": len(items), "held_out": len(held) if held else 0},
        }
        if stored is not None:
            _same_data(stored, self.config)
        torch.manual_seed(self.settings.seed)
        self.model: Model[Any] = assemble(self.config)
        with building(self.config):
            self.objective = self.recipe.objective(representation.space, fields)
        self.batches: Batches = Unfed(self.settings.batch)
        if len(items):
            self.batches = Shuffled(*_tensors(self.model, items), self.settings.batch, self.settings.seed)
        self.held = None if held is None else InOrder(*_held_out(self.model, held), self.settings.batch)
        if not self.settings.total(self.batches):
            raise RequestError("epochs=0 and steps=0: there is nothing to train")
        self.resumed: TrainingState | None = None
        if stored is not None and self.folder is not None:
            self.resumed = self.folder.read_state()
        self._best: dict[str, Tensor] | None = None
        self._stop = False
        self.progress: Progress | None = None
        """What happened last."""

    def stop(self) -> None:
        """Ask the run to end after this step, with everything saved."""
        self._stop = True

    def __iter__(self) -> Iterator[Progress]:
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
        self.folder.sweep()
        self.folder.write_config(self.config)
        at = self.resumed.step if self.resumed else 0
        return Journal(self.folder.journal(self._journal), at, self._tensorboard)

    def _save(self, progress: Progress) -> None:
        """Write a checkpoint. The state comes last: a run killed before it does this step again."""
        assert self.folder is not None
        validated = progress.run is not None and isfinite(progress.run.best)
        if not validated:
            self.folder.write_weights(progress.weights())
        defaults = _planned(self.config["recipe"], {}, None, None)
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


@dataclass(frozen=True)
class _Plan:
    """What a run is asked to do, all defaults resolved, as its config says it."""

    recipe: str
    options: dict[str, Any]
    settings: dict[str, Any]
    ask: tuple[str, ...]
    holdout: float


def _planned(recipe: str, given: Mapping[str, Any], ask: Sequence[str] | None, holdout: float | None) -> _Plan:
    """What a run that begins does."""
    options, changed = resolve(recipe_function(recipe), given)
    made = recipe_of({"recipe": recipe, "options": options, "settings": changed})
    share = _HOLDOUT if holdout is None else holdout
    if not 0 <= share < 1:
        raise RequestError(f"holdout={share}: expected a share from 0 up to but not including 1")
    return _Plan(recipe, options, asdict(made.settings), tuple(dict.fromkeys(made.ask if ask is None else ask)), share)


def _continued(
    plan: _Plan, stored: Mapping[str, Any], given: Mapping[str, Any], ask: Sequence[str] | None, holdout: float | None
) -> _Plan:
    """What a run that is taken up again does: all that was stored, but for how long and where it trains."""
    if stored["recipe"] != plan.recipe:
        raise RequestError(f"the folder holds a {stored['recipe']} run: it cannot go on as {plan.recipe}")
    recipe = recipe_of(stored)
    settings = asdict(recipe.settings)
    before = resolve(recipe_function(plan.recipe), stored["options"])[0] | settings
    now = plan.options | plan.settings
    for name in given:
        if name not in _MAY_CHANGE and before[name] != now[name]:
            raise _changed(name, now[name], before[name])
    asked, share = stored.get("ask"), stored.get("holdout")
    names = tuple(recipe.ask if asked is None else asked)
    if ask is not None and plan.ask != names:
        raise _changed("ask", ", ".join(plan.ask) or "none", ", ".join(names) or "none")
    if holdout is not None and holdout != share:
        raise _changed("holdout", holdout, share)
    kept = {name: now[name] for name in given if name in _MAY_CHANGE}
    if not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise CheckpointError(f"the config of the run is damaged: holdout={share}")
    return replace(
        plan, options={k: before[k] for k in plan.options}, settings=settings | kept, ask=names, holdout=share
    )


def _changed(name: str, now: Any, before: Any) -> RequestError:
    return RequestError(f"{name}={now}: the run began with {before}; start a new folder to change it")


def _same_data(stored: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    before, now = stored["data"], config["data"]
    for prefix, option in (("", "--data"), ("valid_", "--valid")):
        if before.get(f"{prefix}sha256") != now[f"{prefix}sha256"]:
            begun, given = (one.get(f"{prefix}file") or "none" for one in (before, now))
            found = f"{option} {given}: the run began with other data ({begun})"
            raise RequestError(f"{found}; give the same, or start a new folder")
    plain = json.loads(json.dumps(config))
    if any(stored[key] != plain[key] for key in ("representation", "fields")) or before.get("items") != now["items"]:
        raise RequestError("the run began with other data: give the same, or start a new folder")


@dataclass(frozen=True)
class _Given:
    """The data of a run and where they came from."""

    items: Items[Any]
    valid: Items[Any] | None
    source: dict[str, Any]


def _read(recipe: Recipe[Any], data: Data | None, valid: Data | None, plan: _Plan) -> _Given:
    files = {"": data, "valid_": valid}
    source: dict[str, Any] = {}
    for prefix, file in files.items():
        named = isinstance(file, (str, Path))
        source[f"{prefix}file"] = str(file) if named else None
        source[f"{prefix}sha256"] = None
    if recipe.ready is not None:
        if data is not None or valid is not None or plan.ask:
            raise RequestError(f"{plan.recipe} learns without data: leave out --data, --valid and --ask")
        return _Given(Items([]), None, source)
    if data is None:
        raise RequestError(f"the {recipe.domain.name} recipes learn from data: give a file with --data")
    items, held = (
        _items(recipe.domain, data, plan.ask),
        None if valid is None else _items(recipe.domain, valid, plan.ask),
    )
    if len(items) < 2:
        raise DataError(f"the data hold {len(items)} item{'' if len(items) == 1 else 's'}: training needs 2 or more")
    if held is not None and not len(held):
        raise DataError("the held-out data hold no items")
    for prefix, file in files.items():
        source[f"{prefix}sha256"] = sha256(Path(file)) if isinstance(file, (str, Path)) else None
    return _Given(items, held, source)


def _items(domain: Domain[Any], data: Data, ask: Sequence[str]) -> Items[Any]:
    """The items of a file or of a sequence, with the columns that may be asked for."""
    if isinstance(data, (str, Path)):
        items = domain.read(Path(data), [name for name in ask if name not in domain.properties])
    else:
        items = data if isinstance(data, Items) else Items(data)
    return measured(domain, items, ask)


def _tensors(model: Model[Any], items: Items[Any]) -> tuple[Tensor, Condition | None]:
    x = model.representation.encode(items.items)
    return x, model.fields.rows(items.columns) if model.fields.fields else None


def _held_out(model: Model[Any], items: Items[Any]) -> tuple[Tensor, Condition | None]:
    try:
        return _tensors(model, items)
    except RequestError as error:
        raise DataError(f"the held-out data do not fit the data: {error}") from error
