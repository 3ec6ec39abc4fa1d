"""Recipes: the only place where generative models and science meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from sciencegen.core.condition import ConditionFields, Field
from sciencegen.core.domain import Domain, Representation, Representing
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Space
from sciencegen.train.settings import Settings

__all__ = ["Recipe"]

T = TypeVar("T")


@dataclass(frozen=True)
class Recipe(Generic[T]):
    """A domain and its representation, the generator of their space, the objective it is trained with."""

    domain: Domain[T]
    representation: Representing[T]
    generator: Callable[[Space, ConditionFields], Generator]
    objective: Callable[[Space, ConditionFields], Objective]
    ask: tuple[str, ...] = ()
    """The properties that may be asked for, unless the user names others."""
    settings: Settings = field(default_factory=Settings)
    bucketed: bool = False
    """Whether sequences of like length are trained on together, cut where the longest ends; for nets that read any
    length."""
    spellings: int = 1
    """How many ways of writing each item are learned, where the representation knows several."""
    given: Mapping[str, Representing[T]] = field(default_factory=dict)
    """The whole items that have to be given for every sample, by name, and what each is represented by: columns of the
    data that hold items as text, or properties of the items that are text."""
    beginnings: tuple[str, ...] = ()
    """The name under which the beginning of a sample may be given, where the representation knows what begins one."""
    tuning: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ where a run begins with a trained model."""
    ready: Representation[T] | None = None
    """The representation of a recipe that needs no data, such as one that learns from an energy alone."""
    fields: tuple[Field, ...] = ()
    """What may be asked of what needs no data, and within which range it learns it."""
    mixed: bool = False
    """Whether a recipe that needs no data learns from some all the same."""

    def recalled(self, state: Mapping[str, Any]) -> Recipe[T]:
        """The recipe of a model whose representation has this state: no file it was made with is read again."""
        return replace(self, domain=self.domain.recalled(state), representation=self.representation.recalled(state))
