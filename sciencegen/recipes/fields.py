"""What the recipes of fields share: generators that meet what is asked exactly, and the game they are trained in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from sciencegen.core.condition import ConditionFields, Continuous
from sciencegen.core.objective import Ramp
from sciencegen.core.space import Reals, Space
from sciencegen.domains.microstructures.descriptors import fraction, specific_surface, two_point
from sciencegen.errors import RequestError
from sciencegen.families.fields import Fields, Finish, GaussianStart, Quantile, Roughened
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.critic import Critic
from sciencegen.nets.fields import FieldNet
from sciencegen.nets.scorer import Scorer, Symmetric
from sciencegen.objectives.adversarial import R1, R2, Adversarial, Extra, GradientPenalty, Penalty
from sciencegen.objectives.divergences import divergence as divergence_named
from sciencegen.objectives.matching import Matched
from sciencegen.train.settings import Settings

__all__ = [
    "ASK",
    "SETTINGS",
    "Described",
    "Game",
    "Symmetry",
    "around",
    "drawing",
    "halved",
    "levelled",
    "moves_of",
    "numbers",
    "scorer",
]

ASK = ("volume_fraction", "surface", "correlation_length")
_FRACTION, _SURFACE = ASK[:2]
_SHARP = 0.15
"""Within so much of 0 a field is neither phase, where gradients have to pass."""
SETTINGS = Settings(
    batch=32, rate=5e-4, objective_rate=5e-4, beta1=0.0, beta2=0.99, epochs=20, ema=0.999, clip=0.0, schedule="cosine"
)
Symmetry = Literal["all", "flips", "none"]
_MOVES = {"all": ("roll", "flip", "turn"), "flips": ("roll", "flip"), "none": ()}


def moves_of(symmetry: Symmetry, periodic: bool) -> list[str]:
    """How images may be moved that have a symmetry, and go on at the other side or not."""
    return [move for move in _MOVES[symmetry] if periodic or move != "roll"]


def numbers(space: Space) -> tuple[int, int]:
    """How many channels the fields of a space have, and how many axes."""
    assert isinstance(space, Reals)
    return space.shape[0], len(space.shape) - 1


def around(space: Space, wanted: bool) -> bool:
    """Whether a critic may look beyond the borders: where it is wanted, and the data go on there."""
    assert isinstance(space, Reals)
    return wanted and space.periodic


def drawing(
    space: Space,
    fields: ConditionFields,
    net: Callable[[int], FieldNet],
    context: int,
    exact: bool,
    gaussian: bool = False,
) -> Fields:
    """A generator of fields; `net` is made for a width of context. `exact`: the volume fraction is as asked to the
    pixel, and the surface nearly; `gaussian`: it begins with a Gaussian field that has what is asked."""
    assert isinstance(space, Reals)
    conditioner = Conditioner(fields, context)
    finish = _finished(space, fields) if exact and space.shape[0] == 1 else None
    start = _started(space, fields) if gaussian else None
    return Fields(space, net(conditioner.width), conditioner, finish, start)


def levelled(fields: ConditionFields) -> Quantile | None:
    """What makes the fraction the one asked for, to the pixel, where it may be asked for."""
    found = _numbers(fields).get(_FRACTION)
    return None if found is None else Quantile(found[0], found[1].mean, found[1].std)


def _finished(space: Reals, fields: ConditionFields) -> Finish | None:
    """What makes the fraction the one asked for, to the pixel, and then the surface, where they may be asked for."""
    level, known = levelled(fields), _numbers(fields)
    if level is None or _SURFACE not in known:
        return level
    column, field = known[_SURFACE]
    return Roughened(level, column, field.mean, field.std, partial(_area, space.periodic, space.spacing))


def _area(periodic: bool, spacing: float, phase: Tensor) -> Tensor:
    return specific_surface(phase, periodic=periodic) / spacing


def _started(space: Reals, fields: ConditionFields) -> GaussianStart:
    """The Gaussian field that has the fraction and surface asked for."""
    known = _numbers(fields)
    missing = [name for name in (_FRACTION, _SURFACE) if name not in known]
    if space.shape[0] > 1 or missing:
        why = f"{space.shape[0]} phases are here" if space.shape[0] > 1 else f"add --ask {' --ask '.join(missing)}"
        raise RequestError(f"net=gaussian: begins with two phases of a known fraction and surface; {why}, or net=plain")
    (share, fraction_field), (surface, surface_field) = known[_FRACTION], known[_SURFACE]
    return GaussianStart((share, surface), fraction_field, surface_field, space.spacing)


def _numbers(fields: ConditionFields) -> dict[str, tuple[int, Continuous]]:
    """Where the fields that are numbers stand."""
    return {field.name: (i, field) for i, field in enumerate(fields.fields) if isinstance(field, Continuous)}


@dataclass(frozen=True)
class Game:
    """Who judges fields, and how: the options of a recipe's objective.

    `gradient` weighs a penalty on slopes between real and fake (WGAN-GP); `steps_of_critic` are those for each of the
    generator's. The other options are those of `microstructures/gan`.
    """

    critic: int = 16
    context: int = 64
    divergence: str = "relativistic"
    r1: float = 1.0
    r2: float = 1.0
    gradient: float = 0.0
    steps_of_critic: int = 1
    physics: float = 5.0
    ramp: int = 1000
    symmetry: Symmetry = "all"
    periodic: bool = True
    hide: float = 0.2

    def objective(
        self, space: Space, fields: ConditionFields, net: Callable[[int], nn.Module] | None = None
    ) -> Adversarial:
        """The game over the fields of a space; `net` makes another critic for a width of context than the usual."""
        channels, _ = numbers(space)
        conditioner = Conditioner(fields, self.context)
        judge = scorer(space, self, conditioner.width) if net is None else net(conditioner.width)
        periodic = around(space, self.periodic)
        moves = moves_of(self.symmetry, periodic)
        weights = ((R1, self.r1), (R2, self.r2), (GradientPenalty, self.gradient))
        penalties: list[Penalty] = [kind(weight) for kind, weight in weights if weight]
        return Adversarial(
            Critic(space, Symmetric(judge, moves), conditioner),
            divergence_named(self.divergence),
            self.steps_of_critic,
            penalties,
            self._laws(fields, periodic) if self.physics and channels == 1 else [],
            self.hide,
        )

    def _laws(self, fields: ConditionFields, periodic: bool) -> list[Extra]:
        """What is known of two phases: what was asked for is met, and batches have the two-point correlation of real
        ones. A generator that begins is told little of it, or it would learn nothing else."""

        def weight() -> Ramp:
            return Ramp(self.physics / 100, self.physics, self.ramp)

        parts: dict[str, Callable[[Tensor], Tensor]] = {_FRACTION: _shared, _SURFACE: partial(_surfaced, periodic)}
        asked = [
            Matched(parts[name], weight(), column) for name, (column, _) in _numbers(fields).items() if name in parts
        ]
        return [*asked, Matched(partial(_correlated, periodic), weight(), together=True)]


def scorer(space: Space, game: Game, context: int) -> Scorer:
    """The usual critic: sides are halved until a few pixels are left."""
    channels, dimensions = numbers(space)
    relative = divergence_named(game.divergence).relative
    return Scorer(channels, halved(space, game), context, dimensions, around(space, game.periodic), not relative)


def halved(space: Space, game: Game, least: int = 1) -> list[int]:
    """The widths of a critic that halves sides until a few pixels are left, `least` times at least."""
    halvings = max(least, min(4, int(min(space.shape[1:])).bit_length() - 3))
    return [min(game.critic * 2**step, game.critic * 6) for step in range(halvings)]


class Described(nn.Module):
    """Volume fraction, surface and two-point correlation of fields of two phases [n, k], each about 1 apart."""

    def __init__(self, periodic: bool) -> None:
        super().__init__()
        self.periodic = periodic

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((_shared(x), _surfaced(self.periodic, x), _correlated(self.periodic, x)), 1)


def _soft(x: Tensor) -> Tensor:
    """How much of a pixel is phase 1, so that gradients pass."""
    return torch.sigmoid(x[:, 0] / _SHARP)


def _shared(x: Tensor) -> Tensor:
    return fraction(_soft(x))[:, None] / 0.15


def _surfaced(periodic: bool, x: Tensor) -> Tensor:
    return specific_surface(_soft(x), periodic=periodic)[:, None] / 0.03


def _correlated(periodic: bool, x: Tensor) -> Tensor:
    soft = _soft(x)
    return (two_point(soft, periodic=periodic).values - fraction(soft)[:, None].square()) / 0.05
