"""Recipes and fields found again from what a config says of them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sciencegen.core.condition import ConditionFields, Continuous, Given
from sciencegen.core.domain import Representation, Representing
from sciencegen.errors import RequestError
from sciencegen.recipes import recipe_function
from sciencegen.recipes.options import build, resolve
from sciencegen.recipes.recipe import Recipe

__all__ = ["building", "fields_of", "given_of", "recipe_of", "representation_of"]

_LARGEST = 10_000_000
# what torch, Python and the parts of a recipe raise for numbers that make no net
_UNBUILDABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    UserWarning,
    ValueError,
)


@contextmanager
def building(config: Mapping[str, Any]) -> Iterator[None]:
    """Turn what torch and Python say of options that make no net into one line that names them."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Initializing zero-element tensors")  # a width of 0 is no width
            yield
    except RequestError:
        raise
    except _UNBUILDABLE as error:
        options = ", ".join(f"{name}={value}" for name, value in config["options"].items()) or "these options"
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RequestError(f"{config['recipe']} cannot be built with {options}: {reason}") from error


def recipe_of(config: Mapping[str, Any]) -> Recipe[Any]:
    """The recipe a config describes, with its options and settings."""
    function = recipe_function(config["recipe"])
    options, _ = resolve(function, config["options"])
    for name, value in options.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise RequestError(f"{name}={value}: expected a finite number")
        if isinstance(value, int) and not 0 <= value <= _LARGEST:
            raise RequestError(f"{name}={value}: expected a whole number from 0 to {_LARGEST:,}")
    _, settings = resolve(function, config["settings"])
    with building(config):
        return build(function, options, settings)


def representation_of(kind: Representing[Any], state: Mapping[str, Any]) -> Representation[Any]:
    """The representation of plain values that came through JSON, which knows lists alone."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in state.items()})


def given_of(config: Mapping[str, Any], recipe: Recipe[Any]) -> dict[str, Representation[Any]]:
    """What represents the items that have to be given, as a config describes it."""
    states = config.get("given", {})
    if not isinstance(states, Mapping) or set(states) != set(recipe.given):
        raise ValueError(
            f"given: expected {', '.join(recipe.given) or 'nothing'}, got {', '.join(states) or 'nothing'}"
        )
    return {name: representation_of(kind.recalled(states[name]), states[name]) for name, kind in recipe.given.items()}


def fields_of(config: Mapping[str, Any], given: Mapping[str, Representation[Any]]) -> ConditionFields:
    """The fields a config describes, and what has to be or may be given."""
    fields = ConditionFields.from_state(config["fields"])
    for one in fields.fields:
        if not isinstance(one.name, str):
            raise ValueError(f"a field is called {one.name!r}: expected a name")
        if isinstance(one, Continuous):
            numbers = (one.mean, one.std, one.low, one.high)
            good = all(type(n) in (int, float) and math.isfinite(n) for n in numbers) and one.std > 0
        else:
            good = bool(one.levels) and all(isinstance(level, str) for level in one.levels)
        if not good:
            raise ValueError(f"field {one.name}: expected finite numbers and a spread above 0, or a list of levels")
    return ConditionFields(fields.fields, tuple(Given(name, one.space) for name, one in given.items()))
