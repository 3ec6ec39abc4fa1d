"""Lattices: fields on a periodic square lattice."""

from __future__ import annotations

import torch
from torch import Tensor

from sciencegen.core.target import Target

__all__ = ["phi4", "xy"]

COUPLINGS = {6: 6.975, 8: 6.008, 10: 5.550, 12: 5.276, 14: 5.113}
"""Couplings at which the correlation length is a quarter of so many sites, at m2 = -4 (Flow-based generative models for
Markov chain Monte Carlo in lattice field theory; Albergo, Kanwar, Shanahan; 2019)."""


def _names(letter: str, side: int) -> tuple[str, ...]:
    return tuple(f"{letter}_{i}_{j}" for i in range(side) for j in range(side))


def phi4(side: int = 8, m2: float = -4.0, coupling: float = 0.0) -> Target:
    """A scalar field: S = sum over sites of 2 f^2 - (neighbours' f) f + m2 f^2 + coupling f^4, as in the lecture notes
    of Albergo et al. (Introduction to normalizing flows for lattice field theory; 2021). Without a coupling, that of
    their series at which the correlation length is a quarter of the side."""
    strength = coupling or COUPLINGS.get(side, 8.0)

    def energy(x: Tensor) -> Tensor:
        field = x.view(len(x), side, side)
        own = (m2 + 4) * field**2 + strength * field**4
        bonds = 2 * field * (field.roll(1, 1) + field.roll(1, 2))
        return (own - bonds).sum((1, 2))

    def susceptibility(x: Tensor) -> Tensor:
        field = torch.fft.fft2(x.view(len(x), side, side))
        power: Tensor = field[:, 0, 0].abs().square() / side**2
        return power

    regions = {"down": lambda x: x.sum(-1) < 0, "up": lambda x: x.sum(-1) >= 0}
    observables = {
        "magnetisation": lambda x: x.mean(-1),
        "absolute_magnetisation": lambda x: x.mean(-1).abs(),
        "susceptibility": susceptibility,
    }
    return Target("phi4", _names("f", side), energy, unit="1", observables=observables, regions=regions)


def xy(side: int = 6, temperatures: tuple[float, ...] = (1.0,)) -> Target:
    """Spins that turn in a plane: E = -sum over bonds of cos(difference of angles) (Ordering, metastability and phase
    transitions in two-dimensional systems; Kosterlitz, Thouless; 1973)."""

    def energy(x: Tensor) -> Tensor:
        angles = x.view(len(x), side, side)
        return -(torch.cos(angles - angles.roll(1, 1)) + torch.cos(angles - angles.roll(1, 2))).sum((1, 2))

    def magnetisation(x: Tensor) -> Tensor:
        return torch.hypot(x.cos().mean(-1), x.sin().mean(-1))

    observables = {"magnetisation": magnetisation}
    return Target("xy", _names("a", side), energy, temperatures, periodic=True, observables=observables)
