"""Autoregressive models of tokens, entry by entry, for every domain whose items can be written in some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sciencegen.core.condition import ConditionFields
from sciencegen.core.domain import Domain, Representation
from sciencegen.core.generator import Generator
from sciencegen.core.space import Discrete, Space
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.nets.causal import CausalNet, Gated, Recurrent, Transformer
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["Attention", "Units", "autoregressive"]

T = TypeVar("T")


@dataclass(frozen=True)
class Units:
    """The options of gated recurrent units: small, and quick on a CPU.

    `context` numbers tell them what is asked for; `hide` is the share of properties they are not told while learning.
    """

    width: int = 512
    depth: int = 1
    embed: int = 128
    context: int = 128
    dropout: float = 0.0
    hide: float = 0.65

    def net(self, space: Discrete, context: int) -> CausalNet:
        """The net that writes entries of a space."""
        return Recurrent(space, context, Gated(), self.width, self.depth, self.dropout, self.embed)


@dataclass(frozen=True)
class Attention:
    """The options of causal attention, `depth` layers of `heads`."""

    width: int = 128
    depth: int = 4
    heads: int = 4
    context: int = 128
    dropout: float = 0.0
    hide: float = 0.65

    def net(self, space: Discrete, context: int) -> CausalNet:
        """The net that writes entries of a space."""
        return Transformer(space, context, self.width, self.depth, self.heads, self.dropout)


def autoregressive(
    domain: Domain[T],
    representation: type[Representation[T]],
    ask: Sequence[str],
    model: Units | Attention,
    settings: Settings,
    tuning: Mapping[str, Any],
    spellings: int = 1,
) -> Recipe[T]:
    """A recipe whose model writes items entry by entry; what guards take away is no part of what it learns."""

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Discrete)
        conditioner = Conditioner(fields, model.context)
        return Autoregressive(space, model.net(space, conditioner.width), conditioner, masked=False)

    return Recipe(
        domain=domain,
        representation=representation,
        generator=generator,
        objective=lambda space, fields: MaximumLikelihood(model.hide),
        ask=tuple(ask),
        settings=settings,
        bucketed=True,
        spellings=spellings,
        tuning=tuning,
    )
