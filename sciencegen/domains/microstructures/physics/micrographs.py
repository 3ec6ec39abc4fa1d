"""Simulated micrographs of two phases: what an instrument makes of a material whose phases are known.

    g = s (b * c) + n        c = 1/2 -+ contrast/2 in phase 0 and 1        n = noise sqrt(2 s (b * c)) e

The point spread b is a Gaussian, the shading s a wave once across the image in a direction of its own, of mean 1, and
the noise that of counted particles, whose variance grows with the brightness; e is normal. Grey levels are g, cut to 0
to 1, in steps of 1/255. All of it goes on beyond the borders.
"""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.item import GREY
from sciencegen.domains.microstructures.physics.asked import Asked, asked_numbers
from sciencegen.domains.microstructures.physics.gaussian_field import level_sets
from sciencegen.domains.microstructures.physics.labelled import Labelled, Progress, blank, streams

__all__ = ["micrographs", "photographed"]

_FRACTIONS, _LENGTHS, _CONTRASTS = Interval(0.3, 0.7), Interval(2.5, 5.0), Interval(0.3, 0.5)


def micrographs(
    n: int,
    shape: tuple[int, ...],
    random: torch.Generator,
    *,
    fraction: Asked = _FRACTIONS,
    length: Asked = _LENGTHS,
    blur: Asked = 1.0,
    contrast: Asked = _CONTRASTS,
    noise: Asked = 0.08,
    shading: Asked = 0.15,
    progress: Progress | None = None,
) -> Labelled:
    """Simulated micrographs of two phases, in grey levels, beside the phases they show, their source."""
    images = blank(n, shape)
    asked = {
        "blur": asked_numbers("blur", blur, n, random, 0.0, min(shape) / 4, "pixels, to a quarter of a side"),
        "contrast": asked_numbers("contrast", contrast, n, random, 0.01, 1.0),
        "noise": asked_numbers("noise", noise, n, random, 0.0, 1.0),
        "shading": asked_numbers("shading", shading, n, random, 0.0, 1.0),
    }
    maps = level_sets(n, shape, random, fraction=fraction, length=length)
    for row, seed in enumerate(streams(n, random)):
        own = {name: float(numbers[row]) for name, numbers in asked.items()}
        images[row] = photographed(maps.images[row], torch.Generator().manual_seed(seed), **own)
        if progress is not None:
            progress(1)
    return Labelled(images, GREY, {**maps.columns, **asked}, {"source": Labelled(maps.images, maps.phases)})


def photographed(
    phases: Tensor, random: torch.Generator, blur: float, contrast: float, noise: float, shading: float
) -> Tensor:
    """The grey levels of one image of phases 0 and 1, uint8 of its shape."""
    shape = tuple(phases.shape)
    clear = 0.5 + contrast * (phases.to(torch.float64) - 0.5)
    spectrum = torch.fft.fftn(clear)
    for axis, side in enumerate(shape):
        k = 2 * pi * torch.fft.fftfreq(side, dtype=torch.float64)
        spread = torch.exp(-((blur * k) ** 2) / 2)
        spectrum = spectrum * spread.reshape([side if one == axis else 1 for one in range(len(shape))])
    bright = torch.fft.ifftn(spectrum).real * (1 + shading * _wave(shape, random))
    grain = torch.randn(shape, dtype=torch.float64, generator=random)
    grey: Tensor = bright + noise * (2 * bright).clamp_min(0).sqrt() * grain
    return (grey.clamp(0, 1) * 255).round().to(torch.uint8)


def _wave(shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """A wave from -1 to 1 along each axis in turn, weighted at random, with a phase of its own."""
    weights = torch.rand(len(shape), dtype=torch.float64, generator=random)
    starts = 2 * pi * torch.rand(len(shape), dtype=torch.float64, generator=random)
    wave = torch.zeros(shape, dtype=torch.float64)
    for axis, (side, weight, start) in enumerate(zip(shape, weights / weights.sum(), starts, strict=True)):
        line = weight * torch.cos(2 * pi * torch.arange(side, dtype=torch.float64) / side + start)
        wave += line.reshape([side if one == axis else 1 for one in range(len(shape))])
    return wave
