"""`sciencegen recipes`."""

from __future__ import annotations

import pytest

from sciencegen.recipes import RECIPES
from sciencegen.recipes.options import defaults
from tests.cli.conftest import Command


def test_all_recipes_are_listed(sciencegen: Command) -> None:
    done = sciencegen("recipes")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_the_options_of_a_recipe_are_listed_with_kinds_and_defaults(sciencegen: Command, name: str) -> None:
    rows = [line.split() for line in sciencegen("recipes", name).out.splitlines() if line.startswith("  ")]
    assert ["precision", "32|bf16|64", "32"] in rows
    hidden = [row for row in rows if row[0] == "hide"]
    assert [row[1] for row in hidden] == ["float"] * ("hide" in defaults(RECIPES[name]))


def test_an_unknown_recipe_names_the_nearest(sciencegen: Command) -> None:
    assert "did you mean 'arrays/made'?" in sciencegen("recipes", "arrays/mad").refusal
