"""A recipe for users' tables: rows with gaps and wild values, columns that may be asked for."""

from __future__ import annotations

from typing import Literal

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Reals, Space
from sciencegen.core.transform import Transform
from sciencegen.domains.densities import Point
from sciencegen.domains.densities.robust import Robust
from sciencegen.domains.densities.tables import Tables
from sciencegen.families.flow import AffineCoupling, Flow, HeavyTails, LULinear, MaskedAffine, SplineCoupling
from sciencegen.families.gapped import Gapped
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.gaps import ObservedLikelihood
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["table"]

Layer = Literal["spline", "coupling", "masked"]


def table(
    width: int = 64,
    depth: int = 6,
    context: int = 32,
    layer: Layer = "spline",
    particles: int = 4,
    hide: float = 0.25,
) -> Recipe[Point]:
    """Density of a table's rows: gaps are filled, far values tamed, and any column may be a condition.

    Columns are mixed by matrices, and bent by what `layer` names: splines or numbers read off half of the others, or
    numbers read off those before. `particles`: of how many draws each gap is filled by one while learning.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Reals)
        conditioner, transforms = Conditioner(fields, context), list[Transform]([HeavyTails(space.size)])
        for i in range(depth):
            mixing = LULinear(space.size, context=conditioner.width)
            transforms += [mixing, _layer(layer, space.size, width, conditioner.width, i)]
        transforms.append(LULinear(space.size, context=conditioner.width))
        return Gapped(Flow(space, transforms, conditioner))

    def objective(space: Space, fields: ConditionFields) -> Objective:
        return ObservedLikelihood(particles, hide)

    settings = Settings(rate=2e-3, epochs=100, batch=128, schedule="cosine", ema=0.99, patience=25)
    return Recipe(Tables(), Robust, generator, objective, (), settings)


def _layer(kind: Layer, entries: int, width: int, context: int, i: int) -> Transform:
    if kind == "masked":
        return MaskedAffine(entries, [width, width], context)
    coupling = SplineCoupling if kind == "spline" else AffineCoupling
    return coupling(entries, [width, width], context, odd=i % 2 == 1)
