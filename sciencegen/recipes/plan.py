"""What a training run is asked to do, all defaults resolved; and what it does when it is taken up again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import NoneType
from typing import Any

from sciencegen.errors import CheckpointError, RequestError
from sciencegen.recipes import recipe_function
from sciencegen.recipes.options import build, resolve
from sciencegen.recipes.stored import recipe_of

__all__ = ["Plan", "continued", "planned", "same_data"]

_MAY_CHANGE = {"steps", "epochs", "patience", "save", "device", "devices", "nodes", "accumulate"}
_HOLDOUT = 0.05


@dataclass(frozen=True)
class Plan:
    """What a run is asked to do, all defaults resolved, as its config says it."""

    recipe: str
    options: dict[str, Any]
    settings: dict[str, Any]
    ask: tuple[str, ...]
    holdout: float


def planned(
    recipe: str,
    given: Mapping[str, Any],
    ask: Sequence[str] | None,
    holdout: float | None,
    trained: Mapping[str, Any] | None = None,
) -> Plan:
    """What a run that begins does; with the config of a `trained` model, a run that begins with that model."""
    if trained is not None:
        if trained["recipe"] != recipe:
            raise RequestError(f"the model to begin with is a {trained['recipe']}: train it as that, not as {recipe}")
        usual = build(recipe_function(recipe), {}, {})
        given = {**trained["options"], **usual.tuning, **given}
        measurable = [name for name in trained["ask"] if name in usual.domain.properties]
        ask = tuple(dict.fromkeys((*measurable, *(ask or ()))))
    options, changed = resolve(recipe_function(recipe), given)
    made = recipe_of({"recipe": recipe, "options": options, "settings": changed})
    share = _HOLDOUT if holdout is None else holdout
    if not 0 <= share < 1:
        raise RequestError(f"holdout={share}: expected a share from 0 up to but not including 1")
    return Plan(recipe, options, asdict(made.settings), tuple(dict.fromkeys(made.ask if ask is None else ask)), share)


def continued(
    plan: Plan, stored: Mapping[str, Any], given: Mapping[str, Any], ask: Sequence[str] | None, holdout: float | None
) -> Plan:
    """What a run that is taken up again does: all that was stored, but for how long and where it trains."""
    if stored["recipe"] != plan.recipe:
        raise RequestError(f"the folder holds a {stored['recipe']} run: it cannot go on as {plan.recipe}")
    before, now = _began(stored), plan.options | plan.settings
    values = before.options | before.settings
    for name in given:
        if name not in _MAY_CHANGE and values[name] != now[name]:
            raise _changed(name, now[name], values[name])
    added = bool(stored.get("from")) and set(plan.ask) <= set(before.ask)  # to what the model it began with knew
    if ask is not None and plan.ask != before.ask and not added:
        raise _changed("ask", ", ".join(plan.ask) or "none", ", ".join(before.ask) or "none")
    if holdout is not None and holdout != before.holdout:
        raise _changed("holdout", holdout, before.holdout)
    return replace(before, settings=before.settings | {name: now[name] for name in given if name in _MAY_CHANGE})


def _began(stored: Mapping[str, Any]) -> Plan:
    """What a run did, as its config says it."""
    recipe, asked, share = recipe_of(stored), stored.get("ask"), stored.get("holdout")
    if not isinstance(asked, (list, NoneType)) or not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise CheckpointError(f"the config of the run is damaged: ask={asked}, holdout={share}")
    options, _ = resolve(recipe_function(stored["recipe"]), stored["options"])
    return Plan(
        stored["recipe"], options, asdict(recipe.settings), recipe.ask if asked is None else tuple(asked), share
    )


def _changed(name: str, now: Any, before: Any) -> RequestError:
    return RequestError(f"{name}={now}: the run began with {before}; start a new folder to change it")


def same_data(stored: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Refuse to go on with a run on other data than it began with."""
    before, now = stored["data"], config["data"]
    for prefix, option in (("", "--data"), ("valid_", "--valid")):
        if before.get(f"{prefix}sha256") != now[f"{prefix}sha256"]:
            begun, given = (one.get(f"{prefix}file") or "none" for one in (before, now))
            found = f"{option} {given}: the run began with other data ({begun})"
            raise RequestError(f"{found}; give the same, or start a new folder")
    plain = json.loads(json.dumps(config))
    same = all(stored.get(key, {}) == plain[key] for key in ("representation", "fields", "given"))
    if not same or before.get("items") != now["items"]:
        raise RequestError("the run began with other data: give the same, or start a new folder")
