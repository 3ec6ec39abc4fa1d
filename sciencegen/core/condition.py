"""Conditions: a partial request is a mask, not a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite, isnan
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.core.space import Space
from sciencegen.errors import RequestError, UnknownName

__all__ = ["Categorical", "Condition", "ConditionFields", "Continuous", "Field", "Given", "Interval", "Where"]


Where = Mapping[str, Any]
"""A request: what each named field should be, a number, a text or an interval, and the whole items that are given."""


@dataclass(frozen=True)
class Continuous:
    """A number, standardised by the training data's mean and spread; `low` and `high` bound what was seen."""

    name: str
    unit: str = ""
    mean: float = 0.0
    std: float = 1.0
    low: float = -float("inf")
    high: float = float("inf")
    needed: bool = False
    """Whether nothing is known of samples without it: it was never hidden in training."""

    def numbers(self, asked: object, n: int) -> Tensor:
        """The standardised values of `n` samples; an interval is drawn from uniformly, inside what was seen."""
        if isinstance(asked, Interval):
            low, high = max(asked.low, self.low), min(asked.high, self.high)
            if not low <= high or not isfinite(high - low):
                low, high = self._nearest(asked)
            value = low + (high - low) * torch.rand(n)
        else:
            value = torch.full((n,), self._number(asked))
        return (value - self.mean) / self.std

    def _nearest(self, asked: Interval) -> tuple[float, float]:
        ends = [end for end in (asked.low, asked.high) if isfinite(end)]
        if not ends:
            raise RequestError(f"{self.name}={asked}: an interval needs at least one end")
        return ends[0], ends[-1]

    def _number(self, asked: object) -> float:
        try:
            value = float(asked)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise RequestError(f"{self.name}={asked}: expected a number or a range such as 1..2") from None
        if not isfinite(value):
            raise RequestError(f"{self.name}={asked}: expected a finite number")
        return value


@dataclass(frozen=True)
class Categorical:
    """One of a few named levels."""

    name: str
    levels: tuple[str, ...]

    def numbers(self, asked: object, n: int) -> Tensor:
        """The index of the level asked for, `n` times."""
        same = [level for level in self.levels if level == str(asked) or _spells(level, asked)]
        if not same:
            raise UnknownName(f"level of {self.name}", str(asked), self.levels)
        return torch.full((n,), float(self.levels.index(same[0])))


def _spells(level: str, asked: object) -> bool:
    """Whether a level is another spelling of a number asked for: "2" of 2.0."""
    try:
        return isinstance(asked, (int, float)) and float(level) == asked
    except ValueError:
        return False


@dataclass(frozen=True)
class Given:
    """A whole tensor that is given: an image, a scaffold, a motif."""

    name: str
    space: Space


Field = Continuous | Categorical


def _widened(old: Field, new: Field) -> Field:
    """A field that a net knows, for values it has not seen: its scale and the order of its levels stay."""
    if isinstance(old, Continuous) and isinstance(new, Continuous):
        return replace(old, low=min(old.low, new.low), high=max(old.high, new.high))
    if isinstance(old, Categorical) and isinstance(new, Categorical):
        return replace(old, levels=(*old.levels, *(level for level in new.levels if level not in old.levels)))
    kinds = " and a ".join("category" if isinstance(one, Categorical) else "number" for one in (old, new))
    raise RequestError(f"{old.name} is a {kinds}: rename the column")


@dataclass(frozen=True)
class Condition:
    """What is known of n samples: standardised values of named fields, which of them are known, given tensors."""

    values: Tensor  # [n, k]
    known: Tensor  # [n, k], bool
    given: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Tensor | slice) -> Condition:
        return Condition(self.values[rows], self.known[rows], {k: v[rows] for k, v in self.given.items()})

    def repeat(self, n: int) -> Condition:
        """Every row `n` times, rows of one kind side by side."""
        given = {k: v.repeat_interleave(n, 0) for k, v in self.given.items()}
        return Condition(self.values.repeat_interleave(n, 0), self.known.repeat_interleave(n, 0), given)

    def hide(self, p: float) -> Condition:
        """Forget a share `p` of the fields, so that any subset can be asked for later, and the unconditional model is
        learned too: every row draws its own share, from nothing to everything. What is given stays."""
        if not 0 <= p <= 1:
            raise RequestError(f"hide={p}: expected a share from 0 to 1")
        if p == 0 or not self.values.shape[1]:
            return self
        left = torch.rand(len(self), 1, device=self.values.device) ** (p / (1 - p)) if p < 1 else 0.0  # mean 1 - p
        return replace(self, known=self.known & (torch.rand(self.values.shape, device=self.values.device) < left))

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Condition:
        given = {k: v.to(device, dtype if v.is_floating_point() else None) for k, v in self.given.items()}
        return Condition(self.values.to(device, dtype), self.known.to(device), given)


@dataclass(frozen=True)
class ConditionFields:
    """The fields a model was trained with, in order, and what has to be given."""

    fields: tuple[Field, ...] = ()
    given: tuple[Given, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    def state(self) -> list[dict[str, Any]]:
        """The fields as plain values; given tensors are described by the recipe."""
        kinds = {Continuous: "number", Categorical: "category"}
        return [{"kind": kinds[type(one)], **asdict(one)} for one in self.fields]

    @classmethod
    def from_state(cls, state: Sequence[Mapping[str, Any]]) -> ConditionFields:
        """The fields that `state` described."""
        kinds: dict[str, type[Any]] = {"number": Continuous, "category": Categorical}
        plain: list[dict[str, Any]] = [
            {k: tuple(v) if isinstance(v, list) else v for k, v in one.items()} for one in state
        ]
        return cls(tuple(kinds[one.pop("kind")](**one) for one in plain))

    def grown(self, others: Sequence[Field]) -> ConditionFields:
        """These fields with room for others' values, and then the others that are new."""
        new = {one.name: one for one in others}
        kept = tuple(_widened(one, new.pop(one.name)) if one.name in new else one for one in self.fields)
        return ConditionFields((*kept, *new.values()), self.given)

    def check(self, names: Iterable[str]) -> None:
        """Refuse names that nothing is known by."""
        known = (*self.names, *(one.name for one in self.given))
        for name in names:
            if name not in known:
                raise UnknownName("condition", name, known)

    def row(self, where: Where) -> Condition:
        """One row of a request such as {"logp": 2.5}; fields not named stay unknown."""
        return self.ask(where, 1)

    def ask(self, where: Where, n: int) -> Condition:
        """`n` rows of one request, without the tensors of what is given; an interval is drawn afresh for each."""
        self.check(where)
        values = torch.zeros(n, len(self.fields))
        known = torch.zeros(n, len(self.fields), dtype=torch.bool)
        for j, known_field in enumerate(self.fields):
            if known_field.name in where:
                values[:, j] = known_field.numbers(where[known_field.name], n)
                known[:, j] = True
        return Condition(values, known)

    def rows(self, table: Mapping[str, Sequence[float | str | None]]) -> Condition:
        """One row for each row of a table of columns; None and NaN are unknown."""
        n = max((len(column) for column in table.values()), default=0)
        values, known = torch.zeros(n, len(self.fields)), torch.zeros(n, len(self.fields), dtype=torch.bool)
        for j, known_field in enumerate(self.fields):
            column = table.get(known_field.name)
            if column is None:
                continue
            if isinstance(known_field, Continuous):
                raw = torch.tensor([float("nan") if v is None else float(v) for v in column], dtype=torch.float64)
                known[:, j] = raw.isfinite()
                standard = (raw - known_field.mean) / known_field.std
                values[:, j] = standard.where(known[:, j], torch.zeros(())).to(values.dtype)
            else:
                index = {level: float(i) for i, level in enumerate(known_field.levels)}
                missing = [v is None or (isinstance(v, float) and isnan(v)) for v in column]
                for i, v in enumerate(column):
                    if not missing[i] and str(v) not in index:
                        raise UnknownName(f"level of {known_field.name} (row {i + 1})", str(v), known_field.levels)
                values[:, j] = torch.tensor([0.0 if m else index[str(v)] for v, m in zip(column, missing, strict=True)])
                known[:, j] = ~torch.tensor(missing, dtype=torch.bool)
        return Condition(values, known)

    def outside(self, where: Where) -> list[str]:
        """What is asked for beyond the range seen in training, one sentence each."""
        said = []
        for known_field in self.fields:
            asked = where.get(known_field.name)
            if asked is None or not isinstance(known_field, Continuous):
                continue
            low, high = (asked.low, asked.high) if isinstance(asked, Interval) else (float(asked), float(asked))
            if low > known_field.high or high < known_field.low:
                seen = f"{known_field.low:g} to {known_field.high:g}"
                share = known_field.low <= low / 100 <= high / 100 <= known_field.high <= 1
                percent = f"; {low / 100:g} is {low:g} percent" if share else ""
                said.append(f"{known_field.name}={asked} is outside the training range ({seen}){percent}")
        return said
