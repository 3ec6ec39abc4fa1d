"""What can be measured of sentences of any language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sciencegen.core.domain import Property
from sciencegen.domains.sentences.language import Language
from sciencegen.grammar import Grammar

__all__ = ["depth", "measured", "properties_of"]

_NAMES = ("length", "rules", "depth")


def properties_of(language: Language) -> Mapping[str, Property[str]]:
    """Characters, rules, and how deeply parts are nested."""
    return {name: Property(partial(_one, language, name)) for name in _NAMES}


def _one(language: Language, name: str, item: str) -> float:
    (found,) = measured([item], language, [name])[name]
    return float("nan") if found is None else found


def measured(items: Sequence[str], language: Language, names: Sequence[str]) -> dict[str, list[float | None]]:
    """Properties of many sentences; None where a text is none."""
    out: dict[str, list[float | None]] = {}
    if "length" in names:
        out["length"] = [float(len(item)) for item in items]
    if "rules" in names or "depth" in names:
        found = language.parsed(items)
        out["rules"] = [float(count) or None for count in found.lengths.tolist()]
        if "depth" in names:
            grammar = language.compiled
            out["depth"] = [float(depth(grammar, found[i].tolist())) or None for i in range(len(found))]
    return {name: out[name] for name in names}


def depth(grammar: Grammar, rules: Sequence[int]) -> int:
    """How deeply the parts of a sentence are nested; what a rule ends with, such as the rest of a list, stands on the
    level of the rule."""
    deepest, open_ = 0, [1]
    for number in rules:
        level = open_.pop()
        deepest = max(deepest, level)
        right = grammar.rules[number].right
        for i in range(len(right) - 1, -1, -1):
            if isinstance(right[i], int):
                open_.append(level if i == len(right) - 1 else level + 1)
    return deepest
