"""Recipes for expressions: a latent space of functions to search in."""

from __future__ import annotations

from sciencegen.domains.expressions.domain import Expressions
from sciencegen.domains.expressions.rules import ExpressionRules
from sciencegen.domains.expressions.target import Target
from sciencegen.domains.sentences.rules import Ruled
from sciencegen.grammar.source import source_of
from sciencegen.recipes.grammars import Decoder, Encoder, SpelledVAE, spelled_vae
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["grammar_vae"]

_ASK = ("length", "error")
_SETTINGS = Settings(batch=256, rate=2e-3, epochs=10, warmup=200, schedule="cosine", clip=5.0, beta2=0.99, ema=0.99)


def grammar_vae(
    grammar: str = "expression",
    target: str = "1/3+x+sin(x*x)",
    low: float = -10.0,
    high: float = 10.0,
    points: int = 1000,
    encoder: Encoder = "convolutional",
    decoder: Decoder = "recurrent",
    width: int = 128,
    embed: int = 32,
    latent: int = 25,
    code: int = 64,
    context: int = 32,
    beta: float = 0.1,
    ramp: int = 1000,
    free_bits: float = 0.0,
    hide: float = 0.5,
    regress: float = 0.0,
    conditioned: bool = True,
    masked: bool = False,
) -> Recipe[str]:
    """Grammar VAE (Kusner, Paige, Hernández-Lobato; 2017) of functions of x: every draw is one.

    `error` is measured against `target` at `points` places from `low` to `high`. For a latent space to search in, set
    `conditioned=false` and `regress=1`, and ask for error alone.
    """
    options = SpelledVAE(
        encoder,
        decoder,
        width,
        1,
        embed,
        latent,
        code,
        context,
        beta=beta,
        ramp=ramp,
        free_bits=free_bits,
        hide=hide,
        regress=regress,
        conditioned=conditioned,
        masked=masked,
        keep=1.0,
    )
    domain = Expressions(Target(target, low, high, points))
    return spelled_vae(domain, Ruled(ExpressionRules, lambda: source_of(grammar)), _ASK, options, _SETTINGS)
