"""Where a field may begin: a Gaussian random field whose level set is, in closed form, already what is asked for."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition, Continuous
from sciencegen.families.fields.fields import Start

__all__ = ["GaussianStart"]

_LONGEST = 4
"""A side holds so many lengths of correlation, or more."""


class GaussianStart(Start):
    """Makes the first map of noise a field of covariance exp(-r^2 / 2 l^2), less the level above which the share asked
    for lies, with l such that the level set has the surface asked for.

    A Gaussian field of two axes has a perimeter of exp(-a^2 / 2) / (2 l) per area at the level a, one of three a
    surface of 2 exp(-a^2 / 2) / (pi l) per volume (The Geometry of Random Fields; Adler; 1981). What is not asked for
    is drawn from what training saw, by the second map: the same noise gives the same field. `columns` say where the
    two fields stand among the numbers of a condition. The unit of lengths is learned, from the `spacing` of pixels on.
    """

    def __init__(self, columns: tuple[int, int], share: Continuous, surface: Continuous, spacing: float = 1.0) -> None:
        super().__init__()
        self.columns, self.share, self.surface = columns, share, surface
        self.log_pixel = nn.Parameter(torch.tensor(math.log(spacing)))

    def forward(self, noise: Tensor, condition: Condition | None) -> Tensor:
        white, beside = noise[:, 0], noise[:, 1]
        share, surface = self._asked(beside, condition)
        level = -torch.special.ndtri(share.clamp(0.02, 0.98))
        side = min(white.shape[1:])
        shape = 0.5 if white.dim() == 3 else 2 / math.pi
        length = shape * torch.exp(-level.square() / 2) / (surface * self.log_pixel.exp()).clamp_min(1e-6)
        field = _smoothed(white, length.clamp(1.0, side / _LONGEST)) - _spread(level, white)
        return torch.cat((field[:, None], noise[:, 1:]), 1)

    def _asked(self, noise: Tensor, condition: Condition | None) -> tuple[Tensor, Tensor]:
        """The share and the surface of each sample: what was asked for, or else what the noise says."""
        n, many = len(noise), noise[0].numel()
        waves = (torch.ones(many, device=noise.device), 1 - 2.0 * (torch.arange(many, device=noise.device) % 2))
        found = []
        for column, field, wave in zip(self.columns, (self.share, self.surface), waves, strict=True):
            value = (noise.flatten(1) * wave.to(noise.dtype)).sum(1) / many**0.5  # each standard normal, independently
            if condition is not None:
                known = condition.known[:, column].expand(n)
                value = condition.values[:, column].to(value.dtype).expand(n).where(known, value)
            found.append((value * field.std + field.mean).clamp(field.low, field.high))
        return found[0], found[1]


def _spread(level: Tensor, field: Tensor) -> Tensor:
    return level.view(-1, *(1,) * (field.dim() - 1))


def _smoothed(white: Tensor, length: Tensor) -> Tensor:
    """White noise [n, *sides] as periodic fields of these lengths [n], each of mean 0 and variance 1."""
    axes = tuple(range(1, white.dim()))
    sides = white.shape[1:]
    waves = [2 * math.pi * torch.fft.fftfreq(side, device=white.device) for side in sides[:-1]]
    waves.append(2 * math.pi * torch.fft.rfftfreq(sides[-1], device=white.device))
    squares = sum(wave.square().view(-1, *(1,) * (len(waves) - 1 - axis)) for axis, wave in enumerate(waves))
    assert isinstance(squares, Tensor)
    kept = torch.exp(-_spread(length.square(), white) / 4 * squares)
    field: Tensor = torch.fft.irfftn(torch.fft.rfftn(white, dim=axes) * kept, s=sides, dim=axes)
    field = field - field.mean(axes, keepdim=True)
    return field / field.square().mean(axes, keepdim=True).sqrt().clamp_min(1e-6)
