"""What can be made, by name, and its options as a person types them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from sciencegen.core.interval import Interval
from sciencegen.core.request import parse_where
from sciencegen.domains.microstructures.physics.cahn_hilliard import spinodal
from sciencegen.domains.microstructures.physics.coarsening import coarsening
from sciencegen.domains.microstructures.physics.discs import overlapping_discs
from sciencegen.domains.microstructures.physics.gaussian_field import level_sets
from sciencegen.domains.microstructures.physics.labelled import Labelled
from sciencegen.domains.microstructures.physics.micrographs import micrographs
from sciencegen.domains.microstructures.physics.voronoi import polycrystals
from sciencegen.errors import RequestError, UnknownName

__all__ = ["MAKERS", "maker_called", "options_of", "read_options", "written"]

MAKERS: Mapping[str, Callable[..., Labelled]] = {
    "cahn-hilliard": spinodal,
    "coarsening": coarsening,
    "discs": overlapping_discs,
    "gaussian-field": level_sets,
    "micrographs": micrographs,
    "voronoi": polycrystals,
}
"""Functions of how many images, their shape and a source of random numbers; what else they take are their options."""

_NOT_OPTIONS = ("chunk", "progress")


def maker_called(name: str) -> Callable[..., Labelled]:
    """A maker by its name."""
    if name not in MAKERS:
        raise UnknownName("kind of microstructure", name, MAKERS)
    return MAKERS[name]


def options_of(name: str) -> dict[str, Any]:
    """The options of a maker with their defaults."""
    parameters = inspect.signature(maker_called(name)).parameters.values()
    named = [one for one in parameters if one.kind is one.KEYWORD_ONLY and one.name not in _NOT_OPTIONS]
    return {one.name: one.default for one in named}


def read_options(name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """All options of a maker: those given as text, such as 0.3 or 0.2..0.4, and the defaults of the others."""
    options, kinds = options_of(name), get_type_hints(maker_called(name))
    for option, text in texts.items():
        if option not in options:
            raise UnknownName(f"option of {name}", option, options)
        options[option] = _read(option, text, kinds[option])
    return options


def written(value: Any) -> str:
    """An option as a person would type it, to the last digit."""
    if isinstance(value, tuple):
        return ",".join(written(one) for one in value)
    if isinstance(value, Interval):
        return f"{written(value.low)}..{written(value.high)}"
    if isinstance(value, bool):
        return str(value).lower()
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _read(option: str, text: str, kind: Any) -> Any:
    """What was typed, as the kind of value an option takes."""
    if kind is bool:
        if text not in ("true", "false"):
            raise RequestError(f"{option}={text}: expected true or false")
        return text == "true"
    kinds = get_args(kind)
    parts = text.split(",") if any(get_origin(one) is tuple for one in kinds) else [text]
    asked = tuple(_number(option, one, Interval in kinds) for one in parts)
    if kind is int:
        if not isinstance(asked[0], float) or not asked[0].is_integer():
            raise RequestError(f"{option}={text}: expected a whole number")
        return int(asked[0])
    return asked if len(asked) > 1 else asked[0]


def _number(option: str, text: str, may_vary: bool) -> float | Interval:
    asked = parse_where([f"{option}={text}"])[option] if text else text
    if isinstance(asked, str) or (isinstance(asked, Interval) and not may_vary):
        wanted = "a number, or a range such as 0.2..0.4" if may_vary else "a number"
        raise RequestError(f"{option}={text}: expected {wanted}")
    return asked
