"""Recipes for arrays of small integers: autoregressive models and variational autoencoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective, Ramp
from sciencegen.core.space import Discrete, Space
from sciencegen.domains.arrays import Arrays, Grid
from sciencegen.domains.arrays.properties import Array
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.families.flow import MaskedAffine, Reverse
from sciencegen.families.vae import VAE, Diagonal, Flowed, Full, Posterior, likelihood
from sciencegen.nets.causal import FVSBN, MADE, NADE, CausalNet, Gated, LongShort, Recurrent, Transformer
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.mlp import MLP
from sciencegen.objectives.elbo import ELBO, ImportanceWeighted
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["fvsbn", "gru", "iwae", "lstm", "made", "nade", "transformer", "vae"]

ASK = ("filled", "changes")
PosteriorKind = Literal["diagonal", "full", "flow"]


def _autoregressive(
    net: Callable[[Discrete, int], CausalNet], hide: float, settings: Settings, context: int = 32
) -> Recipe[Array]:
    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Discrete)
        conditioner = Conditioner(fields, context)
        return Autoregressive(space, net(space, conditioner.width), conditioner)

    return Recipe(
        domain=Arrays(),
        representation=Grid,
        generator=generator,
        objective=lambda space, fields: MaximumLikelihood(hide),
        ask=ASK,
        settings=settings,
    )


def fvsbn(hide: float = 0.25) -> Recipe[Array]:
    """Fully visible sigmoid belief network: a logistic regression for every entry."""
    return _autoregressive(FVSBN, hide, Settings(rate=3e-3, epochs=20, schedule="cosine"))


def nade(width: int = 500, dropout: float = 0.0, hide: float = 0.25) -> Recipe[Array]:
    """Neural autoregressive distribution estimator: hidden units shared by all entries."""
    return _autoregressive(
        lambda space, context: NADE(space, context, width, dropout),
        hide,
        Settings(rate=1e-3, epochs=30, schedule="cosine"),
    )


def made(width: int = 500, depth: int = 1, dropout: float = 0.0, hide: float = 0.25) -> Recipe[Array]:
    """Masked autoencoder: all conditionals in one pass through masked layers."""
    return _autoregressive(
        lambda space, context: MADE(space, context, width, depth, dropout),
        hide,
        Settings(rate=1e-3, epochs=30, schedule="cosine"),
    )


def gru(width: int = 128, depth: int = 1, dropout: float = 0.0, hide: float = 0.25) -> Recipe[Array]:
    """Gated recurrent units, entry after entry."""
    return _autoregressive(
        lambda space, context: Recurrent(space, context, Gated(), width, depth, dropout),
        hide,
        Settings(rate=3e-3, epochs=20, schedule="cosine"),
    )


def lstm(width: int = 128, depth: int = 1, dropout: float = 0.0, hide: float = 0.25) -> Recipe[Array]:
    """Long short-term memory, entry after entry."""
    return _autoregressive(
        lambda space, context: Recurrent(space, context, LongShort(), width, depth, dropout),
        hide,
        Settings(rate=3e-3, epochs=20, schedule="cosine"),
    )


def transformer(
    width: int = 64, depth: int = 3, heads: int = 4, dropout: float = 0.0, hide: float = 0.25
) -> Recipe[Array]:
    """Causal attention with a cache of keys and values."""
    return _autoregressive(
        lambda space, context: Transformer(space, context, width, depth, heads, dropout),
        hide,
        Settings(rate=1e-3, epochs=20, warmup=100, schedule="cosine"),
    )


def _posterior(kind: PosteriorKind, width: int, latent: int) -> Posterior:
    if kind == "full":
        return Full(width, latent)
    if kind == "diagonal":
        return Diagonal(width, latent)
    flows = (MaskedAffine(latent, [width], width, cheap="to_data"), Reverse())
    more = (MaskedAffine(latent, [width], width, cheap="to_data"), Reverse())
    return Flowed(Diagonal(width, latent), (*flows, *more))


def _variational(
    width: int,
    depth: int,
    latent: int,
    posterior: PosteriorKind,
    dropout: float,
    objective: Callable[[], Objective],
    settings: Settings,
    context: int = 32,
) -> Recipe[Array]:
    def generator(space: Space, fields: ConditionFields) -> Generator:
        conditioner, part = Conditioner(fields, context), likelihood(space)
        encoder = MLP(space.size * space.inputs, width, [width] * depth, conditioner.width, dropout=dropout)
        decoder = MLP(latent, space.size * part.numbers, [width] * depth, conditioner.width, dropout=dropout)
        return VAE(space, encoder, _posterior(posterior, width, latent), decoder, part, conditioner)

    return Recipe(
        domain=Arrays(),
        representation=Grid,
        generator=generator,
        objective=lambda space, fields: objective(),
        ask=ASK,
        settings=settings,
    )


def vae(
    width: int = 256,
    depth: int = 2,
    latent: int = 32,
    posterior: PosteriorKind = "diagonal",
    beta: float = 1.0,
    ramp: int = 1000,
    free_bits: float = 0.0,
    dropout: float = 0.0,
    hide: float = 0.25,
) -> Recipe[Array]:
    """Variational autoencoder: Bernoulli for bits, categorical for levels; beta ramps up over `ramp` steps."""

    def objective() -> Objective:
        return ELBO(Ramp(0.0, beta, ramp), hide, free_bits)

    settings = Settings(rate=1e-3, epochs=50, schedule="cosine")
    return _variational(width, depth, latent, posterior, dropout, objective, settings)


def iwae(
    width: int = 256,
    depth: int = 2,
    latent: int = 32,
    draws: int = 20,
    posterior: PosteriorKind = "diagonal",
    dropout: float = 0.0,
    hide: float = 0.25,
) -> Recipe[Array]:
    """The same model trained with the importance-weighted bound."""
    settings = Settings(rate=1e-3, epochs=50, schedule="cosine")
    return _variational(width, depth, latent, posterior, dropout, lambda: ImportanceWeighted(draws, hide), settings)
