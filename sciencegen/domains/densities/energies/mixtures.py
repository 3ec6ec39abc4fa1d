"""Mixtures: energies with many separate modes, of which each can be counted."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sciencegen.core.target import Target

__all__ = ["gaussian_mixture", "torus"]


def gaussian_mixture(modes: int = 40, width: float = 1.3, reach: float = 40.0) -> Target:
    """Equal Gaussians in a square of two sides `reach`: what falls into some of them alone is caught (Flow annealed
    importance sampling bootstrap; Midgley, Stimper, Simm, Schoelkopf, Hernandez-Lobato; 2023)."""
    source = torch.Generator().manual_seed(0)
    means = reach * (2 * torch.rand(modes, 2, generator=source, dtype=torch.float64) - 1)

    def energy(x: Tensor) -> Tensor:
        far = (x[:, None] - means.to(x)).square().sum(-1) / (2 * width**2)
        return math.log(modes * 2 * math.pi * width**2) - (-far).logsumexp(-1)

    def draw(n: int) -> Tensor:
        return (means[torch.randint(modes, (n,))] + width * torch.randn(n, 2)).to(torch.get_default_dtype())

    side = reach + 10 * width
    return Target(
        "gaussian-mixture",
        ("x", "y"),
        energy,
        scale=(reach, reach),
        box=((-side, side),) * 2,
        regions={"left": lambda x: x[:, 0] < 0, "right": lambda x: x[:, 0] >= 0},
        modes=means,
        log_partition=lambda temperature: 0.0 if temperature == 1 else None,
        draw=draw,
    )


def torus(concentration: float = 2.0, coupling: float = 4.0, temperatures: tuple[float, ...] = (1.0,)) -> Target:
    """Two angles, as of a backbone, that pull on each other: E = -k (cos a + cos b) - c sin a sin b (Probabilistic
    model for two dependent circular variables; Singh, Hnizdo, Demchuk; 2002)."""

    def energy(x: Tensor) -> Tensor:
        a, b = x[:, 0], x[:, 1]
        return -concentration * (a.cos() + b.cos()) - coupling * a.sin() * b.sin()

    return Target(
        "torus",
        ("a", "b"),
        energy,
        temperatures,
        periodic=True,
        box=((-math.pi, math.pi),) * 2,
        regions={"both above 0": lambda x: (x > 0).all(-1), "both below 0": lambda x: (x < 0).all(-1)},
    )
