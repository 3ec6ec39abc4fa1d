"""Clusters: particles that hold together."""

from __future__ import annotations

import torch
from torch import Tensor

from sciencegen.core.target import Target

__all__ = ["double_well_cluster", "lennard_jones"]

_SPRING = 1.0
"""What holds the centre of a cluster, which its own energy leaves free: a spring to the origin, per particle."""


def _apart(x: Tensor, particles: int, dimensions: int) -> Tensor:
    """Distances of all pairs: [n, pairs]."""
    places = x.view(len(x), particles, dimensions)
    i, j = torch.triu_indices(particles, particles, 1, device=x.device)
    return (places[:, i] - places[:, j]).square().sum(-1).add(1e-12).sqrt()


def _held(x: Tensor, particles: int, dimensions: int) -> Tensor:
    """The energy of the spring at the centre."""
    return _SPRING * particles * x.view(len(x), particles, dimensions).mean(1).square().sum(-1) / 2


def _names(particles: int, dimensions: int) -> tuple[str, ...]:
    return tuple(f"{axis}{i}" for i in range(1, particles + 1) for axis in "xyz"[:dimensions])


def double_well_cluster(temperatures: tuple[float, ...] = (1.0,)) -> Target:
    """Four particles in a plane; every pair has two distances it likes (Equivariant flows: exact likelihood generative
    learning for symmetric densities; Koehler, Klein, Noe; 2020)."""

    def energy(x: Tensor) -> Tensor:
        away = _apart(x, 4, 2) - 4
        return (-4 * away**2 + 0.9 * away**4).sum(-1) / 2 + _held(x, 4, 2)

    observables = {"mean_distance": lambda x: _apart(x, 4, 2).mean(-1)}
    return Target("dw4", _names(4, 2), energy, temperatures, scale=(2.0,) * 8, observables=observables)


def lennard_jones(particles: int = 13, temperatures: tuple[float, ...] = (1.0,)) -> Target:
    """Particles in space under the Lennard-Jones potential of radius 1, held together by a weak spring."""

    def energy(x: Tensor) -> Tensor:
        distance = _apart(x, particles, 3)
        near = distance.clamp_min(0.7)  # closer than that a steep slope will do
        attraction = near**-6
        pairs = (attraction**2 - 2 * attraction) + 1000 * (near - distance)
        places = x.view(len(x), particles, 3)
        spread = (places - places.mean(1, keepdim=True)).square().sum((1, 2)) / 2
        return pairs.sum(-1) + spread + _held(x, particles, 3)

    observables = {"radius_of_gyration": lambda x: x.view(len(x), particles, 3).std(1, correction=0).norm(dim=-1)}
    name = f"lj{particles}"
    return Target(name, _names(particles, 3), energy, temperatures, observables=observables)
