"""Recipes for points: flows, GANs, moment matching, variational autoencoders and their mixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective, Ramp
from sciencegen.core.space import Reals, Space
from sciencegen.core.transform import Transform
from sciencegen.domains.densities import Densities, Point, Standardised
from sciencegen.families.flow import AffineCoupling, Flow, MaskedAffine, Reverse
from sciencegen.families.implicit import Implicit
from sciencegen.families.vae import VAE, Diagonal, Full, Gaussian
from sciencegen.families.vae.decoders import Variance
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.critic import Critic
from sciencegen.nets.mlp import MLP
from sciencegen.objectives.adversarial import R1, R2, Adversarial, GradientPenalty, Likelihood, Penalty
from sciencegen.objectives.divergences import divergence as divergence_named
from sciencegen.objectives.elbo import ELBO
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.objectives.moments import MMD, MomentMatching
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["coupling", "flow_gan", "gan", "iaf", "maf", "mmd", "moments", "vae", "wgan"]

ASK = ("radius",)
CONTEXT = 32


def _recipe(
    generator: Callable[[Reals, Conditioner], Generator],
    objective: Callable[[Reals, ConditionFields], Objective],
    settings: Settings,
) -> Recipe[Point]:
    def made(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Reals)
        return generator(space, Conditioner(fields, CONTEXT))

    def aimed(space: Space, fields: ConditionFields) -> Objective:
        assert isinstance(space, Reals)
        return objective(space, fields)

    return Recipe(Densities(), Standardised, made, aimed, ASK, settings)


def _flow(layer: Callable[[int, int, int], Transform], depth: int) -> Callable[[Reals, Conditioner], Generator]:
    def generator(space: Reals, conditioner: Conditioner) -> Generator:
        transforms: list[Transform] = []
        for i in range(depth):
            transforms += [layer(space.size, conditioner.width, i), Reverse()]
        return Flow(space, transforms, conditioner)

    return generator


def _critic(space: Reals, fields: ConditionFields, width: int, depth: int, pack: int = 1, shift: bool = True) -> Critic:
    conditioner = Conditioner(fields, CONTEXT)
    net = MLP(space.size * pack, 1, [width] * depth, conditioner.width * pack, act="leaky", shift=shift)
    return Critic(space, net, conditioner, pack)


def coupling(width: int = 64, depth: int = 8, hide: float = 0.25) -> Recipe[Point]:
    """Affine coupling flow (Real NVP): fast density, fast samples."""
    generator = _flow(lambda d, c, i: AffineCoupling(d, [width, width], c, odd=d % 2 == 1 and i % 2 == 1), depth)
    settings = Settings(rate=2e-3, epochs=50, batch=256, schedule="cosine")
    return _recipe(generator, lambda space, fields: MaximumLikelihood(hide), settings)


def maf(
    width: int = 64, depth: int = 6, hide: float = 0.25, cheap: Literal["to_noise", "to_data"] = "to_noise"
) -> Recipe[Point]:
    """Masked autoregressive flow: fast density; samples go entry by entry, each hidden unit computed once."""
    generator = _flow(lambda d, c, i: MaskedAffine(d, [width, width], c, cheap), depth)
    settings = Settings(rate=2e-3, epochs=50, batch=256, schedule="cosine")
    return _recipe(generator, lambda space, fields: MaximumLikelihood(hide), settings)


def iaf(width: int = 64, depth: int = 6, hide: float = 0.25) -> Recipe[Point]:
    """Inverse autoregressive flow: fast samples; the density goes entry by entry."""
    return maf(width, depth, hide, "to_data")


def vae(
    width: int = 128,
    depth: int = 2,
    latent: int = 4,
    variance: Variance = "learned",
    std: float = 0.2,
    posterior: Literal["diagonal", "full"] = "diagonal",
    beta: float = 1.0,
    ramp: int = 1000,
    hide: float = 0.25,
) -> Recipe[Point]:
    """Variational autoencoder with a Gaussian likelihood of fixed, shared or learned variance."""

    def generator(space: Reals, conditioner: Conditioner) -> Generator:
        part = Gaussian(variance, std)
        encoder = MLP(space.size, width, [width] * depth, conditioner.width)
        decoder = MLP(latent, space.size * part.numbers, [width] * depth, conditioner.width)
        kind = Full if posterior == "full" else Diagonal
        return VAE(space, encoder, kind(width, latent), decoder, part, conditioner)

    settings = Settings(rate=1e-3, epochs=100, batch=256, schedule="cosine")
    return _recipe(generator, lambda space, fields: ELBO(Ramp(0.0, beta, ramp), hide), settings)


def _implicit(width: int, depth: int, latent: int) -> Callable[[Reals, Conditioner], Generator]:
    def generator(space: Reals, conditioner: Conditioner) -> Generator:
        net = MLP(latent, space.size, [width] * depth, conditioner.width)
        return Implicit(space, net, (latent,), conditioner)

    return generator


_GAN_SETTINGS = Settings(rate=2e-4, beta1=0.5, beta2=0.99, epochs=200, batch=256, ema=0.99, clip=0.0)


def gan(
    width: int = 128,
    depth: int = 3,
    latent: int = 8,
    divergence: str = "non-saturating",
    critic_steps: int = 1,
    pack: int = 1,
    r1: float = 0.0,
    r2: float = 0.0,
    hide: float = 0.25,
) -> Recipe[Point]:
    """Generative adversarial net under any divergence; `pack` samples may be judged together.

    `r1` and `r2` weigh the critic's slope on real and on fake samples.
    """
    penalties: list[Penalty] = [*([R1(r1)] if r1 else []), *([R2(r2)] if r2 else [])]

    def objective(space: Reals, fields: ConditionFields) -> Objective:
        game = divergence_named(divergence)
        critic = _critic(space, fields, width, depth, pack, not game.relative)
        return Adversarial(critic, game, critic_steps, penalties, hide=hide)

    return _recipe(_implicit(width, depth, latent), objective, _GAN_SETTINGS)


def wgan(
    width: int = 128, depth: int = 3, latent: int = 8, critic_steps: int = 3, penalty: float = 1.0, hide: float = 0.25
) -> Recipe[Point]:
    """Wasserstein GAN with a gradient penalty."""

    def objective(space: Reals, fields: ConditionFields) -> Objective:
        game, penalties = divergence_named("wasserstein"), (GradientPenalty(penalty),)
        critic = _critic(space, fields, width, depth, shift=not game.relative)
        return Adversarial(critic, game, critic_steps, penalties, hide=hide)

    return _recipe(_implicit(width, depth, latent), objective, _GAN_SETTINGS)


def flow_gan(width: int = 64, depth: int = 6, likelihood: float = 1.0, hide: float = 0.25) -> Recipe[Point]:
    """Flow-GAN: a coupling flow trained by a critic and by its likelihood at once."""
    flow = _flow(lambda d, c, i: AffineCoupling(d, [width, width], c, odd=d % 2 == 1 and i % 2 == 1), depth)

    def objective(space: Reals, fields: ConditionFields) -> Objective:
        critic, extras = _critic(space, fields, 2 * width, 3), (Likelihood(likelihood),)
        return Adversarial(critic, divergence_named("non-saturating"), extras=extras, hide=hide)

    return _recipe(flow, objective, Settings(rate=5e-4, beta1=0.5, epochs=100, batch=256, ema=0.99))


def mmd(width: int = 128, depth: int = 3, latent: int = 8) -> Recipe[Point]:
    """Maximum mean discrepancy: no critic, a kernel."""
    settings = Settings(rate=1e-3, epochs=100, batch=256, schedule="cosine")
    return _recipe(_implicit(width, depth, latent), lambda space, fields: MMD(), settings)


def moments(width: int = 64, depth: int = 2, latent: int = 8, order: int = 4) -> Recipe[Point]:
    """Moment matching: means, covariances and higher moments."""
    settings = Settings(rate=1e-3, epochs=100, batch=512, schedule="cosine")
    return _recipe(_implicit(width, depth, latent), lambda space, fields: MomentMatching(order), settings)
