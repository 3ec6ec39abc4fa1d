"""Recipes for sequences: letters, codons or the rules of a grammar, to be asked for any subset of properties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.space import Discrete, Space
from sciencegen.domains.sequences.domain import Sequences
from sciencegen.domains.sequences.kinds import KindName
from sciencegen.domains.sequences.representations import Codons, Letters
from sciencegen.domains.sequences.rules import ruled
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.nets.causal import CausalNet, Gated, Recurrent, Transformer
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.likelihood import MaximumLikelihood
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

Net = Callable[[Discrete, int], CausalNet]


def _autoregressive(domain: Sequences, net: Net, settings: Settings, context: int, hide: float) -> Recipe[str]:
    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Discrete)
        conditioner = Conditioner(fields, context)
        return Autoregressive(space, net(space, conditioner.width), conditioner, masked=False)

    return Recipe(
        domain=domain,
        representation=Codons if domain.kind == "cds" else Letters,
        generator=generator,
        objective=lambda space, fields: MaximumLikelihood(hide),
        ask=ASK[domain.kind],
        settings=settings,
        bucketed=True,
        tuning=_TUNING,
    )


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


def gru(
    kind: KindName = "dna",
    organism: str = "e_coli",
    width: int = 256,
    depth: int = 1,
    embed: int = 32,
    context: int = 64,
    dropout: float = 0.2,
    hide: float = 0.3,
) -> Recipe[str]:
    """Letters, or codons of genes, one after the other, by gated recurrent units.

    `organism`: by whose use of codons genes are measured.
    """
    return _autoregressive(
        Sequences(kind, organism),
        lambda space, c: Recurrent(space, c, Gated(), width, depth, dropout, embed),
        _RECURRENT,
        context,
        hide,
    )


def transformer(
    kind: KindName = "dna",
    organism: str = "e_coli",
    width: int = 128,
    depth: int = 4,
    heads: int = 4,
    context: int = 64,
    dropout: float = 0.1,
    hide: float = 0.3,
) -> Recipe[str]:
    """Letters, or codons of genes, one after the other, by causal attention.

    `organism`: by whose use of codons genes are measured.
    """
    return _autoregressive(
        Sequences(kind, organism),
        lambda space, c: Transformer(space, c, width, depth, heads, dropout),
        _ATTENTIVE,
        context,
        hide,
    )
