"""Level sets of Gaussian random fields, whose statistics are known in closed form.

A field of covariance rho(r) = exp(-r^2 / (2 length^2)) is cut at thresholds: phase 0 lies below the first, phase 1
above it, and so on. With a single threshold a, phase 1 has the fraction Phi(-a), and

    S2(r) = fraction^2 + 1 / (2 pi) int_0^arcsin(rho(r)) exp(-a^2 / (1 + sin t)) dt

References: S. O. Rice, Mathematical analysis of random noise, 1945. M. Teubner, Level surfaces of Gaussian random
fields and microemulsions, 1991. S. Torquato, Random heterogeneous materials, 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.special import ndtr, ndtri

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics.asked import Asked, asked_numbers
from sciencegen.domains.microstructures.physics.labelled import Labelled, Progress, blank, streams
from sciencegen.errors import RequestError

__all__ = ["gaussian_field", "level_set_surface", "level_set_two_point", "level_sets"]

_FRACTIONS, _LENGTHS = Interval(0.2, 0.8), Interval(2.0, 6.0)
_CACHED = 2**17
_FAR = 40.0
"""A threshold beyond all values."""


def level_sets(
    n: int,
    shape: tuple[int, ...],
    random: torch.Generator,
    *,
    fraction: Asked | tuple[Asked, ...] = _FRACTIONS,
    length: Asked = _LENGTHS,
    stretch: float = 1.0,
    exact: bool = True,
    chunk: int = 0,
    progress: Progress | None = None,
) -> Labelled:
    """Level sets of Gaussian random fields: the `fraction` of phases 1, 2, ... and the correlation `length` in pixels,
    which is `stretch` times as long down the first axis.

    `exact` gives every image its fractions to the pixel; without it they hold on average, as do the closed forms.
    """
    images, asked = blank(n, shape), fraction if isinstance(fraction, tuple) else (fraction,)
    longest = min(shape) / 4
    lengths = asked_numbers("length", length, n, random, 1.0, longest, "a pixel, to a quarter of the smallest side")
    far = asked_numbers("stretch", stretch, 1, random, 0.01, 100) * lengths
    asked_numbers("length * stretch", far, n, random, 1.0, shape[0] / 4, "a pixel, to a quarter of the first side")
    names = ["fraction"] if len(asked) == 1 else [f"fraction_{phase}" for phase in range(1, len(asked) + 1)]
    fractions = torch.stack([asked_numbers("fraction", one, n, random, 0.01, 0.99) for one in asked], 1)
    rest = 1 - fractions.sum(1)
    if float(rest.min()) < 0.01 - 1e-9:  # what rounding leaves of 1 - 0.5 - 0.49
        most = float(fractions.sum(1).max())
        raise RequestError(f"fraction: those of phases 1, 2, ... add up to {most:g}; leave 0.01 or more to phase 0")
    seeds = streams(n, random)
    for rows in torch.arange(n).split(chunk or _together(shape)):
        field = _field([seeds[row] for row in rows.tolist()], shape, lengths[rows], stretch)
        shares = torch.cat([rest[rows, None], fractions[rows]], 1)
        images[rows] = _ranked(field, shares) if exact else _cut(field, shares)
        if progress is not None:
            progress(len(rows))
    columns = dict(zip(names, fractions.unbind(1), strict=True)) | {"length": lengths}
    if len(asked) == 1 and stretch == 1:
        columns["expected_surface"] = level_set_surface(fractions[:, 0], lengths, len(shape))
    return Labelled(images, len(asked) + 1, columns)


def gaussian_field(n: int, shape: tuple[int, ...], random: torch.Generator, length: float) -> Tensor:
    """Periodic Gaussian random fields of mean 0 and variance 1, [n, *shape]."""
    seeds, lengths = streams(n, random), torch.full((n,), length, dtype=torch.float64)
    firsts = range(0, n, step := _together(shape))
    return torch.cat([_field(seeds[i : i + step], shape, lengths[i : i + step]) for i in firsts])


def level_set_two_point(r: Tensor, fractions: Sequence[float], length: float, phase: int = 1) -> Tensor:
    """S2, the probability that two points a distance `r` apart both lie in a phase, [...].

    `fractions` are those of phases 1, 2, ...; the box is many lengths wide.
    """
    shares = torch.tensor([1 - sum(fractions), *fractions], dtype=torch.float64)
    ends = [-_FAR, *ndtri(shares.cumsum(0)[:-1]).tolist(), _FAR]
    low, high = ends[phase], ends[phase + 1]
    rho = torch.exp(-(r.to(torch.float64) ** 2) / (2 * length**2))
    both: Tensor = _both_below(high, high, rho) - 2 * _both_below(low, high, rho) + _both_below(low, low, rho)
    return both


def level_set_surface(fraction: Tensor, length: Tensor, dimensions: int) -> Tensor:
    """The expected length of the boundary for each area of two phases, or its area for each volume, in 1/pixels."""
    crossings: Tensor = torch.exp(-ndtri(fraction).square() / 2) / (pi * length)  # for each pixel of a straight line
    return crossings * (pi / 2 if dimensions == 2 else 2)


def _together(shape: tuple[int, ...]) -> int:
    """How many images are transformed at a time: their spectra stay in the cache of one core."""
    return max(1, _CACHED // prod(shape))


def _field(seeds: Sequence[int], shape: tuple[int, ...], lengths: Tensor, stretch: float = 1.0) -> Tensor:
    noise, own, axes = torch.empty(len(seeds), *shape), torch.Generator(), tuple(range(1, len(shape) + 1))
    for one, seed in zip(noise, seeds, strict=True):
        one.normal_(generator=own.manual_seed(seed))
    # complex though the fields are real: real transforms round otherwise when an image is alone
    spectrum = torch.fft.fftn(noise.to(torch.complex64), dim=axes)
    for axis, side in enumerate(shape, 1):
        k = 2 * pi * torch.fft.fftfreq(side, dtype=torch.float64)
        along = lengths * stretch if axis == 1 else lengths
        smooth = torch.exp(-(along[:, None] * k).square() / 4)  # [n, side]
        smooth /= smooth.square().mean(1, keepdim=True).sqrt()
        across = [len(seeds), *(side if one == axis else 1 for one in axes), 1]
        torch.view_as_real(spectrum).mul_(smooth.to(torch.float32).reshape(across))
    field: Tensor = torch.fft.ifftn(spectrum, dim=axes).real
    return field


def _ranked(field: Tensor, shares: Tensor) -> Tensor:
    """Phases by rank, so that each gets its share of pixels, equal values or not."""
    flat: NDArray[np.float32] = field.reshape(len(field), -1).numpy()
    starts = (shares.cumsum(1)[:, :-1] * flat.shape[1]).round().long().numpy()  # [n, phases - 1]
    phases = np.zeros(flat.shape, np.uint8)
    for values, first, phase in zip(flat, starts, phases, strict=True):
        order = np.argpartition(values, first)
        for number, (begin, end) in enumerate(zip(first, [*first[1:], None], strict=True), 1):
            phase[order[begin:end]] = number
    return torch.from_numpy(phases).reshape(field.shape)


def _cut(field: Tensor, shares: Tensor) -> Tensor:
    thresholds = ndtri(shares.cumsum(1)[:, :-1]).to(field)  # [n, phases - 1]
    levels = thresholds.T.reshape(-1, len(field), *[1] * (field.ndim - 1))
    phases: Tensor = (field > levels).sum(0, dtype=torch.uint8)
    return phases


def _both_below(a: float, b: float, rho: Tensor) -> Tensor:
    """The probability that two normal numbers of correlation `rho` lie below `a` and `b`."""
    nodes, weights = (torch.from_numpy(one) for one in np.polynomial.legendre.leggauss(200))
    top = torch.asin(rho)[..., None]
    t = top * (nodes + 1) / 2
    # written with (a - b)^2 apart, so that nothing cancels where the two agree and t is near a right angle
    apart = (a - b) ** 2 / (2 * t.cos().square()) + a * b / (1 + t.sin())
    joint = (torch.exp(-apart) * weights).sum(-1) * top[..., 0] / (4 * pi)
    both: Tensor = ndtr(torch.tensor([a, b], dtype=torch.float64)).prod() + joint
    return both
