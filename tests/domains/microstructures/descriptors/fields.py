"""Random media whose statistics are known in closed form."""

from __future__ import annotations

import math
from itertools import product

import torch
from torch import Tensor


def gaussian(n: int, side: int, ell: float, dimensions: int = 2, seed: int = 0) -> Tensor:
    """Periodic Gaussian fields with mean 0, variance 1 and covariance exp(-r^2 / 2 ell^2)."""
    source = torch.Generator().manual_seed(seed)
    axes = tuple(range(1, dimensions + 1))
    wave = 2 * math.pi * torch.fft.fftfreq(side, dtype=torch.float64)
    squared = torch.stack(torch.meshgrid(*[wave] * dimensions, indexing="ij")).square().sum(0)
    noise = torch.randn(n, *[side] * dimensions, generator=source, dtype=torch.float64)
    smooth = torch.fft.ifftn(torch.fft.fftn(noise, dim=axes) * torch.exp(-(ell**2) * squared / 4), dim=axes).real
    return smooth / torch.exp(-(ell**2) * squared / 2).mean().sqrt()


def above(fraction: float) -> float:
    """What a Gaussian field exceeds so often."""
    return -float(torch.special.ndtri(torch.tensor(fraction, dtype=torch.float64)))


def gaussian_s2(r: Tensor, ell: float, fraction: float) -> Tensor:
    """S2 of the part of a Gaussian field that is above a level."""
    a = above(fraction)
    angle = torch.asin(torch.exp(-r.double().square() / (2 * ell**2)))[:, None] * torch.linspace(0, 1, 2001).double()
    return fraction**2 + torch.trapezoid(torch.exp(-(a**2) / (1 + torch.sin(angle))), angle) / (2 * math.pi)


def grain(side: int, radius: float) -> Tensor:
    """The pixels of a disc around the first one, on a torus."""
    line = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    return line[:, None].square() + line.square() <= radius**2


def boolean(n: int, side: int, radius: float, density: float, seed: int = 0) -> Tensor:
    """What overlapping discs, so many per pixel, leave uncovered."""
    source = torch.Generator().manual_seed(seed)
    germs = torch.poisson(torch.full((n, side, side), density, dtype=torch.float64), generator=source)
    cover = torch.fft.ifft2(torch.fft.fft2(germs) * torch.fft.fft2(grain(side, radius).double())).real
    return cover < 0.5


def speckle(*shape: int, share: float = 0.5, seed: int = 0) -> Tensor:
    """Pixels that know nothing of each other."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share


def ball(side: int, radius: float, dimensions: int, middle: float | None = None) -> Tensor:
    """One disc or ball in the middle of an image: [1, *sides]."""
    line = torch.arange(side).double() - (side / 2 if middle is None else middle)
    return (torch.stack(torch.meshgrid(*[line] * dimensions, indexing="ij")).norm(dim=0) <= radius)[None]


def extruded(x: Tensor, depth: int) -> Tensor:
    """Images as volumes that are the same in every layer."""
    return x[:, None].expand(-1, depth, -1, -1)


def places(sides: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(product(*map(range, sides)))
