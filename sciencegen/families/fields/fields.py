"""Fields of any size, out of maps of noise."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Pushforward, Sizes
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.fields import FieldNet

__all__ = ["Fields", "Finish", "Start"]


class Finish(nn.Module, ABC):
    """What is done to fields at the end, so that something asked for is exactly so."""

    @abstractmethod
    def forward(self, x: Tensor, condition: Condition | None) -> Tensor:
        """The fields [n, channels, *sides], finished."""


class Start(nn.Module, ABC):
    """What maps of noise are made into before a net sees them, by laws that are known."""

    @abstractmethod
    def forward(self, noise: Tensor, condition: Condition | None) -> Tensor:
        """Maps of the same shape."""


class Fields(Pushforward):
    """The generator half of a GAN of textures: `net(map of noise, context)` is a sample, as large as the map says."""

    def __init__(
        self,
        space: Reals,
        net: FieldNet,
        conditioner: Conditioner,
        finish: Finish | None = None,
        start: Start | None = None,
    ) -> None:
        super().__init__()
        self.space, self.net, self.conditioner, self.finish, self.start = space, net, conditioner, finish, start
        self.knobs: Sizes = Sizes()
        self._checked(space.shape[1:])

    def prior(self, n: int) -> Tensor:
        """Maps of noise for `n` samples."""
        sides = (self.knobs.size,) * self.net.dimensions if self.knobs.size else self.space.shape[1:]
        return self.knobs.temperature * self.noise(n, self.net.noise, *self._checked(sides))

    def decoded(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        """The samples of maps of noise, differentiably."""
        started = z if self.start is None else self.start(z, condition)
        x: Tensor = self.net(started, self.conditioner(condition, len(z)))
        x = x.to(self.dtype)  # a share is exact where pixels differ: half precision has too few numbers
        return torch.tanh(x if self.finish is None else self.finish(x, condition))

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)

    def _checked(self, sides: tuple[int, ...]) -> tuple[int, ...]:
        """The sides of the map of noise."""
        many, step = self.net.multiple, self.net.step
        if any(side % many or side < many for side in sides):
            size = "x".join(map(str, sides))
            raise RequestError(f"size={size}: expected a multiple of {many} pixels along every side")
        return tuple(side // step for side in sides)
