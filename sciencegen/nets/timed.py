"""A net that also reads the time: the velocity of a continuous flow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sciencegen.nets.mlp import MLP

__all__ = ["Timed"]


class Timed(nn.Module):
    """A velocity at times from 0 to 1: what carries a standard normal to a standard normal, and an MLP beside it.

    The first is (2t - 1) x / ((1 - t)^2 + t^2), the mean of x_1 - x_0 given x = (1 - t) x_0 + t x_1 where both are
    normal; the MLP begins at zero and learns by how much data differ. Time is read as waves of `waves` lengths.
    """

    def __init__(self, entries: int, widths: Sequence[int], context: int = 0, waves: int = 6) -> None:
        super().__init__()
        self.net = MLP(entries, entries, widths, context + 2 * waves + 1)
        torch.nn.init.zeros_(self.net.out.weight)
        torch.nn.init.zeros_(self.net.out.bias)
        self.register_buffer("lengths", math.pi * torch.arange(1.0, waves + 1), persistent=False)

    def forward(self, x: Tensor, t: Tensor, context: Tensor) -> Tensor:
        """The velocity [n, entries] of x [n, entries] at times [n], or [1] for all; a context of one row serves all."""
        assert isinstance(self.lengths, Tensor)
        t = t[:, None]
        angles = t * self.lengths.to(t.dtype)
        read = torch.cat((t, angles.cos(), angles.sin()), 1)
        rows = max(len(read), len(context))
        beside: Tensor = self.net(x, torch.cat((context.expand(rows, -1), read.expand(rows, -1)), 1))
        return beside + (2 * t - 1) / ((1 - t).square() + t.square()) * x
