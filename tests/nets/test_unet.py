"""U-Nets keep sizes, hand on what they are added to, and are local and periodic."""

from __future__ import annotations

import pytest
import torch

from sciencegen.nets.unet import UNet


@pytest.mark.parametrize("dimensions", [2, 3])
def test_sides_stay_and_a_fresh_sum_hands_its_input_on(dimensions: int) -> None:
    net = UNet(2, 1, [4, 6], 3, dimensions, added=True)
    x = torch.randn(2, 2, *(8,) * dimensions)
    assert net.gain is not None
    assert torch.allclose(net(x, torch.randn(2, 3)), net.gain * x[:, :1], atol=1e-5)


def test_noise_that_moves_moves_the_field() -> None:
    torch.manual_seed(0)
    net = UNet(2, 1, [4, 6], 0, 2)
    x, context = torch.randn(1, 2, 16, 16), torch.zeros(1, 0)
    moved = net(x.roll((4, 8), (2, 3)), context)
    assert torch.allclose(moved, net(x, context).roll((4, 8), (2, 3)), atol=1e-5)
    assert net(torch.randn(1, 2, 24, 40), context).shape == (1, 1, 24, 40)
    assert net.multiple == 4
