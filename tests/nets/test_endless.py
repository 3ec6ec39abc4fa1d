"""Volumes that go on at their other side, and windows of volumes without an end: one net, one law."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sciencegen.nets.endless import EndlessMap, Spans


def made(channels: int = 1) -> EndlessMap:
    torch.manual_seed(0)
    return EndlessMap(channels, [6, 4], 3, 0).double()


def around(noise: Tensor, spans: Spans) -> Tensor:
    """The noise inside spans, of noise that repeats for ever."""
    for axis, (low, high) in enumerate(spans, 2):
        noise = noise.index_select(axis, torch.arange(low, high) % noise.shape[axis])
    return noise


@pytest.mark.parametrize(
    "spans", [((0, 8), (3, 4), (2, 9)), ((5, 6), (0, 16), (1, 5)), ((7, 8), (15, 16), (0, 1)), ((0, 16),) * 3]
)
def test_a_window_shows_what_the_volume_has_there(spans: Spans) -> None:
    net, noise, context = made(2), torch.randn(2, 3, 4, 4, 4).double(), torch.zeros(2, 0).double()
    whole = net(noise, context)
    assert whole.shape == (2, 2, 16, 16, 16)
    seen = net.window(around(noise, net.roots(spans)), context, spans)
    there = tuple(slice(low, high) for low, high in spans)
    assert torch.allclose(seen, whole[:, :, *there], atol=1e-12)


def test_a_window_depends_on_all_the_noise_it_is_given() -> None:
    net, spans = made(), ((3, 4), (0, 8), (0, 8))
    sides = [high - low for low, high in net.roots(spans)]
    noise = torch.randn(1, 3, *sides, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(net.window(noise, torch.zeros(1, 0).double(), spans).sum(), noise)
    for axis in range(3):
        assert (slope.abs().movedim(axis + 2, 0).flatten(1).sum(1) > 0).all()


def test_moved_noise_gives_the_same_volume_moved_round() -> None:
    net, noise, context = made(), torch.randn(1, 3, 4, 4, 4).double(), torch.zeros(1, 0).double()
    moved = net(noise.roll((1, 2, 3), (2, 3, 4)), context)
    assert torch.allclose(moved, net(noise, context).roll((4, 8, 12), (2, 3, 4)), atol=1e-12)
