"""A recipe for points whose flow is continuous: noise is carried to data by a velocity."""

from __future__ import annotations

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Reals, Space
from sciencegen.domains.densities import Densities, Point, Standardised
from sciencegen.errors import RequestError
from sciencegen.families.continuous import Continuous
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.timed import Timed
from sciencegen.objectives.flow_matching import FlowMatching, Pairing
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["flow_matching"]


def flow_matching(
    width: int = 128,
    depth: int = 3,
    context: int = 32,
    pairing: Pairing = "random",
    solver_steps: int = 0,
    hide: float = 0.25,
) -> Recipe[Point]:
    """Continuous flow by flow matching: quick to train; samples and densities are solutions of an equation.

    `solver_steps` is what the sampling knob `steps` begins with: 0 for as many as exactness takes.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Reals)
        conditioner = Conditioner(fields, context)
        return Continuous(space, Timed(space.size, [width] * depth, conditioner.width), conditioner, solver_steps)

    def objective(space: Space, fields: ConditionFields) -> Objective:
        if pairing == "optimal" and fields.fields:
            raise RequestError("pairing=optimal: draws under a condition would be wrong; use random, or --ask none")
        return FlowMatching(pairing, hide)

    settings = Settings(rate=2e-3, epochs=200, batch=256, schedule="cosine", ema=0.999)
    return Recipe(Densities(), Standardised, generator, objective, ("radius",), settings)
