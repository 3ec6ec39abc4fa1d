"""Borders laid around maps are those of PyTorch, and so are their gradients of both orders."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from sciencegen.nets.conv import Convolution, shuffled, unshuffled
from sciencegen.nets.periodic import wrapped


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 2), (0, 1), (0, 0)])
def test_borders_are_those_of_the_other_side(before: int, after: int) -> None:
    x = torch.randn(2, 3, 4, 5)
    assert torch.equal(wrapped(x, before, after), F.pad(x, (before, after) * 2, mode="circular"))


@pytest.mark.parametrize("sides", [(3, 4), (2, 3, 2)])
def test_gradients_of_both_orders_are_right(sides: tuple[int, ...]) -> None:
    x = torch.randn(1, 1, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: wrapped(x, 1, 2).square(), x)
    assert torch.autograd.gradgradcheck(lambda x: wrapped(x, 1, 2).square(), x)


def test_a_periodic_convolution_moves_with_its_input() -> None:
    layer = Convolution(2, 3, 2, kernel=5)
    x = torch.randn(1, 2, 8, 8)
    assert torch.allclose(layer(x.roll((3, 2), (2, 3))), layer(x).roll((3, 2), (2, 3)), atol=1e-6)
    assert not torch.allclose(Convolution(2, 3, 2, periodic=False)(x.roll(3, 2)), layer(x).roll(3, 2), atol=1e-6)


@pytest.mark.parametrize("sides", [(4, 6), (2, 4, 6)])
def test_pixels_become_channels_and_pixels_again(sides: tuple[int, ...]) -> None:
    x = torch.randn(2, 3, *sides)
    folded = shuffled(x)
    assert folded.shape == (2, 3 * 2 ** len(sides), *(side // 2 for side in sides))
    assert torch.equal(unshuffled(folded), x)
    if len(sides) == 2:
        assert torch.equal(folded, F.pixel_unshuffle(x, 2))
