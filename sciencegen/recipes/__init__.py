"""Recipes, by name: the one registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sciencegen.core.domain import Domain
from sciencegen.errors import UnknownName
from sciencegen.recipes import (
    arrays,
    continuous,
    densities,
    energies,
    expressions,
    flows,
    graphs,
    large_fields,
    microstructures,
    molecules,
    sentences,
    sequences,
    slices,
    tables,
    translation,
)
from sciencegen.recipes.options import build, resolve
from sciencegen.recipes.recipe import Recipe

__all__ = ["RECIPES", "Recipe", "domain_of", "recipe_called", "recipe_function"]

RECIPES: dict[str, Callable[..., Recipe[Any]]] = {
    "arrays/fvsbn": arrays.fvsbn,
    "arrays/gru": arrays.gru,
    "arrays/iwae": arrays.iwae,
    "arrays/lstm": arrays.lstm,
    "arrays/made": arrays.made,
    "arrays/nade": arrays.nade,
    "arrays/transformer": arrays.transformer,
    "arrays/vae": arrays.vae,
    "densities/coupling": densities.coupling,
    "densities/double-well": energies.double_well,
    "densities/energy": energies.energy,
    "densities/flow-gan": densities.flow_gan,
    "densities/flow-matching": continuous.flow_matching,
    "densities/gan": densities.gan,
    "densities/iaf": densities.iaf,
    "densities/maf": densities.maf,
    "densities/mmd": densities.mmd,
    "densities/moments": densities.moments,
    "densities/phi4": energies.phi4,
    "densities/planar": flows.planar,
    "densities/radial": flows.radial,
    "densities/spline": flows.spline,
    "densities/spline-maf": flows.spline_maf,
    "densities/table": tables.table,
    "densities/vae": densities.vae,
    "densities/wgan": densities.wgan,
    "densities/xy": energies.xy,
    "expressions/grammar-vae": expressions.grammar_vae,
    "microstructures/cyclegan": translation.cyclegan,
    "microstructures/gan": microstructures.gan,
    "microstructures/growing": large_fields.growing,
    "microstructures/matching": microstructures.matching,
    "microstructures/pix2pix": translation.pix2pix,
    "microstructures/slices": slices.slices,
    "microstructures/style": large_fields.style,
    "molecules/char-vae": molecules.char_vae,
    "molecules/chemical-vae": molecules.chemical_vae,
    "molecules/grammar-vae": molecules.grammar_vae,
    "molecules/graph-vae": graphs.graph_vae,
    "molecules/graph-vae-one-shot": graphs.graph_vae_one_shot,
    "molecules/kekule-gru": molecules.kekule_gru,
    "molecules/scaffolds": graphs.scaffolds,
    "molecules/selfies-gru": molecules.selfies_gru,
    "molecules/selfies-transformer": molecules.selfies_transformer,
    "molecules/smiles-gru": molecules.smiles_gru,
    "molecules/smiles-transformer": molecules.smiles_transformer,
    "sentences/grammar-vae": sentences.grammar_vae,
    "sentences/gru": sentences.gru,
    "sequences/grammar-vae": sequences.grammar_vae,
    "sequences/gru": sequences.gru,
    "sequences/transformer": sequences.transformer,
}


def recipe_function(name: str) -> Callable[..., Recipe[Any]]:
    """The recipe function of a name."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    return RECIPES[name]


def recipe_called(name: str) -> str:
    """The whole name of a recipe; one without a domain is one of sentences, of whatever language."""
    return f"sentences/{name}" if f"sentences/{name}" in RECIPES else name


def domain_of(name: str) -> Domain[Any]:
    """The domain of a name, as its recipes have it; of `sequences/peptide`, as they have it with `kind=peptide`, and
    of `sentences/my.lark` with `grammar=my.lark`."""
    domain, _, kind = name.partition("/")
    found = next((recipe for known, recipe in RECIPES.items() if known.partition("/")[0] == domain), None)
    if found is None:
        raise UnknownName("domain", name, sorted({known.partition("/")[0] for known in RECIPES}))
    options, _ = resolve(found, {"grammar" if domain == "sentences" else "kind": kind} if kind else {})
    return build(found, options, {}).domain
