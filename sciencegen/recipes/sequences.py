"""Recipes for sequences: letters, codons or the rules of a grammar, to be asked for any subset of properties."""

from __future__ import annotations

from dataclasses import replace

from sciencegen.domains.sequences.domain import Sequences
from sciencegen.domains.sequences.kinds import KindName
from sciencegen.domains.sequences.representations import Codons, Letters
from sciencegen.domains.sequences.rules import ruled
from sciencegen.recipes.entries import Attention, Units, autoregressive
from sciencegen.recipes.grammars import SpelledVAE, spelled_vae
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["grammar_vae", "gru", "transformer"]

_BASES = ("length", "gc")
_RESIDUES = ("length", "charge", "hydrophobicity")
ASK: dict[KindName, tuple[str, ...]] = {
    "cds": (*_BASES, "cai"),
    "dna": _BASES,
    "peptide": (*_RESIDUES, "moment"),
    "promoter": _BASES,
    "protein": _RESIDUES,
    "rna": _BASES,
}
# sets of a few thousand: many epochs, and an end where held-out sequences stop getting more likely
_RECURRENT = Settings(
    batch=32, rate=2e-3, epochs=60, warmup=100, schedule="cosine", clip=5.0, decay=0.01, ema=0.99, patience=8
)
_ATTENTIVE = replace(_RECURRENT, rate=1e-3)
_LATENT = replace(_RECURRENT, decay=0.0, patience=10)
_TUNING = {"batch": 32, "rate": 3e-4, "epochs": 30, "warmup": 20, "patience": 5, "ema": 0.99}

_UNITS = Units(width=256, embed=32, context=64, dropout=0.2, hide=0.3)
_ATTENTION = Attention(context=64, dropout=0.1, hide=0.3)
_SPELLED = SpelledVAE(
    width=192, embed=32, latent=24, code=96, dropout=0.2, beta=0.2, ramp=500, free_bits=4.0, hide=0.3, keep=1.0
)


def grammar_vae(
    kind: KindName = "dna",
    organism: str = "e_coli",
    grammar: str = "",
    length: int = 0,
    model: SpelledVAE = _SPELLED,
) -> Recipe[str]:
    """Grammar VAE (Kusner, Paige, Hernández-Lobato; 2017) of sequences: every draw is a sentence of the grammar.

    `grammar`: a .lark file, or one that is shipped, by name; where none is named, `peptide` for peptides, `coding_dna`
    for genes, and the letters of other kinds. `length`: the most rules a sequence takes; 0 for as many as those of the
    data need. `keep`: the share of draws kept, those from which guards took least. `organism`: by whose use of codons
    genes are measured.
    """
    made = spelled_vae(Sequences(kind, organism), ruled(kind, grammar, length), ASK[kind], model, _LATENT)
    return replace(made, tuning=_TUNING)


def gru(kind: KindName = "dna", organism: str = "e_coli", model: Units = _UNITS) -> Recipe[str]:
    """Letters, or codons of genes, one after the other, by gated recurrent units.

    `organism`: by whose use of codons genes are measured.
    """
    return _autoregressive(kind, organism, model, _RECURRENT)


def transformer(kind: KindName = "dna", organism: str = "e_coli", model: Attention = _ATTENTION) -> Recipe[str]:
    """Letters, or codons of genes, one after the other, by causal attention.

    `organism`: by whose use of codons genes are measured.
    """
    return _autoregressive(kind, organism, model, _ATTENTIVE)


def _autoregressive(kind: KindName, organism: str, model: Units | Attention, settings: Settings) -> Recipe[str]:
    representation = Codons if kind == "cds" else Letters
    return autoregressive(Sequences(kind, organism), representation, ASK[kind], model, settings, _TUNING)
