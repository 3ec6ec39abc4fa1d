"""Recipes for microstructures of many pixels: nets that grow as they learn, and nets that are told a style."""

from __future__ import annotations

from dataclasses import replace

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Space
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.representations import FieldsOf
from sciencegen.errors import RequestError
from sciencegen.nets.fields import FieldNet
from sciencegen.nets.growing import GrowingMap, GrowingScorer
from sciencegen.nets.style import StyleMap
from sciencegen.objectives.divergences import divergence as divergence_named
from sciencegen.recipes.fields import ASK, SETTINGS, Game, around, drawing, halved, numbers
from sciencegen.recipes.recipe import Recipe

__all__ = ["growing", "style"]

_GAME = Game()
_FINEST = 8
"""Channels at full size, where every one is dear."""


def growing(
    width: int = 64, doublings: int = 3, noise: int = 8, stage: int = 500, exact: bool = True, game: Game = _GAME
) -> Recipe[Microstructure]:
    """Conditional GAN that begins with coarse fields and grows (progressive growing; Karras et al.; 2018).

    It begins at 1 / 2^`doublings` of the size; every further doubling takes `stage` steps, half of them to fade in, so
    that all is there after `stage` * (`doublings` + 1/2) steps: train for longer than that. A model that was stopped
    earlier draws fields of full size that are as fine as it got. Where a run begins with a trained model, everything
    is there at once. The other options are those of `microstructures/gan`.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        channels, dimensions = numbers(space)

        def net(context: int) -> FieldNet:
            return GrowingMap(channels, _widths(width, doublings), noise, context, dimensions, stage)

        return drawing(space, fields, net, game.context, exact)

    def objective(space: Space, fields: ConditionFields) -> Objective:
        channels, dimensions = numbers(space)
        _checked(space, doublings)
        widths, periodic = halved(space, game, doublings + 1), around(space, game.periodic)
        shift = not divergence_named(game.divergence).relative

        def net(context: int) -> GrowingScorer:
            return GrowingScorer(channels, widths, context, dimensions, doublings, stage, periodic, shift)

        return game.objective(space, fields, net)

    settings, at_once = replace(SETTINGS, steps=4000), {"stage": 0}
    return Recipe(Microstructures(), FieldsOf, generator, objective, ASK, settings, tuning=at_once)


def style(
    width: int = 64,
    doublings: int = 3,
    noise: int = 16,
    latent: int = 64,
    depth: int = 3,
    exact: bool = True,
    game: Game = _GAME,
) -> Recipe[Microstructure]:
    """Conditional GAN whose layers are told the style of a whole field (StyleGAN2; Karras et al.; 2020).

    A coarse map of `noise` channels and its mean, mapped with the condition to a style of `latent` numbers by `depth`
    layers, make the field in `doublings` doublings, with noise for every pixel at each. A `temperature` below 1 draws
    styles nearer to the mean one. The other options are those of `microstructures/gan`.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        channels, dimensions = numbers(space)

        def net(context: int) -> FieldNet:
            return StyleMap(channels, _widths(width, doublings), noise, latent, depth, context, dimensions)

        return drawing(space, fields, net, game.context, exact)

    return Recipe(Microstructures(), FieldsOf, generator, game.objective, ASK, SETTINGS)


def _checked(space: Space, doublings: int) -> None:
    """Refuse to begin so coarse that a critic has nothing left to look at."""
    side = min(space.shape[1:])
    if side < 2 ** (doublings + 1):
        found = f"doublings={doublings}: fields of {side} pixels would begin with a single one"
        raise RequestError(f"{found}; at most {side.bit_length() - 2} fit")


def _widths(width: int, doublings: int) -> list[int]:
    """Channels from the coarsest level to the finest."""
    return [*(max(width * 2 // (2 + step), _FINEST) for step in range(doublings)), _FINEST]
