"""What a page asks for, and the same as a command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sciencegen.core.condition import Interval
from sciencegen.core.request import parse_where
from sciencegen.errors import RequestError
from sciencegen.model import Model
from sciencegen.screen.stream import Screen
from sciencegen.screen.wishes import Wishes, properties_wanted, screen_of

__all__ = ["MOST", "Asked", "Order", "ordered"]

MOST = 2000
"""More items than this nobody looks at; the command makes any number of them."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Asked(BaseModel):
    """What `sciencegen generate` can be asked for, as a page says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n: int = Field(24, ge=1, le=MOST)
    seed: int = Field(0, ge=-(2**53), le=2**53)  # the whole numbers a browser keeps
    where: dict[str, Text] = {}
    filters: dict[str, list[Text]] = {}
    numbers: dict[str, Number] = {}
    knobs: dict[str, Number] = {}
    novel: bool = False
    best_of: int = Field(1, ge=1, le=100)

    @classmethod
    def of(cls, text: str) -> Self:
        """What a page sent, checked."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            raise RequestError(f"{'.'.join(map(str, first['loc'])) or 'the request'}: {first['msg']}") from error

    @property
    def clauses(self) -> list[str]:
        """What is asked for, as one would type it."""
        return [name + (text if text.startswith((">", "<")) else f"={text}") for name, text in self.where.items()]

    def command(self, model: str) -> str:
        """The line that gives the same rows."""
        words = ["sciencegen", "generate", model, "-n", str(self.n), "--seed", str(self.seed)]
        for clause in self.clauses:
            words += ["--where", clause]
        for name, texts in self.filters.items():
            for text in texts:
                words += [f"--{name}", text]
        for name, number in self.numbers.items():
            words += [f"--{name}", f"{number!r}"]
        words += ["--novel"] if self.novel else []
        words += ["--best-of", str(self.best_of)] if self.best_of > 1 else []
        for name, number in self.knobs.items():
            words += ["--set", f"{name}={number!r}"]
        return shlex.join(words)


@dataclass(frozen=True)
class Order:
    """What was asked for, checked against a model that is turned as it should be."""

    model: Model[Any]
    wishes: Wishes
    screen: Screen[Any]
    properties: list[str]
    n: int
    seed: int
    notes: list[str]
    """What a person should know of the request, a sentence each."""

    @property
    def budget(self) -> int:
        return 50 * self.n * self.wishes.best_of


def ordered(model: Model[Any], asked: Asked) -> Order:
    """The order, or an error that says what cannot be done."""
    where = parse_where(asked.clauses)
    for name in model.given:  # a page names no files of the machine it is served from
        if name in where and model.domain.parse(str(where[name])) is None:
            command = f"sciencegen generate MODEL --where {name}=FILE"
            raise RequestError(f"{name}: not one of {model.domain.name} as text; to give a file, type {command}")
    model.asking.row(where)
    wishes = Wishes(where, asked.filters, asked.numbers, {}, asked.novel, asked.best_of)
    screen = screen_of(model, wishes)
    wanted = properties_wanted(model.domain, None, where)
    return Order(_turned(model, asked.knobs), wishes, screen, wanted, asked.n, asked.seed, _notes(model, where))


def _turned(model: Model[Any], knobs: Mapping[str, float]) -> Model[Any]:
    """A model of its own with knobs turned, and the same weights: others may be drawing from it."""
    own = replace(model, generator=copy(model.generator))
    known = asdict(model.generator.knobs)
    return own.turn(**{name: value for name, value in knobs.items() if value != known.get(name)})


def _notes(model: Model[Any], where: Mapping[str, float | str | Interval]) -> list[str]:
    unmeasured = [name for name, one in where.items() if isinstance(one, Interval)]
    return model.fields.outside(where) + [
        f"{name} cannot be measured: {where[name]} is aimed at, and nothing is left out"
        for name in unmeasured
        if name not in model.domain.properties
    ]
