"""What is measured of samples when not all of them is: linear maps, and their adjoints."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.errors import RequestError

__all__ = ["Known", "Measurement", "Projections", "Spectrum", "columns", "norm", "projections", "variable_density"]

_MOST = 2**28
"""A gigabyte of random numbers is enough."""
_HIGH = 0.02
"""How often high frequencies are taken, where the lowest are taken with 1."""


class Measurement(ABC):
    """A linear map A of samples [n, channels, *sides] to what is measured of each, [n, m]."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of a sample: channels, *sides."""

    @abstractmethod
    def measure(self, x: Tensor) -> Tensor:
        """A x: [n, m]."""

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """A* y, shaped like samples: <A x, y> = <x, A* y>."""

    @abstractmethod
    def consistent(self, x: Tensor, y: Tensor) -> Tensor:
        """The samples nearest to `x` of which exactly `y` is measured: x + A*(A A*)^-1 (y - A x).

        Where `y` is free of noise they are nearer to the truth than `x`, whatever `x` is.
        """


@dataclass(frozen=True, eq=False)
class Projections(Measurement):
    """Sums of all pixels with weights that are the rows of a matrix."""

    rows: Tensor  # [m, channels * sides]
    of: tuple[int, ...]  # channels, *sides

    @property
    def shape(self) -> tuple[int, ...]:
        return self.of

    def measure(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.rows.to(x).T

    def adjoint(self, y: Tensor) -> Tensor:
        return (y @ self.rows.to(y)).view(-1, *self.shape)

    def consistent(self, x: Tensor, y: Tensor) -> Tensor:
        rows = self.rows.double()
        lacks = (y - self.measure(x)).double().cpu().T
        solved: Tensor = torch.cholesky_solve(lacks, torch.linalg.cholesky(rows @ rows.T))
        return x + self.adjoint(solved.T.to(x))


@dataclass(frozen=True, eq=False)
class Known(Measurement):
    """The pixels that are known, as they are; the others are not measured."""

    known: Tensor  # [*sides] bool
    channels: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, *self.known.shape)

    def measure(self, x: Tensor) -> Tensor:
        return x[..., self.known.to(x.device)].flatten(1)

    def adjoint(self, y: Tensor) -> Tensor:
        x = y.new_zeros(len(y), self.channels, *self.known.shape)
        x[..., self.known.to(y.device)] = y.view(len(y), self.channels, -1)
        return x

    def consistent(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.where(self.known.to(x.device), self.adjoint(y), x)


@dataclass(frozen=True, eq=False)
class Spectrum(Measurement):
    """Some points of the Fourier transform along all sides (k-space), real and imaginary parts one after the other.

    The transform is orthonormal. Samples are real, so that a frequency says what its opposite would say again.
    """

    kept: Tensor  # [*sides] bool, the zero frequency first along every side
    channels: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.channels, *self.kept.shape)

    def measure(self, x: Tensor) -> Tensor:
        return torch.view_as_real(self._transformed(x)[..., self.kept.to(x.device)]).flatten(1)

    def adjoint(self, y: Tensor) -> Tensor:
        return self._back(self._placed(y)).real

    def consistent(self, x: Tensor, y: Tensor) -> Tensor:
        # the real part of the spectrum's own inverse would halve what only one of two opposite frequencies says
        lacks = self._placed(y) - self._transformed(x) * self.kept.to(x.device)
        said = self.kept.to(x) + self._opposite(self.kept.to(x))
        return x + self._back((lacks + self._opposite(lacks).conj()) / said.clamp_min(1)).real

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(-self.kept.dim(), 0))

    def _transformed(self, x: Tensor) -> Tensor:
        spectrum: Tensor = torch.fft.fftn(x, dim=self._axes, norm="ortho")
        return spectrum

    def _back(self, spectrum: Tensor) -> Tensor:
        x: Tensor = torch.fft.ifftn(spectrum, dim=self._axes, norm="ortho")
        return x

    def _placed(self, y: Tensor) -> Tensor:
        points = torch.view_as_complex(y.view(len(y), self.channels, -1, 2))
        spectrum = points.new_zeros(len(y), self.channels, *self.kept.shape)
        spectrum[..., self.kept.to(y.device)] = points
        return spectrum

    def _opposite(self, spectrum: Tensor) -> Tensor:
        return spectrum.flip(self._axes).roll((1,) * len(self._axes), self._axes)


def projections(shape: Sequence[int], share: float, seed: int = 0) -> Projections:
    """Gaussian random projections: `share` times as many as a sample has numbers, with rows of length 1 or so.

    (Compressed Sensing; Donoho; 2006.)
    """
    size = math.prod(shape)
    many = max(1, round(_checked(share) * size))
    if many * size > _MOST:
        raise RequestError(f"gaussian:{share:g}: {many:,} projections of {size:,} numbers are too many; use kspace")
    rows = torch.randn(many, size, generator=torch.Generator().manual_seed(seed)) / math.sqrt(size)
    return Projections(rows, tuple(shape))


def variable_density(sides: Sequence[int], share: float, seed: int = 0, width: float = 0.16) -> Tensor:
    """Which points of k-space are kept: a `share` of them, dense where frequencies are below `width` cycles a pixel.

    (Sparse MRI; Lustig, Donoho, Pauly; 2007.)
    """
    far = torch.zeros(*sides)
    for axis, side in enumerate(sides):
        far = far + torch.fft.fftfreq(side).square().view(-1, *(1,) * (len(sides) - 1 - axis))
    often = torch.exp(-far / (2 * width**2)) + _HIGH
    many = max(1, round(_checked(share) * far.numel()))
    ranks = often.log() - torch.empty(*sides).exponential_(generator=torch.Generator().manual_seed(seed)).log()
    ranks.view(-1)[0] = float("inf")  # the mean is always taken
    kept = torch.zeros(far.numel(), dtype=torch.bool)
    kept[ranks.flatten().topk(many).indices] = True
    return kept.view(*sides)


def columns(sides: Sequence[int], acceleration: float, seed: int = 0, centre: float = 0.08) -> Tensor:
    """Which points of k-space are kept where whole columns are: one in `acceleration`, those in the centre all.

    (fastMRI: An Open Dataset and Benchmarks for Accelerated MRI; Zbontar and others; 2018.)
    """
    side = sides[-1]
    many = round(side / acceleration) if 1 <= acceleration < float("inf") else 0
    if not many:
        raise RequestError(f"columns:{acceleration:g}: expected an acceleration from 1 to {side}")
    inner = min(many, round(centre * side))
    ranks = torch.rand(side, generator=torch.Generator().manual_seed(seed))
    ranks = torch.where(torch.fft.fftfreq(side).abs() < inner / (2 * side), 2.0, ranks)
    ranks[0] = 3.0
    kept = torch.zeros(side, dtype=torch.bool)
    kept[ranks.topk(many).indices] = True
    return kept.expand(*sides).clone()


def norm(measurement: Measurement, x: Tensor, steps: int = 30) -> float:
    """The squared operator norm of A for samples shaped like `x`, by power iteration."""
    v, value = torch.randn(1, *x.shape[1:], generator=torch.Generator().manual_seed(0)).to(x), 0.0
    for _ in range(steps):
        v = measurement.adjoint(measurement.measure(v / v.norm()))
        value = float(v.norm())
    return value


def _checked(share: float) -> float:
    if not 0 < share <= 1:
        raise RequestError(f"{share:g} of what there is to measure: expected a share above 0, up to 1")
    return share
