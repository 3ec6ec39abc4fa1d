"""Volumes of any size, learned from slices."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from copy import copy

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Pushforward, Sizes
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.endless import EndlessMap

__all__ = ["Planes", "Volumes"]

_TOGETHER = 1 << 21
"""So many voxels are drawn at a time."""


class Planes(nn.Module):
    """Across which axis of a volume each image of a batch lies.

    With a `column`, the category that stands there in a condition has its own `axes`, of which one is drawn. Without
    one, and where it is not known, images may lie across any axis, and the axes take turns.
    """

    def __init__(self, column: int | None = None, axes: Sequence[Sequence[int]] = ((0, 1, 2),)) -> None:
        super().__init__()
        self.column, self.axes = column, tuple(map(tuple, axes))

    def forward(self, n: int, condition: Condition | None) -> Tensor:
        """The axis of each of `n` images."""
        turn = torch.arange(n) + int(torch.randint(6, ()))
        if self.column is None or condition is None:
            return turn % 3
        table = torch.tensor([(axes * 6)[:6] for axes in self.axes])  # 6 is a multiple of however many there are
        level, known = condition.values[:, self.column].long().cpu(), condition.known[:, self.column].cpu()
        return torch.where(known, table[level, torch.randint(6, (n,))], turn % 3)

    def refuse(self, condition: Condition | None) -> None:
        """Refuse a request for a plane."""
        if condition is not None and self.column is not None and bool(condition.known[:, self.column].any()):
            raise RequestError("a plane is asked for, and volumes have slices in all planes: leave it out")

    def told(self, condition: Condition | None) -> Condition | None:
        """What a volume may know of a condition: it has slices in all planes."""
        if condition is None or self.column is None:
            return condition
        others = [j for j in range(condition.values.shape[1]) if j != self.column]
        return Condition(condition.values[:, others], condition.known[:, others], condition.given)


class Volumes(Pushforward):
    """The generator half of a game about slices: `net(map of noise, context)` is a volume, periodic and as large as the
    map; data show slices of volumes without an end (Generating three-dimensional structures from a two-dimensional
    slice with generative adversarial network-based dimensionality expansion; Kench, Cooper; 2021).

    Where volumes are cut into slices while training, most of each is made for nothing, and its slices are alike. Here
    every slice is drawn alone, of a volume of its own, with as much of the rest as it depends on.
    """

    def __init__(
        self, space: Reals, net: EndlessMap, conditioner: Conditioner, planes: Planes, finish: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.space, self.net, self.conditioner, self.planes, self.finish = space, net, conditioner, planes, finish
        self.knobs: Sizes = Sizes()
        self.halved = False
        self._side(space.shape[1])

    @property
    def together(self) -> int:
        return max(1, _TOGETHER // (self.knobs.size or self.space.shape[1]) ** 3)

    def lean(self) -> Volumes:
        lean = copy(self)
        lean.halved = True
        return lean

    def prior(self, n: int) -> Tensor:
        """Maps of noise for `n` volumes."""
        side = self._side(self.knobs.size or self.space.shape[1])
        return self.knobs.temperature * self.noise(n, self.net.noise, side, side, side)

    def decoded(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        self.planes.refuse(condition)
        with torch.autocast(z.device.type, torch.bfloat16) if self.halved else nullcontext():
            x = self.net(z, self.conditioner(self.planes.told(condition), len(z)))
        return self._finished(x, condition)

    def rview(self, n: int, condition: Condition | None = None) -> Tensor:
        """Slices [n, channels, side, side] of `n` volumes."""
        axes = self.planes(n, condition)
        rows = [(axes == axis).nonzero()[:, 0].to(self.device) for axis in range(3)]
        context = self.conditioner(self.planes.told(condition), n)
        drawn = [self._slices(axis, context[some]) for axis, some in enumerate(rows) if len(some)]
        return self._finished(torch.cat(drawn)[torch.cat(rows).argsort()], condition)

    def _slices(self, axis: int, context: Tensor) -> Tensor:
        """Slices across an axis, one for each context."""
        side, at = self.space.shape[1], int(torch.randint(self.net.step, ()))
        spans = tuple((at, at + 1) if other == axis else (0, side) for other in range(3))
        sides = [high - low for low, high in self.net.roots(spans)]
        noise = self.knobs.temperature * self.noise(len(context), self.net.noise, *sides)
        return self.net.window(noise, context, spans).squeeze(2 + axis)

    def _finished(self, x: Tensor, condition: Condition | None) -> Tensor:
        x = x.to(self.dtype)
        return torch.tanh(x if self.finish is None else self.finish(x, condition))

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)

    def _side(self, voxels: int) -> int:
        """The side of the map of noise."""
        if voxels % self.net.multiple:
            raise RequestError(f"size={voxels}: expected a multiple of {self.net.multiple} voxels along every side")
        return voxels // self.net.step
