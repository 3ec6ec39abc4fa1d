"""Recipes for expressions: a latent space of functions to search in."""

from __future__ import annotations

from sciencegen.domains.expressions.domain import Expressions
from sciencegen.domains.expressions.rules import ExpressionRules
from sciencegen.domains.expressions.target import Target
from sciencegen.domains.sentences.rules import Ruled
from sciencegen.grammar.source import source_of
from sciencegen.recipes.grammars import SpelledVAE, spelled_vae
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["grammar_vae"]

_ASK = ("length", "error")
_SETTINGS = Settings(batch=256, rate=2e-3, epochs=10, warmup=200, schedule="cosine", clip=5.0, beta2=0.99, ema=0.99)

_SMALL = SpelledVAE(width=128, embed=32, latent=25, code=64, context=32, ramp=1000, keep=1.0)


def grammar_vae(
    grammar: str = "expression",
    target: str = "1/3+x+sin(x*x)",
    low: float = -10.0,
    high: float = 10.0,
    points: int = 1000,
    model: SpelledVAE = _SMALL,
) -> Recipe[str]:
    """Grammar VAE (Kusner, Paige, Hernández-Lobato; 2017) of functions of x: every draw is one.

    `error` is measured against `target` at `points` places from `low` to `high`. For a latent space to search in, set
    `conditioned=false` and `regress=1`, and ask for error alone.
    """
    domain = Expressions(Target(target, low, high, points))
    return spelled_vae(domain, Ruled(ExpressionRules, lambda: source_of(grammar)), _ASK, model, _SETTINGS)
