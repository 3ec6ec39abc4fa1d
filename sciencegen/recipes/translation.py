"""Recipes that turn one kind of microstructure into another: of pairs, or of two heaps nobody paired."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import nn

from sciencegen.core.condition import ConditionFields, Given
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective
from sciencegen.core.space import Reals, Space
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.representations import FieldsOf
from sciencegen.errors import RequestError
from sciencegen.families.translation import Direction, Kept, Mapped, Translation
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.critic import Critic
from sciencegen.nets.patches import PairCritic, Patches
from sciencegen.nets.unet import UNet
from sciencegen.objectives.adversarial import L1, R1, R2, Adversarial, Penalty
from sciencegen.objectives.divergences import divergence as divergence_named
from sciencegen.objectives.moved import Moved
from sciencegen.objectives.translation import CycleConsistency
from sciencegen.recipes.fields import Symmetry, moves_of, numbers
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["cyclegan", "pix2pix"]

SOURCE = "source"
_WIDEST = 4
"""Channels grow with every halving up to so many times those of the first."""
_PAIRED = Settings(
    batch=8, rate=5e-4, objective_rate=5e-4, beta1=0.5, beta2=0.99, epochs=10, ema=0.995, clip=0.0, schedule="cosine"
)
_UNPAIRED = replace(_PAIRED, rate=3e-4, objective_rate=3e-4)


@dataclass(frozen=True)
class Nets:
    """The nets of a translation.

    `width` and `depth`: channels at half the size, and how often the U-Net halves it; `noise`: channels of noise beside
    the source, 0 for one answer alone. `critic` and `halvings`: channels of a critic after its first halving, and how
    many there are: the more, the larger the patches it judges.
    """

    width: int = 24
    depth: int = 3
    noise: int = 1
    critic: int = 24
    halvings: int = 3
    context: int = 32

    def direction(self, before: Space, after: Space, fields: ConditionFields) -> Direction:
        """From maps of one space to maps of another."""
        assert isinstance(before, Reals)
        assert isinstance(after, Reals)
        (inputs, dimensions), (channels, _) = numbers(before), numbers(after)
        conditioner = Conditioner(replace(fields, given=()), self.context)
        widths = [min(self.width * 2**step, self.width * _WIDEST) for step in range(self.depth)]
        periodic = before.periodic and after.periodic
        net = UNet(
            inputs + self.noise,
            2 * channels if self.noise else channels,
            widths,
            conditioner.width,
            dimensions,
            normalised=True,
            periodic=periodic,
        )
        kept = Kept(channels, dimensions, periodic) if inputs == channels else None
        return Direction(net, channels, self.noise, conditioner, kept)

    def patches(self, space: Space, channels: int, context: int, shift: bool) -> Patches:
        """A critic of maps of a space, or of these and others beside them."""
        assert isinstance(space, Reals)
        widths = [min(self.critic * 2**step, self.critic * _WIDEST) for step in range(self.halvings)]
        return Patches(channels, widths, context, len(space.shape) - 1, space.periodic, shift)


def pix2pix(
    nets: Nets = Nets(),
    divergence: str = "relativistic",
    r1: float = 10.0,
    r2: float = 10.0,
    l1: float = 10.0,
    symmetry: Symmetry = "all",
    hide: float = 0.2,
) -> Recipe[Microstructure]:
    """From pairs: the image that belongs to the source that is given (pix2pix; Isola et al.; 2017).

    `l1` weighs how far an answer is from the one in the data, pixel by pixel, beside what a critic says that sees both
    together. `symmetry`: how pairs are moved before they are learned; `flips` where the axes differ, `none` where
    directions matter.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        source = _source(fields)
        assert isinstance(space, Reals)
        return Mapped(space, source, nets.direction(source.space, space, fields))

    def objective(space: Space, fields: ConditionFields) -> Objective:
        assert isinstance(space, Reals)
        source, game = _source(fields), divergence_named(divergence)
        conditioner = Conditioner(replace(fields, given=()), nets.context)
        channels = numbers(space)[0] + numbers(source.space)[0]
        critic = PairCritic(
            nets.patches(space, channels, conditioner.width, not game.relative), source.name, conditioner
        )
        extras = [L1(l1)] if l1 else []
        paired = Adversarial(critic, game, penalties=_penalties(r1, r2), extras=extras, hide=hide)
        return Moved(paired, moves_of(symmetry, space.periodic))

    return Recipe(Microstructures(), FieldsOf, generator, objective, settings=_PAIRED, given={SOURCE: FieldsOf})


def cyclegan(
    nets: Nets = Nets(),
    divergence: str = "relativistic",
    r1: float = 10.0,
    r2: float = 10.0,
    cycle: float = 1.0,
    identity: float = 0.0,
    veil: float = 0.0,
    symmetry: Symmetry = "all",
    hide: float = 0.2,
) -> Recipe[Microstructure]:
    """Of two heaps of images that nobody paired: each kind made of the other (CycleGAN; Zhu et al.; 2017).

    `cycle` weighs how far an image is from itself after it was turned into the other kind and back, `identity` how much
    one changes that is of the kind already. `veil`: the spread of noise over what is passed on, so that nothing is
    handed through it unseen. `symmetry`: how images are moved before they are learned.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        source = _source(fields)
        assert isinstance(space, Reals)
        across = nets.direction(source.space, space, fields)
        return Translation(space, source, across, nets.direction(space, source.space, ConditionFields()))

    def objective(space: Space, fields: ConditionFields) -> Objective:
        assert isinstance(space, Reals)
        source, game = _source(fields), divergence_named(divergence)
        if identity and numbers(space)[0] != numbers(source.space)[0]:
            raise RequestError(f"identity={identity}: {SOURCE} has other phases than the images: leave it at 0")

        def critic(of: Space, asked: ConditionFields) -> nn.Module:
            conditioner = Conditioner(replace(asked, given=()), nets.context)
            net = nets.patches(of, numbers(of)[0], conditioner.width, not game.relative)
            return Critic(of, net, conditioner)

        unpaired = CycleConsistency(
            critic(space, fields),
            critic(source.space, ConditionFields()),
            game,
            cycle,
            identity,
            veil,
            _penalties(r1, r2),
            hide,
        )
        return Moved(unpaired, moves_of(symmetry, space.periodic))

    return Recipe(Microstructures(), FieldsOf, generator, objective, settings=_UNPAIRED, given={SOURCE: FieldsOf})


def _source(fields: ConditionFields) -> Given:
    (source,) = fields.given
    return source


def _penalties(r1: float, r2: float) -> list[Penalty]:
    return [*([R1(r1)] if r1 else []), *([R2(r2)] if r2 else [])]
