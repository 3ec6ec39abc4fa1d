"""Clusters: what hangs together of a phase, and how far it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors.indicator import hard, pairs, unit

__all__ = ["labels", "largest_share", "percolates", "percolating"]


def labels(x: Tensor, *, corners: bool = False, periodic: bool = True) -> Tensor:
    """The number of every pixel's cluster, in each image from 1 in the order of their first pixels; 0 outside the
    phase.

    `corners`: pixels that share no more than a corner, or an edge of two cubes, are connected (8 and 26 neighbours);
    else only those that share a side (4 and 6).
    """
    x = hard(x)
    return _numbered(x, _joined(x, corners, periodic))


def largest_share(x: Tensor, *, corners: bool = False, periodic: bool = True) -> Tensor:
    """The share of the phase that lies in its largest cluster, [n]; nan where there is none of the phase."""
    number = labels(x, corners=corners, periodic=periodic).flatten(1)
    sizes = torch.zeros(len(number), int(number.max()) + 1, dtype=torch.long, device=x.device)
    sizes = sizes.scatter_add(1, number, (number > 0).long())
    return sizes.amax(1) / sizes.sum(1)


def percolates(x: Tensor, *, corners: bool = False, periodic: bool = True) -> Tensor:
    """Whether the phase hangs together from end to end along every axis, [n, axes]: see `percolating`."""
    return percolating(x, corners=corners, periodic=periodic).flatten(2).any(2)


def percolating(x: Tensor, *, corners: bool = False, periodic: bool = True) -> Tensor:
    """Which pixels lie in a cluster that percolates along every axis, [n, axes, *sides].

    In images that end it touches both faces. In periodic ones it is connected to its own copy in another period along
    the axis, which is what a current needs: a cluster that crosses the border and comes back the same way does not.
    """
    x = hard(x)
    joined = _joined(x, corners, periodic, wound=periodic)
    reaching = joined.winding if periodic else _touching(x, joined)
    return torch.stack([x & joined.of_pixels(along, x) for along in reaching[joined.root].unbind(1)], 1)


@dataclass(frozen=True)
class _Joined:
    """Runs of pixels along the last axis, in the order of all images, and which of them are connected."""

    run: Tensor  # [pixels], the run of each; outside the phase the one before
    start: Tensor  # [runs], their first pixels
    root: Tensor  # [runs], the first run of the cluster of each
    winding: Tensor  # [runs, axes], for roots: whether their clusters are connected to their own copies

    def of_pixels(self, of_runs: Tensor, x: Tensor) -> Tensor:
        """What is known of runs, for all of their pixels."""
        return of_runs[self.run].view(x.shape) if len(of_runs) else torch.zeros_like(x, dtype=of_runs.dtype)


@dataclass(frozen=True)
class _Edges:
    """Neighbouring runs, and by how many periods along every axis the other one is further than it looks."""

    one: Tensor  # [edges]
    other: Tensor  # [edges]
    periods: Tensor  # [edges, axes]

    def where(self, chosen: Tensor) -> _Edges:
        return _Edges(self.one[chosen], self.other[chosen], self.periods[chosen])


def _numbered(x: Tensor, joined: _Joined) -> Tensor:
    """The number of every pixel's cluster in its image."""
    is_root = joined.root == torch.arange(len(joined.root), device=x.device)
    image = joined.start // x[0].numel()
    clusters = torch.bincount(image[is_root], minlength=len(x))
    before = clusters.cumsum(0) - clusters
    number = is_root.cumsum(0)[joined.root] - before[image]
    return torch.where(x, joined.of_pixels(number, x), 0)


def _touching(x: Tensor, joined: _Joined) -> Tensor:
    """For roots, whether their clusters touch both faces along every axis: [runs, axes]."""
    root = joined.of_pixels(joined.root, x)
    faces = torch.zeros(2, len(joined.root), x.ndim - 1, dtype=torch.bool, device=x.device)
    for axis in range(x.ndim - 1):
        for face, place in zip(faces, (0, -1), strict=True):
            face[root.select(axis + 1, place)[x.select(axis + 1, place)], axis] = True
    return faces[0] & faces[1]


def _joined(x: Tensor, corners: bool, periodic: bool, wound: bool = False) -> _Joined:
    """Trees of runs, joined and flattened until every edge lies within one of them.

    `moved` counts the periods from a run's parent to the run: an edge within a tree that disagrees closes a loop around
    the torus. It is counted only where `wound`.
    """
    is_start = x.clone()
    is_start[..., 1:] &= ~x[..., :-1]
    start = is_start.flatten().nonzero()[:, 0]
    run = (is_start.flatten().cumsum(0) - 1).clamp_min(0)
    edges = _edges(x, run.view(x.shape), corners, periodic, wound)
    parent = torch.arange(len(start), device=x.device)
    moved = edges.periods.new_zeros(len(parent), edges.periods.shape[1])
    winding = torch.zeros_like(moved, dtype=torch.bool)
    while len(edges.one):
        within = edges.one == edges.other
        loop, axis = (edges.periods[within] != 0).nonzero(as_tuple=True)
        winding[edges.one[within][loop], axis] = True
        edges = edges.where(~within)
        _hang(parent, moved, edges)
        parent, moved = _flat(parent, moved)
        periods = edges.periods + moved[edges.one] - moved[edges.other]
        edges = _Edges(parent[edges.one], parent[edges.other], periods)
    tree, axis = winding.nonzero(as_tuple=True)
    winding[parent[tree], axis] = True
    return _Joined(run, start, parent, winding)


def _hang(parent: Tensor, moved: Tensor, edges: _Edges) -> None:
    """Hang every root that has a smaller neighbour below the smallest."""
    high, low = torch.maximum(edges.one, edges.other), torch.minimum(edges.one, edges.other)
    periods = torch.where((edges.other == high)[:, None], edges.periods, -edges.periods)
    rank = low * len(low) + torch.arange(len(low), device=low.device)
    best = torch.full_like(parent, torch.iinfo(parent.dtype).max).scatter_reduce(0, high, rank, "amin")
    chosen = best[high] == rank
    parent[high[chosen]] = low[chosen]
    moved[high[chosen]] = periods[chosen]


def _flat(parent: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
    """Hang all below their grandparents, until they hang below roots."""
    while True:
        above = parent[parent]
        if torch.equal(above, parent):
            return parent, moved
        parent, moved = above, moved + moved[parent]


def _edges(x: Tensor, run: Tensor, corners: bool, periodic: bool, wound: bool) -> _Edges:
    one, other, periods = [], [], []
    for step in _steps(x.ndim - 1, corners):
        both = torch.logical_and(*pairs(x, step, periodic))
        if not any(step[:-1]):
            both = both.clone()
            both[..., : x.shape[-1] - 1] = False  # within a run, but for those across the border
        elif not step[-1]:
            both[..., 1:] &= ~both[..., :-1].clone()  # two runs that lie side by side need no more than one edge
        here, there = pairs(run, step, periodic)
        one.append(here[both])
        other.append(there[both])
        periods.append(_crossed(x, step)[both] if wound else both.new_zeros(len(one[-1]), 0, dtype=torch.int32))
    return _Edges(torch.cat(one), torch.cat(other), torch.cat(periods))


def _crossed(x: Tensor, step: tuple[int, ...]) -> Tensor:
    """By how many periods a step from every place leaves a periodic image: [n, *sides, axes]."""
    lines = [
        torch.div(torch.arange(side, device=x.device, dtype=torch.int32) + one, side, rounding_mode="floor")
        for side, one in zip(x.shape[1:], step, strict=True)
    ]
    return torch.stack(torch.meshgrid(*lines, indexing="ij"), -1).expand(*x.shape, len(step))


def _steps(dimensions: int, corners: bool) -> Iterator[tuple[int, ...]]:
    """The steps to half of the neighbours; the others have them as theirs."""
    if not corners:
        yield from (unit(axis, dimensions) for axis in range(dimensions))
    else:
        yield from (step for step in product((-1, 0, 1), repeat=dimensions) if step > (0,) * dimensions)
