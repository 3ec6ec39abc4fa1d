"""Implicit models: noise pushed through a net, with no density."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Pushforward, Spread
from sciencegen.core.space import Reals
from sciencegen.nets.conditioner import Conditioner

__all__ = ["Implicit"]


class Implicit(Pushforward):
    """The generator half of a GAN: `net(noise, context)` is a sample."""

    def __init__(self, space: Reals, net: nn.Module, latent: tuple[int, ...], conditioner: Conditioner) -> None:
        super().__init__()
        self.space, self.net, self.latent, self.conditioner = space, net, latent, conditioner
        self.knobs: Spread = Spread()

    def prior(self, n: int) -> Tensor:
        return self.knobs.temperature * self.noise(n, *self.latent)

    def decoded(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        out: Tensor = self.net(z, self.conditioner(condition, len(z)))
        return out.view(len(z), *self.space.shape)

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)
