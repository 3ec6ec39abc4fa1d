"""A recipe for volumes of materials whose slices are like the images that are there."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from torch import Tensor, nn

from sciencegen.core.condition import Categorical, ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Reals, Space
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.representations import FieldsOf
from sciencegen.errors import RequestError
from sciencegen.families.volumes import Planes, Volumes
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.endless import EndlessMap
from sciencegen.objectives.matching import Matched
from sciencegen.recipes.fields import SETTINGS, Described, Game, Symmetry, levelled
from sciencegen.recipes.recipe import Recipe

__all__ = ["slices"]

PLANE = "plane"
_SETTINGS = replace(SETTINGS, steps=3000, batch=16, rate=2e-4, objective_rate=2e-4, ema=0.995)
"""Steps are small: kernels look at so many voxels that larger ones make what they have in common drown the noise."""
_ACROSS = {"xy": 0, "xz": 1, "yz": 2}
"""The axis of a volume [z, y, x] that each plane lies across."""
_OF_VOLUMES = ("surface", "euler", "largest_cluster", "conductivity", "tortuosity")
"""What is another thing of a volume than of its slices."""


def slices(
    width: int = 64,
    doublings: int = 3,
    noise: int = 8,
    critic: int = 24,
    context: int = 64,
    divergence: str = "relativistic",
    r1: float = 1.0,
    r2: float = 1.0,
    physics: float = 1.0,
    exact: bool = True,
    symmetry: Literal["auto", "all", "flips", "none"] = "auto",
    hide: float = 0.5,
) -> Recipe[Microstructure]:
    """Volumes of any size learned from images alone (SliceGAN; Kench, Cooper; 2021), by a GAN of their slices (R3GAN;
    Huang et al.; 2024).

    One image serves all planes of a material that is alike in all directions. Of one that is not, a column `plane` of
    labels.csv says where each image lies, and `--ask plane` that it matters: `xy`, `xz` or `yz`, with columns of pixels
    along the first letter and rows along the second; an image that stands for two says `xz+yz`, and one that says
    nothing may lie in any. Images are squares: `--read crop=64 --read stride=8` cuts them out.

    `physics` weighs how far fractions, surfaces and two-point correlations of batches are from those of real ones.
    `symmetry`: how images are moved while the critic looks; `all` turns and mirrors them, `flips` mirrors them, and
    `auto` turns where an image serves all planes. The map of `noise` is doubled `doublings` times, to `width` channels
    first. `exact`: of two phases the volume fraction is as asked for to the voxel.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        channels, side = _square(space)
        planes, told = _planes(fields), _told(fields)
        conditioner = Conditioner(told, context)
        widths = [max(round(width / 8 / (2 + step)), 1) * 16 for step in range(doublings)]  # as many as processors like
        net = EndlessMap(channels, widths, noise, conditioner.width)
        finish = levelled(fields) if exact and channels == 1 else None
        return Volumes(Reals((channels, side, side, side)), net, conditioner, planes, finish)

    def objective(space: Space, fields: ConditionFields) -> Objective:
        moves: Symmetry = ("all" if _planes(fields).column is None else "flips") if symmetry == "auto" else symmetry
        hidden = hide if _told(fields).names else 0.0  # an image of no plane teaches nothing
        game = Game(critic, context, divergence, r1, r2, 0.0, physics=0.0, symmetry=moves, periodic=False, hide=hidden)
        objective = game.objective(space, fields)
        if physics:
            objective.extras.append(Matched(Phases(), physics, together=True))
        return objective

    return Recipe(Microstructures(), FieldsOf, generator, objective, (), _SETTINGS)


class Phases(nn.Module):
    """Fraction, surface and two-point correlation of every phase of images [n, k]."""

    def __init__(self) -> None:
        super().__init__()
        self.of_one = Described(periodic=False)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.of_one(x.flatten(0, 1)[:, None])
        return features.view(len(x), -1)


def _square(space: Space) -> tuple[int, int]:
    """How many channels images have, and how many pixels their sides."""
    channels, *sides = space.shape
    size = "x".join(map(str, sides))
    if len(sides) != 2:
        raise RequestError(
            f"these are volumes of {size}: volumes are learned from images here; use microstructures/gan"
        )
    if sides[0] != sides[1]:
        raise RequestError(f"images of {size} pixels: expected squares; cut them with --read crop={min(sides)}")
    return channels, sides[0]


def _planes(fields: ConditionFields) -> Planes:
    """Where images lie."""
    found = [(column, field) for column, field in enumerate(fields.fields) if field.name == PLANE]
    if not found:
        return Planes()
    column, field = found[0]
    levels = field.levels if isinstance(field, Categorical) else (f"{field.low:g}",)
    axes = [_axes(level) for level in levels]
    missing = [plane for plane, axis in _ACROSS.items() if axis not in sum(axes, ())]
    if missing:
        more = f"an image that stands for {missing[0]} too says so: plane={levels[0]}+{missing[0]}"
        raise RequestError(f"plane={', '.join(levels)}: there is no image of {' or '.join(missing)}; {more}")
    return Planes(column, axes)


def _axes(level: str) -> tuple[int, ...]:
    planes = level.split("+")
    if not set(planes) <= set(_ACROSS):
        raise RequestError(f"plane={level}: expected {', '.join(_ACROSS)}, or several such as xz+yz")
    return tuple(_ACROSS[plane] for plane in planes)


def _told(fields: ConditionFields) -> ConditionFields:
    """What may be asked of volumes."""
    for field in fields.fields:
        if field.name in _OF_VOLUMES:
            said = f"{field.name} is another thing of a volume than of the images it is learned from"
            raise RequestError(f"{said}: ask for volume_fraction, correlation_length, chord, or a column of the data")
    return ConditionFields(tuple(field for field in fields.fields if field.name != PLANE), fields.given)
