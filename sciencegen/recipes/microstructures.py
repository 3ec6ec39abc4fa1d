"""Recipes for microstructures: nets of fields, to be asked for any subset of what is measured of pixels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, TypeVar

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Space
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.representations import FieldsOf
from sciencegen.errors import RequestError
from sciencegen.nets.fields import FieldNet, PlainMap
from sciencegen.nets.unet import UNet
from sciencegen.objectives.matching import Matching
from sciencegen.objectives.moments import MMD, MomentMatching
from sciencegen.recipes.fields import ASK, SETTINGS, Described, Game, Symmetry, around, drawing, numbers
from sciencegen.recipes.recipe import Recipe

__all__ = ["gan", "matching"]

Net = Literal["plain", "gaussian"]
By = Literal["mmd", "moments", "physics"]
Part = TypeVar("Part")
Build = Callable[[Space, ConditionFields], Part]


def gan(
    net: Net = "plain",
    width: int = 64,
    doublings: int = 3,
    noise: int = 8,
    critic: int = 16,
    context: int = 64,
    divergence: str = "relativistic",
    r1: float = 1.0,
    r2: float = 1.0,
    gradient: float = 0.0,
    steps_of_critic: int = 1,
    physics: float = 5.0,
    ramp: int = 1000,
    exact: bool = True,
    symmetry: Symmetry = "all",
    periodic: bool = True,
    hide: float = 0.2,
) -> Recipe[Microstructure]:
    """Conditional GAN of fields of any size (R3GAN: relativistic scores under R1 and R2; Huang et al.; 2024).

    `net`: `plain` makes fields of a small map of `noise` channels, doubled `doublings` times; `gaussian` begins with a
    Gaussian field that has the fraction and surface asked for in closed form, and a U-Net of `width` makes the rest.
    `physics` weighs how far the fraction and surface of draws are from those asked for, and the two-point correlation
    of batches from that of real ones; it comes up in `ramp` steps, for it would hurt a generator that begins. `exact`:
    draws have the volume fraction asked for, to the pixel, and the surface, nearly. `symmetry`: how images are moved
    while the critic looks; `flips` where the axes differ, `none` where directions matter. `periodic`: whether the
    critic sees beyond the borders of data that go on there. `gradient` weighs WGAN-GP's penalty.
    """
    game = Game(critic, context, divergence, r1, r2, gradient, steps_of_critic, physics, ramp, symmetry, periodic, hide)
    return _recipe(partial(_drawing, net, width, doublings, noise, context, exact), game.objective)


def matching(
    by: By = "physics",
    net: Net = "plain",
    width: int = 64,
    doublings: int = 3,
    noise: int = 8,
    context: int = 64,
    exact: bool = True,
    periodic: bool = True,
    hide: float = 0.2,
) -> Recipe[Microstructure]:
    """Fields trained without a critic, by volume fraction, surface and two-point correlation alone.

    `by`: `mmd` matches their joint distribution with the condition by a kernel, `moments` by means and covariances,
    `physics` image by image with the real one of the same condition (the invariance checker of InvNet; Joshi et al.;
    2020). For comparison: what is not matched, such as conductivity, comes out wrong.
    """

    def objective(space: Space, fields: ConditionFields) -> Objective:
        if numbers(space)[0] > 1:
            raise RequestError(
                f"by={by}: compares two phases, and here are {numbers(space)[0]}; use microstructures/gan"
            )
        features = Described(around(space, periodic))
        if by == "mmd":
            return MMD(features=features, hide=hide)
        return MomentMatching(features=features, hide=hide) if by == "moments" else Matching(features, hide)

    return _recipe(partial(_drawing, net, width, doublings, noise, context, exact), objective)


def _recipe(generator: Build[Generator], objective: Build[Objective]) -> Recipe[Microstructure]:
    return Recipe(Microstructures(), FieldsOf, generator, objective, ASK, SETTINGS)


def _drawing(
    net: Net,
    width: int,
    doublings: int,
    noise: int,
    context: int,
    exact: bool,
    space: Space,
    fields: ConditionFields,
) -> Generator:
    """The generator of fields that a recipe's options describe."""
    channels, dimensions = numbers(space)

    def made(context: int) -> FieldNet:
        if net == "gaussian":
            return UNet(2, 1, [width * 3 // 8, width * 3 // 4], context, dimensions, added=True, whole=True)
        widths = [max(width * 2 // (2 + step), 8) for step in range(doublings)]
        return PlainMap(channels, widths, noise, context, dimensions, whole=True)

    return drawing(space, fields, made, context, exact, net == "gaussian")
