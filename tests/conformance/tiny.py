"""Tiny versions of every recipe: found by name, so that a new recipe is tested by existing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition, ConditionFields, Continuous
from sciencegen.core.domain import Items
from sciencegen.core.generator import Generator
from sciencegen.core.growth import GROW, Growth
from sciencegen.core.objective import Objective
from sciencegen.core.space import Discrete, Graphs, Tokens
from sciencegen.domains.densities import Point
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.fit import Fit
from sciencegen.recipes import RECIPES
from sciencegen.recipes.options import defaults

SMALL = {
    **{"width": 16, "embed": 8, "context": 8, "depth": 2, "latent": 2, "heads": 2},
    **{"doublings": 1, "side": 2, "critic": 4, "noise": 2, "stage": 1},
    **{"draws": 3, "critic_steps": 1, "ramp": 1, "hide": 0.0, "dropout": 0.0, "keep": 1.0},
    **{"solver_steps": 3, "rounds": 1, "reader": 8, "code": 8, "strings": "smiles", "spellings": 2, "prior": "normal"},
    **{"blind": False, "regress": 0.0},
}


def arrays(n: int, levels: int = 2, shape: tuple[int, ...] = (2, 2)) -> Items[Any]:
    source = np.random.default_rng(0)
    level = source.random((n, *(1 for _ in shape)))
    x = np.minimum(source.random((n, *shape)) * level * 2 * levels, levels - 1).astype(np.uint8)
    x[0] = levels - 1
    return Items(list(x))


def densities(n: int) -> Items[Any]:
    source = np.random.default_rng(0)
    x = source.normal(size=(n, 2)) * source.choice([0.3, 1.0], size=(n, 1)) + [1.0, -2.0]
    return Items([Point(("x", "y"), row) for row in x])


def expressions(n: int) -> Items[Any]:
    some = ["x", "1", "x*x", "1+x", "x+1", "1*x", "1+1"]
    return Items([some[i * i % 7] for i in range(n - 1)] + ["1+1"])


def microstructures(n: int) -> Items[Any]:
    source = np.random.default_rng(0)
    shares = source.uniform(0.2, 0.8, size=n)
    return Items([Microstructure(_spotted(source, share), periodic=True) for share in shares])


def _spotted(source: np.random.Generator, share: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    x = (source.random((8, 8)) < share).astype(np.uint8)
    x[0, 0], x[0, 1] = 0, 1
    return x


def molecules(n: int) -> Items[Any]:
    some = ["C", "CC", "CCO", "CO", "CN", "O", "NCO", "N"]
    return Items([some[i * i % 7] for i in range(n - 1)] + ["NCO"])


def sentences(n: int) -> Items[Any]:
    some = ["a", "ab", "b", "ca", "bc", "c", "ba"]
    return Items([some[i * i % 7] for i in range(n - 1)] + ["ba"])


def sequences(n: int) -> Items[Any]:
    some = ["A", "AC", "ACG", "CA", "CG", "G", "GCA"]
    return Items([some[i * i % 7] for i in range(n - 1)] + ["GCA"])


EXAMPLES = {
    "arrays": arrays,
    "densities": densities,
    "expressions": expressions,
    "microstructures": microstructures,
    "molecules": molecules,
    "sentences": sentences,
    "sequences": sequences,
}
"""Items for the recipes of a domain; a new domain adds one function here."""


@dataclass
class Tiny:
    """A recipe small enough to be tested, with a batch of data."""

    name: str
    fit: Fit

    @property
    def generator(self) -> Generator:
        return self.fit.model.generator

    @property
    def objective(self) -> Objective:
        return self.fit.objective

    @property
    def fields(self) -> ConditionFields:
        return self.fit.model.fields

    def batch(self) -> Batch:
        return self.fit.batches.at(0)

    @property
    def nothing(self) -> Condition | None:
        """What a sample needs to be told: nothing, or no more than what has to be given."""
        condition = self.batch().condition
        if condition is None or not condition.given:
            return None
        return replace(condition, known=torch.zeros_like(condition.known))

    @property
    def where(self) -> dict[str, Any]:
        """A request for no more than that."""
        model = self.fit.model
        needed = {one.name: one.mean for one in self.fields.fields if isinstance(one, Continuous) and one.needed}
        drawn = {name: model.generator.noise(1, *one.space.shape) for name, one in model.given.items()}
        return needed | {name: model.given[name].decode(x)[0] for name, x in drawn.items()}


def options(name: str) -> dict[str, Any]:
    known = defaults(RECIPES[name])
    small = {option: value for option, value in SMALL.items() if option in known}
    if "grammar" in known:  # languages of few sentences
        small["grammar"] = str(Path(__file__).with_name("grammars") / f"{name.split('/')[0]}.lark")
    return small


def tiny(name: str, ask: list[str] | None = None, shaken: bool = True, **more: Any) -> Tiny:
    """The recipe, small; `shaken`: with weights moved off their starting values, where many outputs are still 0."""
    recipe = RECIPES[name]()
    items = None if recipe.ready is not None else EXAMPLES[name.split("/")[0]](64)
    if items is not None and recipe.given:
        texts = [recipe.domain.text(item) for item in reversed(items.items)]
        items = Items(items.items, dict.fromkeys(recipe.given, texts))
    fit = Fit(name, items, ask=ask, holdout=0.0, **({"batch": 32, "steps": 3} | options(name) | more))
    if shaken:
        torch.manual_seed(1)
        with torch.no_grad():
            for parameter in fit.model.generator.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return Tiny(name, fit)


def points(space: Discrete | Graphs) -> torch.Tensor:
    """All rows of a space; under a constraint those that its syntax allows."""
    categories = space.inputs if isinstance(space, Graphs) else space.categories
    constraint = space.constraint if isinstance(space, Tokens) else None
    state = None if constraint is None else constraint.start(1)
    if constraint is None or constraint.syntax(state) is None:
        rows = itertools.product(range(categories), repeat=space.size)
        found = torch.tensor(list(rows)).view(-1, *space.shape)
        return found[space.contains(found)]
    found = torch.empty(1, 0, dtype=torch.long)
    if isinstance(constraint, Growth) and constraint.given:  # beginnings cost no probability: one is enough
        found = torch.tensor([[GROW]])
        state = constraint.advance(state, found[0])
    for _ in range(space.size - found.shape[1]):
        allowed = constraint.syntax(state)
        assert allowed is not None
        before, token = allowed.nonzero().unbind(1)
        found = torch.cat((found[before], token[:, None]), 1)
        state = constraint.advance(constraint.take(state, before), token)
    return found
