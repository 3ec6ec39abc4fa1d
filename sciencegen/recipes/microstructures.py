"""Recipes for microstructures: adversarial nets of fields, to be asked for any subset of what is measured of pixels."""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from torch import Tensor

from sciencegen.core.condition import ConditionFields, Continuous
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Reals, Space
from sciencegen.domains.microstructures.descriptors import fraction, specific_surface, two_point
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.representations import FieldsOf
from sciencegen.families.fields import Fields, Finish, Quantile
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.critic import Critic
from sciencegen.nets.fields import PlainMap
from sciencegen.nets.scorer import Scorer, Symmetric
from sciencegen.objectives.adversarial import R1, R2, Adversarial
from sciencegen.objectives.divergences import divergence as divergence_named
from sciencegen.objectives.matching import Matched
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["gan"]

ASK = ("volume_fraction", "surface", "correlation_length")
_FRACTION = "volume_fraction"
_SHARP = 0.15
"""Within so much of 0 a field is neither phase, where gradients have to pass."""
_SETTINGS = Settings(
    batch=32, rate=5e-4, objective_rate=5e-4, beta1=0.0, beta2=0.99, epochs=20, ema=0.999, clip=0.0, schedule="cosine"
)
Symmetry = Literal["all", "flips", "none"]
_MOVES = {"all": ("roll", "flip", "turn"), "flips": ("roll", "flip"), "none": ()}


def gan(
    width: int = 64,
    doublings: int = 3,
    noise: int = 8,
    critic: int = 16,
    context: int = 64,
    divergence: str = "relativistic",
    r1: float = 1.0,
    r2: float = 1.0,
    physics: float = 0.05,
    exact: bool = True,
    symmetry: Symmetry = "all",
    periodic: bool = True,
    hide: float = 0.2,
) -> Recipe[Microstructure]:
    """Conditional GAN of fields of any size (R3GAN: relativistic scores under R1 and R2; Huang et al.; 2024).

    `physics` weighs how far volume fraction, surface and two-point correlation of draws are from those of real images
    under the same condition. `exact`: the volume fraction is made exactly the one asked for. `symmetry`: how images
    are moved while the critic looks; `flips` where the axes differ, `none` where directions matter. `periodic`:
    whether the critic sees beyond the borders, as it may where data are.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Reals)
        channels, dimensions = space.shape[0], len(space.shape) - 1
        conditioner = Conditioner(fields, context)
        widths = [max(width * 2 // (2 + step), 8) for step in range(doublings)]
        net = PlainMap(channels, widths, noise, conditioner.width, dimensions)
        return Fields(space, net, conditioner, _finish(fields) if exact and channels == 1 else None)

    def objective(space: Space, fields: ConditionFields) -> Objective:
        assert isinstance(space, Reals)
        channels, dimensions = space.shape[0], len(space.shape) - 1
        conditioner = Conditioner(fields, context)
        halvings = max(1, min(4, int(min(space.shape[1:])).bit_length() - 3))
        game = divergence_named(divergence)
        widths = [min(critic * 2**step, critic * 6) for step in range(halvings)]
        scorer = Scorer(channels, widths, conditioner.width, dimensions, periodic, not game.relative)
        moves = [move for move in _MOVES[symmetry] if periodic or move != "roll"]
        return Adversarial(
            Critic(space, Symmetric(scorer, moves), conditioner),
            game,
            penalties=[*([R1(r1)] if r1 else []), *([R2(r2)] if r2 else [])],
            extras=[Matched(partial(_described, periodic=periodic), physics)] if physics and channels == 1 else [],
            hide=hide,
        )

    return Recipe(Microstructures(), FieldsOf, generator, objective, ASK, _SETTINGS)


def _finish(fields: ConditionFields) -> Finish | None:
    """What makes the fraction the one asked for, where it may be asked for."""
    for column, field in enumerate(fields.fields):
        if isinstance(field, Continuous) and field.name == _FRACTION:
            return Quantile(column, field.mean, field.std)
    return None


def _described(x: Tensor, periodic: bool) -> Tensor:
    """Volume fraction, surface and two-point correlation of fields of two phases [n, k], each about 1 apart."""
    soft = torch.sigmoid(x[:, 0] / _SHARP)
    share = fraction(soft)
    correlated = two_point(soft, periodic=periodic).values - share[:, None].square()
    parts = (share[:, None] / 0.15, specific_surface(soft, periodic=periodic)[:, None] / 0.03, correlated / 0.05)
    return torch.cat(parts, 1)
