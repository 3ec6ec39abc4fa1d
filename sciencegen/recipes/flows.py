"""Recipes for points: flows of splines, and of single bends of space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.space import Reals, Space
from sciencegen.core.transform import Transform
from sciencegen.domains.densities import Densities, Point, Standardised
from sciencegen.families.flow import Flow, LULinear, MaskedSpline, Planar, Radial, Reverse, Shuffle, SplineCoupling
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["planar", "radial", "spline", "spline_maf"]

ASK = ("radius",)
CONTEXT = 32
Mix = Literal["linear", "shuffle", "none"]


def _recipe(layers: Callable[[int, int], list[Transform]], hide: float, settings: Settings) -> Recipe[Point]:
    """What the recipes have in common: a flow of so many entries and so wide a context, trained by its likelihood."""

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Reals)
        conditioner = Conditioner(fields, CONTEXT)
        return Flow(space, layers(space.size, conditioner.width), conditioner).trainable_by("log_prob")

    return Recipe(Densities(), Standardised, generator, lambda space, fields: MaximumLikelihood(hide), ASK, settings)


def _mixed(mix: Mix, entries: int, context: int) -> list[Transform]:
    if entries == 1 or mix == "none":
        return []
    return [LULinear(entries, (), context, rotated=True)] if mix == "linear" else [Shuffle(entries)]


def spline(
    width: int = 64,
    depth: int = 6,
    bins: int = 8,
    bound: float = 5.0,
    mix: Mix = "linear",
    hide: float = 0.25,
) -> Recipe[Point]:
    """Neural spline flow of couplings: sharp and smooth densities alike, fast density, fast samples."""

    def layers(entries: int, context: int) -> list[Transform]:
        made: list[Transform] = []
        for i in range(depth):
            odd = entries > 1 and i % 2 == 1
            made += [SplineCoupling(entries, [width, width], context, odd, bins, bound)]
            made += _mixed(mix, entries, context) if i < depth - 1 else []
        return made

    return _recipe(layers, hide, Settings(rate=2e-3, epochs=50, batch=256, schedule="cosine", clip=5.0))


def spline_maf(width: int = 64, depth: int = 4, bins: int = 8, bound: float = 5.0, hide: float = 0.25) -> Recipe[Point]:
    """Autoregressive spline flow: the closest density of all; samples go entry by entry, each hidden unit once."""

    def layers(entries: int, context: int) -> list[Transform]:
        made: list[Transform] = []
        for _ in range(depth):
            made += [MaskedSpline(entries, [width, width], context, bins=bins, bound=bound), Reverse()]
        return made

    return _recipe(layers, hide, Settings(rate=2e-3, epochs=50, batch=256, schedule="cosine", clip=5.0))


def planar(width: int = 32, depth: int = 24, hide: float = 0.25) -> Recipe[Point]:
    """Planar flow: bends along lines; fast density, samples are solved for to the last digits."""
    settings = Settings(rate=5e-3, epochs=50, batch=256, schedule="cosine")
    return _recipe(lambda d, context: [Planar(d, [width], context) for _ in range(depth)], hide, settings)


def radial(width: int = 32, depth: int = 24, hide: float = 0.25) -> Recipe[Point]:
    """Radial flow: bends around points; fast density, fast samples."""
    settings = Settings(rate=5e-3, epochs=50, batch=256, schedule="cosine")
    return _recipe(lambda d, context: [Radial(d, [width], context) for _ in range(depth)], hide, settings)
