"""Moving in a latent space: between two places, around one, and along what latents differ by most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Axes", "Cloud", "principal", "shells", "sphere", "straight", "upright"]

_LEAST = 1e-6


@dataclass(frozen=True)
class Cloud:
    """Where latents lie: their middle, and how far they spread in each direction of the axes."""

    centre: Tensor  # [d]
    spread: Tensor  # [d]

    @classmethod
    def of(cls, z: Tensor) -> Cloud:
        """The cloud of some latents [n, d]."""
        spread = z.std(0, correction=0)
        # a direction that nothing moves in has no spread of its own: it is left as it is
        return cls(z.mean(0), spread.where(spread > _LEAST * spread.max().clamp_min(_LEAST), torch.ones_like(spread)))

    def standard(self, z: Tensor) -> Tensor:
        """Latents as steps from the middle, each direction in units of its spread."""
        return (z - self.centre) / self.spread

    def placed(self, u: Tensor) -> Tensor:
        """The latents of such steps."""
        return self.centre + self.spread * u


def straight(a: Tensor, b: Tensor, n: int) -> Tensor:
    """`n` places on the line from `a` to `b` [d], both of them among these: [n, d]."""
    return torch.lerp(a[None], b[None], torch.linspace(0, 1, n, dtype=a.dtype, device=a.device)[:, None])


def sphere(a: Tensor, b: Tensor, n: int) -> Tensor:
    """`n` places from `a` to `b` [d] along the shorter arc around the origin; the distance from it changes evenly.

    Latents of many dimensions lie near a sphere, and the line between two of them leaves it. (Sampling Generative
    Networks; White; 2016.) Where there is no such arc, between opposites or from the origin, it is the line.
    """
    far = torch.stack((a.norm(), b.norm()))
    if far.min() < _LEAST:
        return straight(a, b, n)
    one, other = a / far[0], b / far[1]
    angle = torch.atan2((one - other).norm() * (one + other).norm() / 2, one @ other)
    if angle.sin() < _LEAST:
        return straight(a, b, n)
    t = torch.linspace(0, 1, n, dtype=a.dtype, device=a.device)[:, None]
    way: Tensor = (((1 - t) * angle).sin() * one + (t * angle).sin() * other) / angle.sin()
    return torch.lerp(far[0], far[1], t) * way


def shells(u: Tensor, radii: Tensor) -> Tensor:
    """A place at each of these distances [n] from `u` [d], in random directions: [n, d].

    Distances are root mean squares over the dimensions, so that they mean the same however many there are.
    """
    way = torch.randn(len(radii), len(u), dtype=u.dtype, device=u.device)
    steps: Tensor = way * math.sqrt(len(u)) / way.norm(dim=1, keepdim=True).clamp_min(_LEAST)
    return u + radii[:, None] * steps


@dataclass(frozen=True)
class Axes:
    """Directions at right angles, and what share of the differences between latents lies along each."""

    directions: Tensor  # [k, d]
    shares: tuple[float, ...]

    def coordinates(self, u: Tensor) -> Tensor:
        """Where latents [n, d] lie along the directions: [n, k]."""
        return u @ self.directions.T


def principal(u: Tensor, k: int = 2) -> Axes:
    """The directions in which latents [n, d] differ most, each pointing where its largest entry is positive."""
    _, _, rows = torch.linalg.svd(u - u.mean(0), full_matrices=False)
    first = rows[: min(k, len(rows))]
    largest = first.gather(1, first.abs().argmax(1, keepdim=True))
    return _axes(first * largest.sign(), u, k)


def upright(ways: Sequence[Tensor], u: Tensor) -> Axes:
    """Directions made of given ones [d]: the first as it is, each other without its share of those before it."""
    kept: list[Tensor] = []
    for way in ways:
        for one in kept:
            way = way - (way @ one) * one
        kept.append(way / way.norm().clamp_min(1e-30))
    return _axes(torch.stack(kept), u, len(kept))


def _axes(directions: Tensor, u: Tensor, k: int) -> Axes:
    if len(directions) < k:  # a space of fewer dimensions, or as few latents
        directions = torch.cat((directions, directions.new_zeros(k - len(directions), u.shape[1])))
    whole = (u - u.mean(0)).square().sum().clamp_min(1e-30)
    along = ((u - u.mean(0)) @ directions.T).square().sum(0) / whole
    return Axes(directions, tuple(along.tolist()))
