"""Maps made of maps that are given: one way, or there and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition, Given
from sciencegen.core.generator import Pushforward, Spread, Translating
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.conv import Convolution
from sciencegen.nets.fields import FieldNet

__all__ = ["Direction", "Kept", "Mapped", "Translation"]


class Kept(nn.Module):
    """A small kernel over maps, which begins as a weaker copy of them."""

    def __init__(self, channels: int, dimensions: int, periodic: bool = True, strength: float = 0.5) -> None:
        super().__init__()
        self.kernel = Convolution(channels, channels, dimensions, kernel=5, periodic=periodic, shift=False)
        nn.init.dirac_(self.kernel.layer.weight)
        with torch.no_grad():
            self.kernel.layer.weight.mul_(strength)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.kernel(x)
        return out


class Direction(nn.Module):
    """One way from maps s to others as large, from -1 to 1:

        x = tanh(m + d e + k * s)        m, d = net(s with channels of noise, context)

    The grain e is noise of the pixels' own, which a net would not hand through; the other noise, of which there are
    `noise` channels, is for what may differ in the large. Without any there is no grain either, and the net makes m
    alone. What is `kept` of the source, and how soft its edges become, is a small kernel k: it begins so that what is
    bright stays bright. Where the two kinds have other channels, nothing is kept.
    """

    def __init__(
        self, net: FieldNet, channels: int, noise: int, conditioner: Conditioner, kept: Kept | None = None
    ) -> None:
        super().__init__()
        self.net, self.channels, self.conditioner = net, channels, conditioner
        self.noise = noise + channels if noise else 0
        self.kept = kept

    def forward(self, source: Tensor, noise: Tensor, condition: Condition | None) -> Tensor:
        grain, large = noise[:, : self.channels], noise[:, self.channels :]
        made: Tensor = self.net(torch.cat((source, large), 1), self.conditioner(condition, len(source)))
        made = made.to(source.dtype)
        if self.noise:
            middle, spread = made.chunk(2, 1)
            made = middle + spread * grain
        return torch.tanh(made if self.kept is None else made + self.kept(source).to(source.dtype))

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
