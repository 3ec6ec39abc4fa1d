"""A model taught to draw what is wanted, by an oracle that can be asked so often."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sciencegen.core.generator import Density
from sciencegen.core.space import Tokens
from sciencegen.data.batches import Unfed
from sciencegen.errors import CheckpointError, RequestError, UnknownName
from sciencegen.model import Model
from sciencegen.objectives.policy import AugmentedLikelihood, Practice
from sciencegen.optimize.bench import Items, Tally
from sciencegen.optimize.oracle import Oracle
from sciencegen.recipes.options import chosen
from sciencegen.recipes.stored import recipe_of
from sciencegen.train.checkpoint import Folder
from sciencegen.train.loop import train
from sciencegen.train.run import TrainingState
from sciencegen.train.settings import Settings

__all__ = ["SETTINGS", "Turn", "chosen_options", "learnable", "practised", "write_policy"]

SETTINGS = Settings(batch=64, rate=5e-4, clip=10.0, steps=1_000_000, save=30.0)
_PATIENCE = 50
"""So many turns in a row without anything new are enough."""


@dataclass(frozen=True)
class Turn:
    """What one batch of draws brought."""

    number: int
    calls: int
    score: float
    """The mean score of the draws."""
    tally: Tally
    stale: bool = False
    """Whether the policy draws nothing new any more."""


def learnable(model: Model[Any]) -> bool:
    """Whether a model can be taught: it knows how probable its samples are, which are strings."""
    return isinstance(model.generator, Density) and isinstance(model.representation.space, Tokens)


def chosen_options(given: Mapping[str, Any]) -> tuple[Practice, Settings]:
    """What may be chosen of how a model learns, with some of it set by name."""
    own, settings = ({one.name for one in fields(kind)} for kind in (Practice, Settings))
    for name in given:
        if name not in own | settings:
            raise UnknownName("option", name, sorted(own | settings))
    practice = chosen(Practice(), {name: value for name, value in given.items() if name in own})
    return practice, chosen(SETTINGS, {name: value for name, value in given.items() if name not in own})


def write_policy(model: Model[Any], path: Path) -> None:
    """Write the taught model, as one to generate from."""
    folder = Folder(path)
    folder.write_config(model.config)
    folder.write_weights(model.generator.state_dict())
    folder.write_card(f"# {model.recipe}, taught by `sciencegen optimize`\n\nWhat for is in `../run.json`.\n")


def practised(
    model: Model[Any],
    oracle: Oracle[Any],
    practice: Practice | None = None,
    settings: Settings = SETTINGS,
    folder: Path | None = None,
) -> Iterator[Turn]:
    """Teach the model, in place, until the oracle's calls are spent.

    With a folder, what is needed to go on is saved there from time to time. A run that is taken up draws again what it
    had drawn since then, which the oracle's ledger knows, so that it asks what it would have asked uninterrupted.
    """
    if not learnable(model):
        name = type(model.generator).__name__
        raise RequestError(f"{model.recipe}: {name} generators draw no strings of known probability to be taught by")
    assert isinstance(model.generator, Density)
    practice = practice or Practice()
    bench = Items(model.representation, oracle, practice.quota > 0)
    objective = AugmentedLikelihood(model.generator, bench, practice, _end(model))
    kept = None if folder is None else Folder(folder)
    state = None if kept is None else kept.read_state()
    if state is not None:
        asked = int(state.tensors["objective.asked"]) if "objective.asked" in state.tensors else -1
        if not 0 <= asked <= len(oracle.ledger):
            raise CheckpointError(f"{folder}: the ledger is older than the saved policy; delete training.safetensors")
        objective.recall(bench.recall(oracle.ledger.told[:asked]))
    yield from _turns(model, objective, bench, settings, kept, state)


def _end(model: Model[Any]) -> int | None:
    """What ends the strings of a model, where its net reads strings of any length."""
    space = model.representation.space
    any_length = bool(model.config) and recipe_of(model.config).bucketed
    return space.end if isinstance(space, Tokens) and any_length else None


def _turns(
    model: Model[Any],
    objective: AugmentedLikelihood,
    bench: Items[Any],
    settings: Settings,
    kept: Folder | None,
    state: TrainingState | None,
) -> Iterator[Turn]:
    ledger, stale, saved = bench.oracle.ledger, 0, time.monotonic()
    model.generator.requires_grad_(True)
    if state is not None and not ledger.left:  # nothing will be trained, and still the model is to be the taught one
        own = {name: state.tensors[f"generator.{name}"] for name in model.generator.state_dict()}
        model.generator.load_state_dict(own)
    run = train(model.generator, objective, Unfed(settings.batch), settings, state)
    before = bench.asked
    try:
        while ledger.left:
            progress = next(run)
            stale = stale + 1 if bench.asked == before else 0
            before = bench.asked
            over = not ledger.left or stale >= _PATIENCE
            if kept is not None and (over or time.monotonic() - saved > settings.save):
                kept.write_state(progress.state())
                saved = time.monotonic()
            score = progress.report.get("score", 0.0)
            yield Turn(progress.step, ledger.calls, score, bench.tally, stale >= _PATIENCE)
            if over:
                return
    finally:
        run.close()
