"""Options: the typed arguments of a recipe function, and the fields of the settings, set by name.

An argument that is a dataclass stands for its fields, so that recipes of one kind share their options.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from sciencegen.errors import RequestError, UnknownName
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["assignments", "build", "chosen", "defaults", "describe", "resolve"]

T = TypeVar("T")


def assignments(texts: Iterable[str], option: str = "--set") -> dict[str, str]:
    """Read the `name=value` texts of an option."""
    given: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise RequestError(f"{option} {text!r}: expected name=value")
        if name.strip() in given:
            raise RequestError(f"{option} {text!r}: {name.strip()} was set already")
        given[name.strip()] = value.strip()
    return given


@dataclass(frozen=True)
class _Option:
    """Something that can be set: its kind, its default, and the argument it is a field of."""

    kind: Any
    default: Any
    group: str = ""


def _options(function: Callable[..., Recipe[Any]]) -> dict[str, _Option]:
    kinds, found = get_type_hints(function), {}
    for name, parameter in inspect.signature(function).parameters.items():
        if not is_dataclass(kinds[name]):
            found[name] = _Option(kinds[name], parameter.default)
            continue
        inner = get_type_hints(kinds[name])
        for one in fields(kinds[name]):
            found[one.name] = _Option(inner[one.name], getattr(parameter.default, one.name), name)
    return found


def defaults(function: Callable[..., Recipe[Any]]) -> dict[str, Any]:
    """Every option of a recipe with its default."""
    return {name: option.default for name, option in _options(function).items()}


def resolve(function: Callable[..., Recipe[Any]], given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sort what was given into the recipe's options, all of them resolved, and the settings that were changed."""
    known, options = _options(function), defaults(function)
    setting_kinds = get_type_hints(Settings)
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if name in options:
            options[name] = _convert(name, known[name].kind, value)
        elif name in setting_kinds:
            settings[name] = _convert(name, setting_kinds[name], value)
        else:
            raise UnknownName("option", name, [*options, *setting_kinds])
    return options, settings


def chosen(default: T, given: Mapping[str, Any], what: str = "option") -> T:
    """A dataclass with some of its fields set by name; `what` a name is, for a refusal of one that is not known."""
    kinds = get_type_hints(type(default))
    for name in given:
        if name not in kinds:
            raise UnknownName(what, name, kinds)
    return replace(default, **{name: _convert(name, kinds[name], value) for name, value in given.items()})  # type: ignore[type-var]


def build(function: Callable[..., Recipe[Any]], options: Mapping[str, Any], settings: Mapping[str, Any]) -> Recipe[Any]:
    """The recipe with its options, and with some of its settings replaced."""
    known, arguments = _options(function), dict[str, Any]()
    for name, parameter in inspect.signature(function).parameters.items():
        if name in known:
            arguments[name] = options.get(name, parameter.default)
        else:  # a dataclass
            own = {field: options[field] for field, one in known.items() if one.group == name and field in options}
            arguments[name] = replace(parameter.default, **own)
    recipe = function(**arguments)
    return replace(recipe, settings=replace(recipe.settings, **settings))


def describe(function: Callable[..., Recipe[Any]]) -> list[tuple[str, str, Any, bool]]:
    """Name, kind, default, and whether it is a setting of the training, of everything that can be set."""
    own = [(name, _spell(option.kind), option.default, False) for name, option in _options(function).items()]
    settings, setting_kinds = function().settings, get_type_hints(Settings)
    return own + [(f.name, _spell(setting_kinds[f.name]), getattr(settings, f.name), True) for f in fields(Settings)]


def _spell(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "|".join(str(word) for word in get_args(kind))
    if get_origin(kind) is tuple:
        return f"{_spell(get_args(kind)[0])},..."
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _convert(name: str, kind: Any, value: Any) -> Any:
    """A value, given as text or as it is, as the kind an option has."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        if str(value) not in arguments:
            raise UnknownName(f"{name}", str(value), arguments)
        return str(value)
    if origin in (Union, UnionType):
        if value is None or value == "none":
            return None
        return _convert(name, next(a for a in arguments if a is not NoneType), value)
    if origin is tuple:
        parts = value.split(",") if isinstance(value, str) else list(value)
        return tuple(_convert(name, arguments[0], part) for part in parts if part != "")
    if kind is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if str(value).lower() not in words:
            raise RequestError(f"{name}={value}: expected true or false")
        return words[str(value).lower()]
    try:
        return _whole(value) if kind is int else kind(value)
    except (TypeError, ValueError, OverflowError):
        raise RequestError(f"{name}={value}: expected {'a whole number' if kind is int else 'a number'}") from None


def _whole(value: Any) -> int:
    """A whole number, exactly; 1e3 is one too."""
    if isinstance(value, str) and value.lstrip("+-").isdigit():
        return int(value)
    if float(value) != int(value if isinstance(value, int) else float(value)):
        raise ValueError(value)
    return int(value if isinstance(value, int) else float(value))
