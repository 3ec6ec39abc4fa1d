"""What is asked of a model, as conditions its generator knows: values of fields, and whole items that are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from sciencegen.core.condition import Condition, ConditionFields, Continuous, Interval, Where
from sciencegen.core.domain import Candidate, Domain, Representation
from sciencegen.errors import RequestError

__all__ = ["Asking", "Columns", "whole_items"]

T = TypeVar("T")
Columns = Mapping[str, Sequence[Any]]
"""What is asked for many samples: a value for each, None where it is not known."""


def whole_items(domain: Domain[T], cells: Sequence[Any]) -> list[T | None]:
    """The items of a column of data: parsed where they are text, None where there is none."""
    return [domain.parse(cell) if isinstance(cell, str) else None if _nothing(cell) else cell for cell in cells]


def _nothing(cell: Any) -> bool:
    """Whether a cell is empty: tables write no item as no number."""
    return cell is None or (isinstance(cell, float) and cell != cell)


@dataclass(frozen=True)
class Asking(Generic[T]):
    """Makes conditions of requests. What is given is an item, its text, or a file that holds it alone."""

    domain: Domain[T]
    fields: ConditionFields
    given: Mapping[str, Representation[T]]
    """What represents each item that has to be given."""
    representation: Representation[T]
    """What represents samples, and what may begin them."""

    @property
    def begins(self) -> tuple[str, ...]:
        """The names under which the beginning of a sample may be given."""
        return tuple(one.name for one in self.fields.given if one.name not in self.given)

    def settled(self, where: Where) -> Where:
        """The request with the items that texts and files name, read once for all."""
        self.fields.check(where)
        self._complete(where)
        self._begun(where, 1)  # what cannot be is refused before anything is drawn
        return {**where, **{name: self._item(name, where.get(name)) for name in self.given}}

    def row(self, where: Where) -> Condition:
        """One row of a request; fields not named stay unknown, and what has to be given has to be there."""
        return self.ask(where, 1)

    def ask(self, where: Where, n: int) -> Condition:
        """`n` rows of one request; an interval is drawn afresh for each."""
        self._complete(where)
        asked = self.fields.ask(where, n)
        given = {name: self._encoded(name, [self._item(name, where.get(name))]) for name in self.given}
        whole = {name: one.expand(n, *one.shape[1:]) for name, one in given.items()}
        return replace(asked, given=whole | self._begun(where, n))

    def rows(self, columns: Columns, n: int) -> Condition:
        """A row for each of `n` values of every column."""
        self.fields.check(columns)
        self._complete(columns)
        for name, column in columns.items():
            if len(column) != n:
                raise RequestError(f"column {name} has {len(column)} values for {n} items")
        given = {}
        for name in self.given:
            cells = columns.get(name, [None] * n)
            items = [self._item(name, cell, f" (row {row})") for row, cell in enumerate(cells, 1)]
            given[name] = self._encoded(name, items)
        asked = self.fields.rows(columns)
        return replace(asked, given=given | self._begun_each(columns))

    def tests(self, where: Where) -> dict[str, Callable[[Candidate[T]], bool]]:
        """What candidates must pass to be what was begun, by name."""
        found = {name: self.representation.holds(text) for name, text in self._beginnings(where).items()}
        return {f"without {name}": _of_item(holds) for name, holds in found.items()}

    def measurable(self, where: Where) -> Where:
        """What of a request can be compared with what is measured."""
        return {name: value for name, value in where.items() if name not in self.begins}

    def _begun(self, where: Where, n: int) -> dict[str, Tensor]:
        """`n` rows of the beginning that is asked for, if any."""
        found = {name: self.representation.begun(text) for name, text in self._beginnings(where).items()}
        return {name: row.expand(n, *row.shape) for name, row in found.items()}

    def _beginnings(self, where: Where) -> dict[str, str]:
        """What is to be begun with, by name."""
        asked = {name: str(where[name]).strip() for name in self.begins if name in where}
        for name, text in asked.items():
            if not text:
                raise RequestError(f"{name} is empty: leave it out where nothing is given")
        return asked

    def _begun_each(self, columns: Columns) -> dict[str, Tensor]:
        """A beginning for each row of a column, where there is one."""
        return {
            name: torch.stack(
                [self.representation.begun("" if _nothing(cell) else str(cell)) for cell in columns[name]]
            )
            for name in self.begins
            if name in columns
        }

    def conditions(self, where: Where | None, columns: Columns | None, n: int) -> Condition | None:
        """What is known of `n` items: one request for all, or columns with a value for each; None is nothing."""
        if where and columns:
            raise RequestError("give either one request for all items or columns with a value for each")
        if where:
            return self.row(where).repeat(n)
        self._complete(columns or {})
        return self.rows(columns or {}, n) if columns or self.given else None

    def _complete(self, asked: Iterable[str]) -> None:
        """Refuse a request without what a model cannot do without."""
        for one in self.fields.fields:
            if isinstance(one, Continuous) and one.needed and one.name not in asked:
                known = f"it is known from {one.low:g} to {one.high:g}, as in --where {one.name}={one.mean:g}"
                raise RequestError(f"{one.name} is missing: {known}")

    def cells(self, where: Where) -> dict[str, float | str]:
        """A request as cells of a table."""
        return {f"{name}_asked": self._cell(name, value) for name, value in where.items()}

    def _cell(self, name: str, value: Any) -> float | str:
        if name in self.given and not isinstance(value, (str, Path)):
            return self.domain.row(value)[self.domain.column]
        return value if isinstance(value, (int, float)) else str(value)

    def _item(self, name: str, value: Any, where: str = "") -> T:
        """The item that is given under a name."""
        if _nothing(value):
            example = f"as --where {name}=FILE or as text"
            raise RequestError(f"{name} is missing{where}: give one of {self.domain.name}, {example}")
        if isinstance(value, (str, Path)):
            try:
                return self.domain.given(value, self.given[name])
            except RequestError as error:
                raise RequestError(f"{name}{where}: {error}") from error
        if isinstance(value, (int, float, Interval)):
            wanted = f"expected one of {self.domain.name}, as a file or as text"
            raise RequestError(f"{name}={value}{where}: {wanted}")
        item: T = value
        return item

    def _encoded(self, name: str, items: Sequence[T]) -> Tensor:
        try:
            return self.given[name].encode(items)
        except RequestError as error:
            raise RequestError(f"{name}: {error}") from error


def _of_item(test: Callable[[T], bool]) -> Callable[[Candidate[T]], bool]:
    return lambda candidate: test(candidate.item)
