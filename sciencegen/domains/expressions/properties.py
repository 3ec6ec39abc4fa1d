"""What can be measured of an expression: how it is written, and what it does between two ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from sciencegen.core.domain import Property
from sciencegen.domains.expressions.target import Target
from sciencegen.domains.expressions.tree import Numbers, parsed

__all__ = ["measured", "properties_of"]


def _finite(values: Numbers) -> float:
    """The share of places where there is a value."""
    return float(np.isfinite(values).mean())


def _lowest(values: Numbers) -> float:
    known = values[np.isfinite(values)]
    return float(known.min()) if len(known) else float("nan")


def _highest(values: Numbers) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else float("nan")


def _roots(values: Numbers) -> float:
    """How often the sign changes between places next to each other that have values; at poles too."""
    signs = np.sign(values[np.isfinite(values)])
    signs = signs[signs != 0]
    return float((signs[1:] != signs[:-1]).sum())


_OF_TEXT: Mapping[str, Callable[[str], float]] = {
    "length": lambda item: float(len(item)),
    "size": lambda item: float(parsed(item).size),
    "depth": lambda item: float(parsed(item).depth),
}
_OF_VALUES: Mapping[str, Callable[[Numbers], float]] = {
    **{"finite": _finite, "lowest": _lowest, "highest": _highest, "roots": _roots}
}


def measured(items: Sequence[str], names: Sequence[str], target: Target) -> dict[str, list[float]]:
    """Properties of many expressions, by name; each is evaluated once."""
    found: dict[str, list[float]] = {name: [] for name in names}
    evaluating = any(name not in _OF_TEXT for name in names)
    for item in items:
        values = target.values(item) if evaluating else target.x
        for name, column in found.items():
            if name in _OF_TEXT:
                column.append(_OF_TEXT[name](item))
            else:
                column.append(target.error(values) if name == "error" else _OF_VALUES[name](values))
    return found


def _one(target: Target, name: str, item: str) -> float:
    return measured([item], [name], target)[name][0]


def properties_of(target: Target) -> dict[str, Property[str]]:
    """`length` in characters, `size` and `depth` of the tree, `error` as the target says; and of the values the share
    that is `finite`, the `lowest` and `highest` of these, and `roots`, the changes of sign."""
    return {name: Property(partial(_one, target, name)) for name in (*_OF_TEXT, "error", *_OF_VALUES)}
