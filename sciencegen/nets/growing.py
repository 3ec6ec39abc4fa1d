"""Nets that begin with coarse fields and grow finer as they learn.

Progressive Growing of GANs for Improved Quality, Stability, and Variation; Karras, Aila, Laine, Lehtinen; 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.objective import Scheduled
from sciencegen.errors import RequestError
from sciencegen.nets.conv import LEAK, Convolution, Modulated, averaged, halving, magnified, unshuffled
from sciencegen.nets.fields import FieldNet
from sciencegen.nets.scorer import Verdict

__all__ = ["GrowingMap", "GrowingScorer", "Grown", "Growth"]


@dataclass(frozen=True)
class Grown:
    """The finest level there is, 0 for the coarsest, and which share of it has faded in."""

    level: int
    share: float


class Growth(Scheduled):
    """How many levels beyond the coarsest have been reached: 1.25 where the second has faded in by a quarter.

    Every level takes `stage` steps: it fades in during the first half of them and learns alone in the second, as in
    the paper. With `stage` 0 everything is there from the start.
    """

    reached: Tensor

    def __init__(self, levels: int, stage: int) -> None:
        super().__init__()
        if stage < 0:
            raise RequestError(f"stage={stage}: expected a number of steps, or 0 for no growth")
        self.levels, self.stage = levels, stage
        self.register_buffer("reached", torch.tensor(0.0 if stage else float(levels)))

    def advance(self, step: int) -> None:
        reached = float(self.levels)
        if self.stage:
            whole, into = divmod(step, self.stage)
            reached = min(max(whole - 1 + min(2 * (into + 1) / self.stage, 1.0), 0.0), reached)
        self.reached.fill_(reached)

    def grown(self) -> Grown:
        """Where the net is."""
        reached = min(max(float(self.reached), 0.0), float(self.levels))
        level = math.ceil(reached)
        return Grown(level, reached - level + 1)


class GrowingMap(FieldNet):
    """Blocks of convolutions with the side doubled between them, the last time by pixels made out of channels, and a
    way out to fields after each.

    Fields are drawn from the level that has been reached, with straight lines between its pixels, so that they always
    have their full size and boundaries are smooth; while a level fades in, they lie between those of two levels. Finer
    blocks are not computed. Everything goes on at the other side.
    """

    def __init__(
        self, channels: int, widths: Sequence[int], noise: int, context: int, dimensions: int, stage: int
    ) -> None:
        super().__init__()
        self.dimensions, self.noise, steps = dimensions, noise, len(widths) - 1
        self.step = self.multiple = 2**steps
        self.growth = Growth(steps, stage)
        self.first = Modulated(noise, widths[0], dimensions, context)
        self.second = Modulated(widths[0], widths[0], dimensions, context)
        outputs = [*widths[1:-1], widths[-1] * 2**dimensions]  # the last are pixels
        self.finer = nn.ModuleList(
            Modulated(a, b, dimensions, context) for a, b in zip(widths, outputs[:steps], strict=False)
        )
        kernels = [3] * steps + [5]  # the coarsest level may be a single pixel
        self.heads = nn.ModuleList(
            Convolution(width, channels, dimensions, kernel) for width, kernel in zip(widths, kernels, strict=True)
        )

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        grown, levels = self.growth.grown(), self.growth.levels
        h = before = self.second(self.first(noise, context), context)
        for level, finer in enumerate(list(self.finer)[: grown.level], 1):
            before = h
            if level < levels:
                h = finer(F.interpolate(h, scale_factor=2.0, mode="nearest"), context)
            else:
                h = unshuffled(finer(h, context))
        scale = 2 ** (levels - grown.level)
        x = magnified(self.heads[grown.level](h), scale)
        if grown.share < 1:  # each straight to full size: in two steps a fresh level would begin with a jump
            coarse = magnified(self.heads[grown.level - 1](before), 2 * scale)
            x = torch.lerp(coarse, x, grown.share)
        return x


class GrowingScorer(nn.Module):
    """Scores of fields, seen no finer than the level that has been reached: a way in for each level, and convolutions
    that halve the side. Grown, it is a `Scorer` of the same widths.

    `widths` go from fine to coarse; the first `levels + 1` of them have a way in.
    """

    def __init__(
        self,
        channels: int,
        widths: Sequence[int],
        context: int,
        dimensions: int,
        levels: int,
        stage: int,
        periodic: bool = True,
        shift: bool = True,
    ) -> None:
        super().__init__()
        if len(widths) <= levels:
            raise RequestError(f"{len(widths)} halvings cannot see {levels + 1} levels: expected {levels + 1} or more")
        self.growth = Growth(levels, stage)
        self.readers = nn.ModuleList(
            Convolution(channels, width, dimensions, kernel=4, stride=2, periodic=periodic)
            for width in widths[: levels + 1]
        )
        self.layers = halving(widths[0], widths[1:], dimensions, periodic)
        self.verdict = Verdict(widths[-1], context, shift)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """The scores [n] of fields x [n, channels, *sides]."""
        grown = self.growth.grown()
        start = self.growth.levels - grown.level
        x = averaged(x, 2**start)
        h = F.leaky_relu(self.readers[start](x), LEAK)
        for i, layer in enumerate(list(self.layers)[start:]):
            h = F.leaky_relu(layer(h), LEAK)
            if i == 0 and grown.share < 1:
                coarse = F.leaky_relu(self.readers[start + 1](averaged(x, 2)), LEAK)
                h = torch.lerp(coarse, h, grown.share)
        score: Tensor = self.verdict(h, context)
        return score
