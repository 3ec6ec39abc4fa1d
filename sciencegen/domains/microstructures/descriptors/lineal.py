"""Straight lines through a phase: how likely a segment lies in it whole, and the chords it cuts from long lines."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from sciencegen.domains.microstructures.descriptors.indicator import hard
from sciencegen.domains.microstructures.descriptors.lags import Curve, reach

__all__ = ["Chords", "chords", "lineal_path", "lineal_path_along"]


@dataclass(frozen=True)
class Chords:
    """How many chords there are of every length, in pixels, along every axis."""

    counts: Tensor  # [n, axes, longest + 1]

    @property
    def mean(self) -> Tensor:
        """The mean length along every axis, [n, axes]; nan where there are none."""
        lengths = torch.arange(self.counts.shape[2], device=self.counts.device)
        return (self.counts * lengths).sum(2) / self.counts.sum(2)

    @property
    def distribution(self) -> Tensor:
        """The share of chords of every length, of all axes together, [n, longest + 1]; nan where there are none."""
        counts = self.counts.sum(1)
        return counts / counts.sum(1, keepdim=True)


def chords(x: Tensor, *, periodic: bool = True) -> Chords:
    """The chords along all axes: runs of pixels in the phase between pixels that are not.

    Runs that the border of an image cuts have no known length, and lines that lie in the phase whole, in periodic
    images, have none: they do not count.
    """
    x = hard(x)
    longest = max(x.shape[1:])
    return Chords(torch.stack([_counted(x, axis, periodic, longest)[0] for axis in range(1, x.ndim)], 1))


def lineal_path_along(x: Tensor, *, periodic: bool = True, bins: int | None = None) -> Tensor:
    """L(r), the probability that a segment of length r lies in the phase whole, along every axis: [n, axes, bins].

    Random Heterogeneous Materials; Torquato; 2002, section 2.4. A segment of length r goes from the middle of a pixel
    to that of another, over r + 1 pixels: L(0) is the volume fraction.
    """
    x = hard(x)
    sides = tuple(x.shape[1:])
    bins = reach(sides, bins, periodic)
    r = torch.arange(bins, device=x.device, dtype=torch.float64)
    curves = []
    for axis, side in enumerate(sides, 1):
        whole, cut = (counts.double() for counts in _counted(x, axis, periodic, side))
        lengths = torch.arange(side + 1, device=x.device, dtype=torch.float64)
        places = (lengths[:, None] - r).clamp_min(0)
        # a line that closes on itself holds a segment at every place, however long
        found = whole @ places + cut @ (lengths[:, None].expand_as(places) if periodic else places)
        lines = x[0].numel() // side
        curves.append(found / (lines * (side if periodic else side - r)))
    return torch.stack(curves, 1).to(torch.get_default_dtype())


def lineal_path(x: Tensor, *, periodic: bool = True, bins: int | None = None) -> Curve:
    """L(r) averaged over the axes: see `lineal_path_along`."""
    curves = lineal_path_along(x, periodic=periodic, bins=bins)
    return Curve(torch.arange(curves.shape[2], device=curves.device, dtype=curves.dtype), curves.mean(1))


def _counted(x: Tensor, axis: int, periodic: bool, longest: int) -> tuple[Tensor, Tensor]:
    """How many runs there are of every length along an axis: those with two ends, and those that borders cut or, in
    periodic images, without any end; both [n, longest + 1]."""
    lines = x.movedim(axis, -1).flatten(1, -2)  # [n, lines, side]
    side = lines.shape[-1]
    padded = pad(lines, (1, 1))
    ends = (padded[..., 1:] != padded[..., :-1]).flatten().nonzero()[:, 0]
    start, stop = ends[0::2], ends[1::2]
    length, line = stop - start, start // (side + 1)
    at_start, at_stop = start % (side + 1) == 0, stop % (side + 1) == side
    if periodic:
        cut = at_start & at_stop
        halved = (lines[..., 0] & lines[..., -1]).flatten()[line] & ~cut
        # the half at the start of a line is given the whole length, and that at its end is left out
        length[at_start & halved] += length[at_stop & halved]
        whole = ~cut & ~(at_stop & halved)
    else:
        cut = at_start | at_stop
        whole = ~cut
    width = longest + 1
    place = line // lines.shape[1] * width + length
    counts = [torch.bincount(place[runs], minlength=len(x) * width).view(len(x), width) for runs in (whole, cut)]
    return counts[0], counts[1]
