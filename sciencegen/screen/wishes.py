"""What candidates must be like, as it was typed, checked against the model that is to draw them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a command line that only shows its help needs no torch
    from sciencegen.core.condition import ConditionFields, Interval
    from sciencegen.core.domain import Candidate, Domain
    from sciencegen.screen.stream import Screen

__all__ = ["Drawing", "Wishes", "properties_wanted", "screen_of"]


class _Known(Protocol):
    """A set of items by their texts."""

    def __contains__(self, text: str, /) -> bool: ...


class _Asking(Protocol):
    """What is asked of a model beside its fields."""

    def tests(self, where: Mapping[str, Any]) -> dict[str, Callable[[Candidate[Any]], bool]]: ...

    def measurable(self, where: Mapping[str, Any]) -> Mapping[str, Any]: ...


class Drawing(Protocol):
    """What has to be known of a model to say what its candidates must pass."""

    @property
    def asking(self) -> _Asking: ...

    @property
    def recipe(self) -> str: ...

    @property
    def domain(self) -> Domain[Any]: ...

    @property
    def fields(self) -> ConditionFields: ...

    @property
    def seen(self) -> _Known | None: ...


@dataclass(frozen=True)
class Wishes:
    """What candidates must be like, as it was typed."""

    where: Mapping[str, float | str | Interval]
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by the name of the domain's filter
    numbers: Mapping[str, float | None] = field(default_factory=dict)  # what filters take besides; None: not said
    tolerance: Mapping[str, float] = field(default_factory=dict)
    novel: bool = False
    best_of: int = 1
    distinct: bool | None = None

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for the record."""
        asked = {key: value if isinstance(value, float) else str(value) for key, value in self.where.items()}
        return {
            "asked": asked,
            "filters": {name: list(texts) for name, texts in self.filters.items() if texts}
            | {name: number for name, number in self.numbers.items() if number is not None},
            "tolerance": dict(self.tolerance),
            "novel_only": self.novel,
            "best_of": self.best_of,
        }


def screen_of(model: Drawing, wishes: Wishes) -> Screen[Any]:
    """The tests candidates must pass, the cheap ones first."""
    from sciencegen.screen.aim import distance, in_ranges, within
    from sciencegen.screen.stream import Screen

    domain, measurable = model.domain, model.asking.measurable(wishes.where)
    tests = in_ranges(wishes.where, domain.properties) | within(wishes.where, wishes.tolerance, domain.properties)
    tests |= model.asking.tests(wishes.where)
    if wishes.novel:
        seen = _known_to(model)
        tests["not novel"] = lambda candidate: candidate.text not in seen
    return Screen(
        tests | _filters(domain, wishes),
        domain.distinct if wishes.distinct is None else wishes.distinct,
        wishes.best_of,
        distance(measurable, model.fields, domain.properties) if wishes.best_of > 1 else None,
    )


def _known_to(model: Drawing) -> _Known:
    """What the model was trained on, or an error that says what to do."""
    from sciencegen.errors import RequestError

    if model.seen is None:
        instead = (
            "; leave out what is like a file's items with --unlike FILE" if "unlike" in model.domain.filters else ""
        )
        raise RequestError(f"--novel: {model.recipe} keeps no record of its training data{instead}")
    return model.seen


def _filters(domain: Domain[Any], wishes: Wishes) -> dict[str, Callable[[Candidate[Any]], bool]]:
    from sciencegen.errors import RequestError

    tests: dict[str, Callable[[Candidate[Any]], bool]] = {}
    used: set[str] = set()
    for name, texts in wishes.filters.items():
        for text in texts:
            if name not in domain.filters:
                known = ", ".join(f"--{one}" for one in domain.filters) or "no filter of its own"
                raise RequestError(f"--{name} {text}: the domain {domain.name} has {known}")
            filter_ = domain.filters[name]
            said = {key: wishes.numbers.get(key) for key in filter_.numbers}
            numbers = {key: usual if said[key] is None else said[key] for key, usual in filter_.numbers.items()}
            used |= set(numbers)
            tests[" ".join([name, text])] = _of_item(filter_.make(text, **numbers))
    for key, number in wishes.numbers.items():
        if number is not None and key not in used:
            owners = [name for name, one in domain.filters.items() if key in one.numbers]
            need = f"it goes with --{owners[0]}" if owners else f"the domain {domain.name} has no filter that takes it"
            raise RequestError(f"--{key} {number:g}: {need}")
    return tests


def _of_item(test: Callable[[Any], bool]) -> Callable[[Candidate[Any]], bool]:
    return lambda candidate: test(candidate.item)


def properties_wanted(domain: Domain[Any], text: str | None, where: Mapping[str, object]) -> list[str]:
    """The properties to measure: those named, or all, or none, or the usual ones; and those asked for."""
    from sciencegen.errors import UnknownName

    if text in (None, "", "all"):
        named = list(domain.properties if text == "all" or domain.usual is None else domain.usual)
    else:
        named = [] if text == "none" else [name.strip() for name in str(text).split(",") if name.strip()]
    for name in named:
        if name not in domain.properties:
            raise UnknownName("property", name, [*domain.properties, "all", "none"])
    return list(dict.fromkeys([*named, *(name for name in where if name in domain.properties)]))
