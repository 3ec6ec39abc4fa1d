"""Wells: energies of few coordinates with states and barriers between them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sciencegen.core.target import Target

__all__ = ["double_well", "funnel", "many_well", "muller_brown"]


def _double_well(x: Tensor) -> Tensor:
    along, across = x[:, 0], x[:, 1]
    return along**4 / 4 - 3 * along**2 + along + across**2 / 2


def double_well(temperatures: tuple[float, ...] = (1.0,)) -> Target:
    """Two states of a particle: E = x^4/4 - 3 x^2 + x + y^2/2, the left one deeper by 4.9 (Boltzmann generators; Noe,
    Olsson, Koehler, Wu; 2019)."""
    return Target(
        "double-well",
        ("x", "y"),
        _double_well,
        temperatures,
        scale=(2.0, max(temperatures) ** 0.5),
        box=((-7.0, 7.0), (-16.0, 16.0)),
        regions={"left": lambda x: x[:, 0] < 0, "right": lambda x: x[:, 0] >= 0},
        modes=torch.tensor([[-2.5286, 0.0], [2.3615, 0.0]]),
    )


_HEIGHTS = torch.tensor([-200.0, -100.0, -170.0, 15.0])
_CURVES = torch.tensor([[-1.0, 0.0, -10.0], [-1.0, 0.0, -10.0], [-6.5, 11.0, -6.5], [0.7, 0.6, 0.7]])
_PLACES = torch.tensor([[1.0, 0.0], [0.0, 0.5], [-0.5, 1.5], [-1.0, 1.0]])


def _muller_brown(x: Tensor) -> Tensor:
    heights, curves, places = (part.to(x) for part in (_HEIGHTS, _CURVES, _PLACES))
    away = x[:, None] - places
    bent = (curves * torch.stack((away[..., 0] ** 2, away[..., 0] * away[..., 1], away[..., 1] ** 2), -1)).sum(-1)
    # the last of the four parts grows without end: from far outside nothing may come back but a slope
    return (heights * bent.clamp_max(8.0).exp()).sum(-1) + 100 * (bent - 8.0).clamp_min(0).sum(-1)


def muller_brown(temperatures: tuple[float, ...] = (15.0,)) -> Target:
    """Three minima on a bent path between a reactant and a product (Location of saddle points and minimum energy paths
    by a constrained simplex optimization procedure; Mueller, Brown; 1979)."""
    return Target(
        "muller-brown",
        ("x", "y"),
        _muller_brown,
        temperatures,
        middle=(-0.2, 0.8),
        scale=(0.7, 0.7),
        box=((-2.5, 2.0), (-1.5, 3.0)),
        regions={"reactant": lambda x: x[:, 0] - x[:, 1] < -1.45, "product": lambda x: x[:, 0] - x[:, 1] >= -1.45},
        modes=torch.tensor([[-0.558, 1.442], [0.623, 0.028], [-0.050, 0.467]]),
    )


def _well(x: Tensor) -> Tensor:
    return x**4 - 6 * x**2 - x / 2


def many_well(wells: int = 5, temperatures: tuple[float, ...] = (1.0,)) -> Target:
    """Pairs of coordinates, each a double well beside a spring: 2^wells modes, of which every one counts (Flow annealed
    importance sampling bootstrap; Midgley, Stimper, Simm, Schoelkopf, Hernandez-Lobato; 2023)."""

    def energy(x: Tensor) -> Tensor:
        pairs = x.view(len(x), wells, 2)
        return (_well(pairs[..., 0]) + pairs[..., 1] ** 2 / 2).sum(-1)

    line = torch.linspace(-8, 8, 200_001, dtype=torch.float64)
    cell = float(line[1] - line[0])

    def log_partition(temperature: float) -> float:
        along = (-_well(line) / temperature).logsumexp(0) + math.log(cell)
        return wells * (float(along) + 0.5 * math.log(2 * math.pi * temperature))

    def draw(n: int) -> Tensor:
        below = (-_well(line)).softmax(0).cumsum(0)
        along = line[torch.searchsorted(below, torch.rand(n, wells, dtype=torch.float64)).clamp_max(len(line) - 1)]
        along = along + cell * (torch.rand(n, wells, dtype=torch.float64) - 0.5)
        return torch.stack((along, torch.randn(n, wells, dtype=torch.float64)), -1).flatten(1)

    names = tuple(f"{axis}{i}" for i in range(1, wells + 1) for axis in ("x", "y"))
    signs = torch.cartesian_prod(*[torch.tensor([-1.7, 1.75])] * wells).view(-1, wells) if wells <= 10 else None
    modes = None if signs is None else torch.stack((signs, torch.zeros_like(signs)), -1).flatten(1)
    scale = (1.7, 1.0) * wells
    regions = {"left of the first": lambda x: x[:, 0] < 0, "right of the first": lambda x: x[:, 0] >= 0}
    return Target(
        "many-well",
        names,
        energy,
        temperatures,
        scale=scale,
        regions=regions,
        modes=modes,
        log_partition=log_partition,
        draw=draw if temperatures == (1.0,) else None,
    )


def funnel(entries: int = 10) -> Target:
    """A normal whose width is a number of its own: x_1 ~ N(0, 9), the others N(0, exp(x_1)) (Slice sampling; Neal;
    2003)."""

    def energy(x: Tensor) -> Tensor:
        neck, rest = x[:, 0], x[:, 1:]
        width = neck.clamp(-60, 60)
        return neck**2 / 18 + (rest**2).sum(-1) * torch.exp(-width) / 2 + neck * (entries - 1) / 2

    def draw(n: int) -> Tensor:
        neck = 3 * torch.randn(n, 1)
        return torch.cat((neck, torch.randn(n, entries - 1) * (neck / 2).exp()), 1)

    def log_partition(temperature: float) -> float | None:
        return 0.5 * entries * math.log(2 * math.pi) + math.log(3) if temperature == 1 else None

    names = tuple(f"x{i}" for i in range(1, entries + 1))
    scale = (3.0, *(2.0,) * (entries - 1))
    return Target("funnel", names, energy, scale=scale, log_partition=log_partition, draw=draw)
