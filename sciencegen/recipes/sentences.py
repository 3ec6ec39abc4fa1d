"""Recipes for sentences: any language that a .lark file describes, with nothing else written."""

from __future__ import annotations

from dataclasses import replace

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.space import Discrete, Space
from sciencegen.domains.sentences.domain import Sentences
from sciencegen.domains.sentences.language import Language
from sciencegen.domains.sentences.representations import SentenceRules
from sciencegen.domains.sentences.rules import Ruled
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.recipes.entries import Units
from sciencegen.recipes.grammars import SpelledVAE, kept, spelled_vae
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["grammar_vae", "gru"]

ASK = ("length", "depth")
_SETTINGS = Settings(
    batch=64, rate=2e-3, epochs=40, warmup=100, schedule="cosine", clip=5.0, beta2=0.99, ema=0.99, patience=10
)
_TUNING = {"batch": 32, "rate": 3e-4, "epochs": 30, "warmup": 20, "patience": 5, "ema": 0.99}


_UNITS = Units(width=256, embed=32, context=64, dropout=0.1, hide=0.5)
_SMALL = SpelledVAE(width=128, embed=32, latent=16, code=64, context=32, ramp=1000)


def grammar_vae(grammar: str = "expression", length: int = 0, model: SpelledVAE = _SMALL) -> Recipe[str]:
    """Grammar VAE (Kusner, Paige, Hernández-Lobato; 2017) of a .lark file: every draw is one of its sentences.

    `grammar`: a file, or the name of a grammar that is shipped. `length`: the most rules a sentence takes; 0 for as
    many as those of the data need. `keep`: the share of draws kept where guards forbid some.
    """
    language = Language(grammar)
    made = spelled_vae(Sentences(language), _ruled(language, length), ASK, model, _SETTINGS)
    return replace(made, tuning=_TUNING)


def gru(
    grammar: str = "expression",
    length: int = 0,
    model: Units = _UNITS,
    masked: bool = False,
    keep: float = 0.5,
) -> Recipe[str]:
    """The rules of a .lark file, one after the other, by gated recurrent units: every draw is one of its sentences.

    `grammar`: a file, or the name of a grammar that is shipped. `length`: the most rules a sentence takes; 0 for as
    many as those of the data need. `keep`: the share of draws kept where guards forbid some.
    """

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Discrete)
        conditioner = Conditioner(fields, model.context)
        made = Autoregressive(space, model.net(space, conditioner.width), conditioner, masked)
        made.knobs = replace(made.knobs, keep=kept(space, keep))
        return made

    language = Language(grammar)
    return Recipe(
        domain=Sentences(language),
        representation=_ruled(language, length),
        generator=generator,
        objective=lambda space, fields: MaximumLikelihood(model.hide),
        ask=ASK,
        settings=_SETTINGS,
        bucketed=True,
        tuning=_TUNING,
    )


def _ruled(language: Language, length: int) -> Ruled[str]:
    return Ruled(SentenceRules, lambda: language.source, length)
