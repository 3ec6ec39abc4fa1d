"""Recipes for molecules: autoregressive models of strings, to be asked for any subset of properties."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from sciencegen.domains.molecules.domain import Molecules
from sciencegen.domains.molecules.kekule import KekuleSmiles
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.domains.molecules.rules import KekuleRules, SmilesRules, with_radicals
from sciencegen.domains.molecules.selfies import Selfies
from sciencegen.domains.molecules.smiles import Smiles
from sciencegen.domains.sentences.rules import Ruled
from sciencegen.errors import RequestError
from sciencegen.grammar import Source, source_of
from sciencegen.recipes.entries import Attention, Units, autoregressive
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
_UNITS, _ATTENTION = Units(), Attention()
_KEKULE = "kekule_smiles"
_KEKULE_GRAMMARS = (_KEKULE, "kekule_derived")
_TUNING = {"batch": 32, "rate": 3e-4, "epochs": 30, "warmup": 20, "patience": 5, "ema": 0.99}


Writing = Literal["kekule", "selfies", "smiles"]
_WRITINGS = {"kekule": KekuleSmiles, "selfies": Selfies, "smiles": Smiles}
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


def kekule_gru(model: Units = _UNITS) -> Recipe[Molecule]:
    """Kekulé SMILES under a mask of syntax, rings and valence: every draw is a molecule."""
    return autoregressive(Molecules(), KekuleSmiles, ASK, model, _RECURRENT, _TUNING)


def selfies_gru(model: Units = _UNITS) -> Recipe[Molecule]:
    """SELFIES, token by token, by gated recurrent units: nearly every string is a molecule."""
    return autoregressive(Molecules(), Selfies, ASK, model, _RECURRENT, _TUNING)


def selfies_transformer(model: Attention = _ATTENTION) -> Recipe[Molecule]:
    """SELFIES, token by token, by causal attention."""
    return autoregressive(Molecules(), Selfies, ASK, model, _ATTENTIVE, _TUNING)


def smiles_gru(model: Units = _UNITS, spellings: int = 1) -> Recipe[Molecule]:
    """SMILES, token by token, by gated recurrent units: small, and quick on a CPU."""
    return autoregressive(Molecules(), Smiles, ASK, model, _RECURRENT, _TUNING, spellings)


def smiles_transformer(model: Attention = _ATTENTION, spellings: int = 1) -> Recipe[Molecule]:
    """SMILES, token by token, by causal attention."""
    return autoregressive(Molecules(), Smiles, ASK, model, _ATTENTIVE, _TUNING, spellings)
