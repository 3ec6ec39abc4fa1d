"""Spinodal decomposition: a mixture that demixes and coarsens, after Cahn and Hilliard.

    du/dt = lap(u^3 - u - eps^2 lap u)

on a periodic grid, with eps, the width of an interface, one pixel. The field u goes from -1 in phase 0 to 1 in phase 1.
Steps are semi-implicit in Fourier space, stabilised with A u as Eyre (1998) proposed for gradient flows:

    U <- (U - dt k^2 F(u^3 - (1 + A) u)) / (1 + dt (A k^2 + eps^2 k^4))

The update is real and even in k, so the real and the imaginary part of a complex field obey it separately: two images
share one complex field, which halves the cost of its transforms and more.

References: J. W. Cahn and J. E. Hilliard, Free energy of a nonuniform system I, 1958. D. J. Eyre, Unconditionally
gradient stable time marching the Cahn-Hilliard equation, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.physics.asked import Asked, asked_numbers
from sciencegen.domains.microstructures.physics.labelled import Labelled, Progress, blank, streams
from sciencegen.errors import RequestError

__all__ = [
    "LATEST",
    "asked_compositions",
    "evolve",
    "free_energy",
    "growth",
    "lever_rule",
    "mixture",
    "spinodal",
]

_COMPOSITIONS, _TIMES = Interval(-0.4, 0.4), Interval(40.0, 220.0)
_STABILISER = 2.0
_STEPS = ((10.0, 0.25), (40.0, 0.5), (100.0, 1.0), (float("inf"), 2.0))
"""Until when, and how long a step is: short while the mixture demixes, longer while it coarsens."""
_CACHED = 2**17
"""Pixels of a chunk: its fields and their transforms stay in the cache of one core."""
LATEST = 100_000.0
"""How long a mixture may have had."""


def spinodal(
    n: int,
    shape: tuple[int, ...],
    random: torch.Generator,
    *,
    composition: Asked = _COMPOSITIONS,
    time: Asked = _TIMES,
    noise: float = 0.1,
    chunk: int = 0,
    progress: Progress | None = None,
) -> Labelled:
    """Demixed mixtures of two phases (Cahn-Hilliard): the mean `composition`, -1 to 1, and the `time` they had."""
    images, compositions = blank(n, shape), asked_compositions(composition, n, random, noise)
    times = asked_numbers("time", time, n, random, 1.0, LATEST)
    seeds = streams(n, random)
    for rows in _chunks(times, shape, chunk):
        start = _mixture(compositions[rows], shape, noise, [seeds[row] for row in rows.tolist()])
        images[rows] = (_evolved(start, times[rows]) > 0).to(torch.uint8)
        if progress is not None:
            progress(len(rows))
    return Labelled(images, 2, {"composition": compositions, "time": times})


def asked_compositions(composition: Asked, n: int, random: torch.Generator, noise: float) -> Tensor:
    """The mean of each mixture, [n]: one that demixes from this `noise`, which is checked too."""
    if not 0.001 <= noise <= 0.5:
        raise RequestError(f"noise={noise:g}: expected 0.001 to 0.5, the spread of u at the start")
    limits = "a mixture with less of one phase does not demix from this noise"
    return asked_numbers("composition", composition, n, random, -0.45, 0.45, limits)


def mixture(composition: Tensor, shape: tuple[int, ...], noise: float, random: torch.Generator) -> Tensor:
    """Fields before they demix, [n, *shape]: white noise about a mean that is each `composition`."""
    return _mixture(composition, shape, noise, streams(len(composition), random))


def evolve(u: Tensor, time: float | Tensor, chunk: int = 0) -> Tensor:
    """The fields [n, *shape] after a time of their own each, in the precision they come in."""
    times = torch.as_tensor(time, dtype=torch.float64).expand(len(u))
    if not bool((times > 0).all()):
        raise RequestError(f"time={float(times.min()):g}: expected more than 0")
    after = torch.empty_like(u)
    for rows in _chunks(times, tuple(u.shape[1:]), chunk):
        after[rows] = _evolved(u[rows], times[rows])
    return after


def free_energy(u: Tensor) -> Tensor:
    """What never rises, [n]: the mean over the grid of (u^2 - 1)^2 / 4 + |grad u|^2 / 2."""
    axes = tuple(range(1, u.ndim))
    power = torch.fft.fftn(u, dim=axes, norm="forward").abs().square()
    gradient = (power * _squared(tuple(u.shape[1:]), u.dtype)).sum(axes)
    energy: Tensor = (u.square() - 1).square().mean(axes) / 4 + gradient / 2
    return energy


def growth(wavenumber: float, composition: float, step: float) -> float:
    """What one step multiplies a small Fourier mode with, before anything demixes.

    As the step goes to nothing this is exp(step k^2 (1 - 3 m^2 - k^2)): waves longer than the critical one grow.
    """
    k2 = wavenumber**2
    driven = 1 + step * k2 * (1 + _STABILISER - 3 * composition**2)
    return driven / (1 + step * (_STABILISER * k2 + k2 * k2))


def lever_rule(composition: Tensor) -> Tensor:
    """The fraction of phase 1 once both phases are pure; curved interfaces hold back a little of the rarer one."""
    return (1 + composition) / 2


def _chunks(times: Tensor, shape: tuple[int, ...], chunk: int) -> Iterator[Tensor]:
    """Rows that are evolved together, an even number, those of longest time first and last in each."""
    if chunk < 0:
        raise RequestError(f"chunk={chunk}: expected how many images to evolve together, or 0")
    pairs = max(1, (chunk or _CACHED // prod(shape)) // 2)
    yield from times.argsort(descending=True, stable=True).split(2 * pairs)


def _mixture(composition: Tensor, shape: tuple[int, ...], noise: float, seeds: Sequence[int]) -> Tensor:
    u = torch.empty(len(seeds), *shape)
    own = torch.Generator()
    for field, seed in zip(u, seeds, strict=True):
        field.normal_(0, noise, generator=own.manual_seed(seed))
        field -= field.mean()
    return u.add_(composition.to(u).reshape(-1, *[1] * len(shape)))


def _evolved(u: Tensor, times: Tensor) -> Tensor:
    """The fields after their times, which descend: those that end are the last of those that go on."""
    shape, after = tuple(u.shape[1:]), torch.empty_like(u)
    axes, k2 = tuple(range(1, u.ndim)), _squared(shape, torch.float64)
    odd = u[1::2] if len(u) % 2 == 0 else torch.cat([u[1::2], torch.zeros_like(u[:1])])
    spectrum = torch.fft.fftn(torch.complex(u[::2].contiguous(), odd.contiguous()), dim=axes)  # [pairs, *shape]
    alive, clock, factors = len(u), 0.0, dict[float, tuple[Tensor, Tensor]]()
    while alive:
        z = torch.view_as_real(torch.fft.ifftn(spectrum, dim=axes))
        force = torch.fft.fftn(torch.view_as_complex(z.pow_(3)), dim=axes)
        step = next(step for until, step in _STEPS if clock < until)
        going = int((times > clock + step).sum())
        for end in times[going:alive].unique().tolist():
            rows = (times == end).nonzero().flatten()
            some = slice(int(rows[0]) // 2, int(rows[-1]) // 2 + 1)
            last = _factors(end - clock, k2, u.dtype)
            ended = torch.fft.ifftn(_advanced(spectrum[some].clone(), force[some].clone(), *last), dim=axes)
            fields = torch.view_as_real(ended).movedim(-1, 1).flatten(0, 1)  # [2 pairs, *shape]
            after[rows] = fields[rows - 2 * some.start]
        alive, pairs = going, (going + 1) // 2
        if step not in factors:
            factors[step] = _factors(step, k2, u.dtype)
        spectrum, clock = _advanced(spectrum[:pairs], force[:pairs], *factors[step]), clock + step
    return after


def _advanced(spectrum: Tensor, force: Tensor, kept: Tensor, driven: Tensor) -> Tensor:
    """A step; both spectra are overwritten. As real numbers, because torch would multiply them as complex ones."""
    torch.view_as_real(spectrum).mul_(kept).sub_(torch.view_as_real(force).mul_(driven))
    return spectrum


def _factors(step: float, k2: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """What a step does to the spectrum of u and to that of u^3, once for each of a complex number's parts."""
    implicit = 1 + step * (_STABILISER * k2 + k2 * k2)
    kept, driven = (1 + step * (1 + _STABILISER) * k2) / implicit, step * k2 / implicit
    kept, driven = (torch.stack([one, one], -1).to(dtype) for one in (kept, driven))  # [*shape, 2]
    return kept, driven


def _squared(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """The squared wavenumber of each entry of a spectrum."""
    axes = torch.meshgrid(*(2 * torch.pi * torch.fft.fftfreq(side, dtype=dtype) for side in shape), indexing="ij")
    return torch.stack([axis.square() for axis in axes]).sum(0)
