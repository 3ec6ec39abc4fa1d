"""Recipes of many pixels: the same game as `microstructures/gan`, and what cannot be built is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.nets.growing import Growth
from sciencegen.recipes import RECIPES
from sciencegen.recipes.large_fields import growing, style
from sciencegen.recipes.microstructures import gan
from sciencegen.recipes.options import defaults

LARGE = ("microstructures/growing", "microstructures/style")


@pytest.mark.parametrize("name", LARGE)
def test_the_game_has_the_options_it_has_elsewhere(name: str) -> None:
    known, usual = defaults(RECIPES[name]), defaults(RECIPES["microstructures/gan"])
    assert {option: value for option, value in usual.items() if option not in known} == {"net": "plain"}
    assert all(known[option] == usual[option] for option in known if option in usual and option != "noise")


def test_style_is_judged_by_the_critic_of_the_plain_net() -> None:
    space, fields = Reals((1, 16, 16)), ConditionFields()
    shapes = [
        {key: value.shape for key, value in recipe.objective(space, fields).state_dict().items()}
        for recipe in (style(), gan())
    ]
    assert shapes[0] == shapes[1]


def test_generator_and_critic_grow_together() -> None:
    space, fields, recipe = Reals((1, 16, 16)), ConditionFields(), growing(doublings=2, stage=4)
    parts: list[nn.Module] = [recipe.generator(space, fields), recipe.objective(space, fields)]
    scheduled = [one for part in parts for one in part.modules() if isinstance(one, Growth)]
    assert len(scheduled) == 2
    for step, reached in ((0, 0.0), (4, 0.5), (20, 2.0)):
        for one in scheduled:
            one.advance(step)
            assert [float(value) for value in one.buffers()] == [reached]


@pytest.mark.parametrize(("side", "doublings", "most"), [(16, 4, 3), (8, 3, 2), (24, 4, 3)])
def test_a_beginning_without_pixels_is_refused(side: int, doublings: int, most: int) -> None:
    space, fields = Reals((1, side, side)), ConditionFields()
    with pytest.raises(RequestError, match=f"doublings={doublings}: fields of {side} pixels .* at most {most} fit"):
        growing(doublings=doublings).objective(space, fields)
    x = torch.randn(2, 1, side, side)
    assert growing(doublings=most).objective(space, fields).critic(x).shape == (2,)  # type: ignore[operator]


@pytest.mark.parametrize("make", [growing, style])
def test_fields_may_be_volumes(make: type) -> None:
    space, fields = Reals((2, 8, 8, 8)), ConditionFields()
    recipe = make(width=8, doublings=1, noise=2)
    x = recipe.generator(space, fields).sample(2)
    assert x.shape == (2, 2, 8, 8, 8)
    assert recipe.objective(space, fields).critic(x).shape == (2,)
