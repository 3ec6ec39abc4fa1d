"""Recipes, by name: the one registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sciencegen.core.domain import Domain
from sciencegen.errors import UnknownName
from sciencegen.recipes import arrays, densities, molecules
from sciencegen.recipes.recipe import Recipe

__all__ = ["RECIPES", "Recipe", "domain_of", "recipe_function"]

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
    "densities/double-well": densities.double_well,
    "densities/flow-gan": densities.flow_gan,
    "densities/gan": densities.gan,
    "densities/iaf": densities.iaf,
    "densities/maf": densities.maf,
    "densities/mmd": densities.mmd,
    "densities/moments": densities.moments,
    "densities/vae": densities.vae,
    "densities/wgan": densities.wgan,
    "molecules/kekule-gru": molecules.kekule_gru,
    "molecules/selfies-gru": molecules.selfies_gru,
    "molecules/selfies-transformer": molecules.selfies_transformer,
    "molecules/smiles-gru": molecules.smiles_gru,
    "molecules/smiles-transformer": molecules.smiles_transformer,
}


def recipe_function(name: str) -> Callable[..., Recipe[Any]]:
    """The recipe function of a name."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    return RECIPES[name]


def domain_of(name: str) -> Domain[Any]:
    """The domain of a name, as its recipes have it."""
    found = next((recipe for known, recipe in RECIPES.items() if known.partition("/")[0] == name), None)
    if found is None:
        raise UnknownName("domain", name, sorted({known.partition("/")[0] for known in RECIPES}))
    return found().domain
