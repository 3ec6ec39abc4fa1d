"""Maps made of maps that are given: one way, or there and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition, Given
from sciencegen.core.generator import Pushforward, Spread, Translating
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.fields import FieldNet

__all__ = ["Direction", "Mapped", "Translation"]


class Direction(nn.Module):
    """One way from maps to others as large, from -1 to 1: `net(maps with channels of noise, context)`."""

    def __init__(self, net: FieldNet, noise: int, conditioner: Conditioner) -> None:
        super().__init__()
        self.net, self.noise, self.conditioner = net, noise, conditioner

    def forward(self, source: Tensor, noise: Tensor, condition: Condition | None) -> Tensor:
        made: Tensor = self.net(torch.cat((source, noise), 1), self.conditioner(condition, len(source)))
        return torch.tanh(made.to(source.dtype))

    def check(self, source: Given, space: Reals) -> None:
        """Refuse maps the net cannot have."""
        sides, others = space.shape[1:], source.space.shape[1:]
        if sides != others:
            size, other = ("x".join(map(str, one)) for one in (sides, others))
            raise RequestError(f"{source.name} has {other} pixels, what is made of it {size}: expected one size")
        if any(side % self.net.multiple for side in sides):
            size, many = "x".join(map(str, sides)), self.net.multiple
            raise RequestError(f"size={size}: expected a multiple of {many} pixels along every side")


class Mapped(Pushforward):
    """The generator half of pix2pix: samples made of a map that is given, and of noise, for there may be several
    (Image-to-Image Translation with Conditional Adversarial Networks; Isola, Zhu, Zhou, Efros; 2017)."""

    def __init__(self, space: Reals, source: Given, direction: Direction) -> None:
        super().__init__()
        direction.check(source, space)
        self.space, self.source, self.direction = space, source, direction
        self.knobs: Spread = Spread()

    def prior(self, n: int) -> Tensor:
        return self.knobs.temperature * self.noise(n, self.direction.noise, *self.space.shape[1:])

    def decoded(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        made: Tensor = self.direction(_given(self.source, condition, len(z)), z, condition)
        return made

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)


class Translation(Translating):
    """Two directions between maps of two kinds; samples are made of the kind that is given."""

    def __init__(self, space: Reals, source: Given, across: Direction, back: Direction) -> None:
        super().__init__()
        across.check(source, space)
        self.space, self.source, self.there, self.again = space, source, across, back
        self.knobs: Spread = Spread()

    def across(self, source: Tensor, condition: Condition | None = None) -> Tensor:
        return self._made(self.there, source, condition)

    def back(self, x: Tensor) -> Tensor:
        return self._made(self.again, x, None)

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.across(_given(self.source, condition, n), condition)

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)

    def reversed(self) -> Translation:
        assert isinstance(self.source.space, Reals)
        other = Translation(self.source.space, Given(self.source.name, self.space), self.again, self.there)
        other.knobs = self.knobs
        return other

    def _made(self, direction: Direction, source: Tensor, condition: Condition | None) -> Tensor:
        noise = self.knobs.temperature * self.noise(len(source), direction.noise, *source.shape[2:])
        made: Tensor = direction(source, noise, condition)
        return made


def _given(source: Given, condition: Condition | None, n: int) -> Tensor:
    """The maps that are given for `n` samples: one for all of them, or one for each."""
    found = None if condition is None else condition.given.get(source.name)
    if found is None:
        raise RequestError(f"{source.name} is missing: every sample is made of one")
    if len(found) not in (1, n):
        raise RequestError(f"{source.name}: {len(found)} of them cannot serve {n} samples: give 1 or {n}")
    return found.expand(n, *found.shape[1:])
