"""Hamiltonian Monte Carlo of the noise of a generator, in many rows at once.

(MCMC Using Hamiltonian Dynamics; Neal; 2011.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.search.descent import Energy, slope

__all__ = ["Chain", "Walk", "hamiltonian"]

_WANTED = 0.8
"""The share of proposals that should be taken."""
_SHORTEST = 1e-8


@dataclass(frozen=True)
class Walk:
    """How far a chain goes: `moves` proposals of `leaps` leapfrog steps each; the step is tuned in the first half."""

    moves: int = 30
    leaps: int = 10
    length: float = 0.1
    """The first leapfrog step."""


@dataclass(frozen=True)
class Chain:
    """Where every chain ended, and the share of its proposals that was taken once its step was tuned."""

    z: Tensor  # [n, ...]
    accepted: Tensor  # [n]


def hamiltonian(energy: Energy, z: Tensor, walk: Walk, mass: Tensor | float = 1.0) -> Chain:
    """Move every row of `z` by a chain of its own whose law tends to exp(-energy), whatever row it began at.

    Proposals are taken or left (Metropolis), so that a step too long is slow and not wrong. What is wrong is a chain
    too short: rows that begin near one mode stay there, and draws spread too little. `mass` is a diagonal, near the
    curvature of the energy. A row has a step of its own.
    """
    step = z.new_full((len(z),), walk.length)
    value, gradient = slope(energy, z)
    taken = torch.zeros_like(step)
    mass = torch.as_tensor(mass).to(z).expand_as(z)
    for move in range(walk.moves):
        momentum = torch.randn_like(z) * mass.sqrt()
        before = value + _kinetic(momentum, mass)
        spread = _rows(step * (0.8 + 0.4 * torch.rand_like(step)), z)  # no chain goes round for ever
        near, steep, far = z, gradient, value
        for _ in range(walk.leaps):
            momentum = momentum - spread * steep / 2
            near = near + spread * momentum / mass
            far, steep = slope(energy, near)
            momentum = momentum - spread * steep / 2
        chance = (before - far - _kinetic(momentum, mass)).clamp(max=0).exp().nan_to_num()
        moved = torch.rand_like(chance) < chance
        z, gradient = near.where(_rows(moved, z), z), steep.where(_rows(moved, z), gradient)
        value = far.where(moved, value)
        if 2 * move < walk.moves:
            step = (step * torch.exp(2 * (chance - _WANTED) / (1 + move) ** 0.5)).clamp_min(_SHORTEST)
        else:
            taken = taken + moved
    return Chain(z.detach(), taken / max(walk.moves - (walk.moves + 1) // 2, 1))


def _kinetic(momentum: Tensor, mass: Tensor) -> Tensor:
    return (momentum.square() / mass).flatten(1).sum(1) / 2


def _rows(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *(1,) * (like.dim() - 1))
