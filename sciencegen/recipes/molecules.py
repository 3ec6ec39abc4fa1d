"""Recipes for molecules: autoregressive models of strings, to be asked for any subset of properties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.space import Discrete, Space
from sciencegen.domains.molecules.domain import Molecules
from sciencegen.domains.molecules.kekule import KekuleSmiles
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.domains.molecules.rules import KekuleRules, SmilesRules, with_radicals
from sciencegen.domains.molecules.selfies import Selfies
from sciencegen.domains.molecules.smiles import Smiles
from sciencegen.domains.molecules.strings import Strings
from sciencegen.domains.sentences.rules import Ruled
from sciencegen.errors import RequestError
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.grammar import Source, source_of
from sciencegen.nets.causal import CausalNet, Gated, Recurrent, Transformer
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.recipes.grammars import SpelledVAE, spelled_vae
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = [
    "char_vae",
    "chemical_vae",
    "grammar_vae",
    "kekule_gru",
    "selfies_gru",
    "selfies_transformer",
    "smiles_gru",
    "smiles_transformer",
]

ASK = (
    *("logp", "qed", "tpsa", "mw", "sa"),
    *("rings", "aromatic_rings", "donors", "acceptors", "rotatable", "charge"),
)
# a run at twice this rate, with clip=20 and beta2=0.999, came apart after 2,500 steps
_RECURRENT = Settings(
    batch=256, rate=2e-3, epochs=5, warmup=400, schedule="cosine", beta2=0.99, clip=5.0, decay=0.01, ema=0.999
)
_ATTENTIVE = replace(_RECURRENT, rate=1e-3, warmup=500)
_KEKULE = "kekule_smiles"
_KEKULE_GRAMMARS = (_KEKULE, "kekule_derived")
_TUNING = {"batch": 32, "rate": 3e-4, "epochs": 30, "warmup": 20, "patience": 5, "ema": 0.99}


Writing = Literal["kekule", "selfies", "smiles"]
_WRITINGS = {"kekule": KekuleSmiles, "selfies": Selfies, "smiles": Smiles}
Net = Callable[[Discrete, int], CausalNet]


def _gru(width: int, depth: int, dropout: float, embed: int) -> Net:
    return lambda space, context: Recurrent(space, context, Gated(), width, depth, dropout, embed)


def _transformer(width: int, depth: int, heads: int, dropout: float) -> Net:
    return lambda space, context: Transformer(space, context, width, depth, heads, dropout)


def _autoregressive(
    representation: type[Strings], net: Net, settings: Settings, context: int, hide: float, spellings: int = 1
) -> Recipe[Molecule]:
    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Discrete)
        conditioner = Conditioner(fields, context)
        return Autoregressive(space, net(space, conditioner.width), conditioner, masked=False)

    return Recipe(
        domain=Molecules(),
        representation=representation,
        generator=generator,
        objective=lambda space, fields: MaximumLikelihood(hide),
        ask=ASK,
        settings=settings,
        bucketed=True,
        spellings=spellings,
        tuning=_TUNING,
    )


_LATENT = Settings(batch=256, rate=1e-3, epochs=30, warmup=500, schedule="cosine", clip=5.0, beta2=0.99, ema=0.999)


_LATENT_MODEL = SpelledVAE()


def grammar_vae(grammar: str = _KEKULE, radicals: bool = False, model: SpelledVAE = _LATENT_MODEL) -> Recipe[Molecule]:
    """Grammar VAE (Kusner, Paige, Hernández-Lobato; 2017): latents spelled by the rules of a grammar.

    Under a grammar of Kekulé SMILES (`kekule_smiles`, or `kekule_derived`, where hydrogens follow from bonds) every
    draw is a molecule, without unpaired electrons unless `radicals` are asked for; under another only its writing is
    sure.
    """
    kekule = Path(grammar).stem in _KEKULE_GRAMMARS
    if radicals and not kekule:
        raise RequestError(f"radicals: {grammar} counts no electrons; choose one of {', '.join(_KEKULE_GRAMMARS)}")

    def source() -> Source:
        return with_radicals(source_of(grammar)) if radicals else source_of(grammar)

    return spelled_vae(Molecules(), Ruled(KekuleRules if kekule else SmilesRules, source), ASK, model, _LATENT)


_CHEMICAL = replace(_LATENT_MODEL, latent=128, beta=0.01, prior="flow", blind=True, regress=1.0)


def chemical_vae(strings: Writing = "kekule", model: SpelledVAE = _CHEMICAL) -> Recipe[Molecule]:
    """Molecules and their properties in one continuous space (Gómez-Bombarelli et al.; 2018): latents of strings that
    are taught to know properties while they are learned, to be moved and searched in."""
    return spelled_vae(Molecules(), _WRITINGS[strings], ASK, model, _LATENT)


def char_vae(model: SpelledVAE = _LATENT_MODEL) -> Recipe[Molecule]:
    """The same model over the characters of SMILES: what a Grammar VAE is to be compared with."""
    return spelled_vae(Molecules(), Smiles, ASK, model, _LATENT)


def kekule_gru(
    width: int = 512,
    depth: int = 1,
    embed: int = 128,
    context: int = 128,
    dropout: float = 0.0,
    hide: float = 0.65,
) -> Recipe[Molecule]:
    """Kekulé SMILES under a mask of syntax, rings and valence: every draw is a molecule."""
    return _autoregressive(KekuleSmiles, _gru(width, depth, dropout, embed), _RECURRENT, context, hide)


def selfies_gru(
    width: int = 512,
    depth: int = 1,
    embed: int = 128,
    context: int = 128,
    dropout: float = 0.0,
    hide: float = 0.65,
) -> Recipe[Molecule]:
    """SELFIES, token by token, by gated recurrent units: nearly every string is a molecule."""
    return _autoregressive(Selfies, _gru(width, depth, dropout, embed), _RECURRENT, context, hide)


def selfies_transformer(
    width: int = 128,
    depth: int = 4,
    heads: int = 4,
    context: int = 128,
    dropout: float = 0.0,
    hide: float = 0.65,
) -> Recipe[Molecule]:
    """SELFIES, token by token, by causal attention."""
    return _autoregressive(Selfies, _transformer(width, depth, heads, dropout), _ATTENTIVE, context, hide)


def smiles_gru(
    width: int = 512,
    depth: int = 1,
    embed: int = 128,
    context: int = 128,
    dropout: float = 0.0,
    hide: float = 0.65,
    spellings: int = 1,
) -> Recipe[Molecule]:
    """SMILES, token by token, by gated recurrent units: small, and quick on a CPU."""
    return _autoregressive(Smiles, _gru(width, depth, dropout, embed), _RECURRENT, context, hide, spellings)


def smiles_transformer(
    width: int = 128,
    depth: int = 4,
    heads: int = 4,
    context: int = 128,
    dropout: float = 0.0,
    hide: float = 0.65,
    spellings: int = 1,
) -> Recipe[Molecule]:
    """SMILES, token by token, by causal attention."""
    return _autoregressive(Smiles, _transformer(width, depth, heads, dropout), _ATTENTIVE, context, hide, spellings)
