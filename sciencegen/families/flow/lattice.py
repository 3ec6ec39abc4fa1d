"""Transforms of fields on a periodic square lattice that know its symmetries."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.root import root
from sciencegen.nets.conditioner import Inject
from sciencegen.nets.conv import Convolution

__all__ = ["FreeField", "OddCoupling"]


class FreeField(Transform):
    """Noise made a free field: x = F^-1 (F z / sqrt(2 (a k^2 + m))), with the lattice's own k^2 and learned a and m.

    What is left for other transforms is how the field interacts. Both directions are exact and cheap.
    """

    cheap = "both"

    def __init__(self, side: int, context: int = 0) -> None:
        super().__init__()
        wave = 2 - 2 * torch.cos(2 * math.pi * torch.fft.fftfreq(side, dtype=torch.float64))
        self.register_buffer("waves", (wave[:, None] + wave).to(torch.get_default_dtype()), persistent=False)
        self.side = side
        self.log_stiffness, self.log_mass = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))
        self.inject = Inject(context, 2)

    def _log_spread(self, context: Tensor) -> Tensor:
        """The log of the standard deviation of every wave: [n, side, side]."""
        assert isinstance(self.waves, Tensor)
        both = self.inject(torch.stack((self.log_stiffness, self.log_mass)).expand(len(context), 2), context)
        stiffness, mass = both.clamp(-20, 20).exp().unbind(1)
        log_spread: Tensor = -0.5 * (2 * (stiffness[:, None, None] * self.waves + mass[:, None, None])).log()
        return log_spread

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return self._scaled(x, -self._log_spread(context))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return self._scaled(z, self._log_spread(context))

    def _scaled(self, x: Tensor, log_scale: Tensor) -> Mapped:
        waves = torch.fft.fft2(x.view(len(x), self.side, self.side))
        scaled = torch.fft.ifft2(waves * log_scale.exp()).real
        return Mapped(scaled.flatten(1), log_scale.flatten(1).sum(1))


class OddCoupling(Transform):
    """One colour of a checkerboard moved by a net that reads the other: x = u + a tanh(b u), u = z exp(s) + t.

    The shift t is odd in what is read and s, a and b are even, so the whole is odd: a density that does not tell f from
    -f stays so (Equivariant flows; Koehler, Klein, Noe; 2020). Samples are a formula; a density solves it for z.
    """

    cheap = "both"
    exact = "to_data"

    def __init__(self, side: int, width: int, context: int = 0, odd: bool = False, bound: float = 1.5) -> None:
        super().__init__()
        colour = (torch.arange(side)[:, None] + torch.arange(side)) % 2
        self.register_buffer("moved", (colour == int(odd)).to(torch.get_default_dtype()), persistent=False)
        self.side, self.bound = side, bound
        self.read = Convolution(1, 2 * width, 2, shift=False)
        self.shift = Convolution(width, 1, 2, shift=False)
        self.even = Convolution(width, width, 2)
        self.inject = Inject(context, width)
        self.shape = Convolution(width, 3, 2)
        for layer in (self.shift, self.shape):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def _bend(self, kept: Tensor, context: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Shift, log-scale, height and steepness at every site."""
        one, other = self.read(kept[:, None]).chunk(2, 1)
        shift = self.shift(torch.tanh(one))[:, 0]
        hidden = self.even(other.square()).movedim(1, -1)
        scale, height, steep = self.shape(F.silu(self.inject(hidden, context)).movedim(-1, 1)).to(kept.dtype).unbind(1)
        return shift, self.bound * torch.tanh(scale), F.softplus(height - 2), F.softplus(steep + 0.5)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        moved, field = self._moved(), z.view(len(z), self.side, self.side)
        shift, scale, height, steep = self._bend(field * (1 - moved), context)
        u = field * scale.exp() + shift
        bent = torch.tanh(steep * u)
        log_volume = scale + torch.log1p(height * steep * (1 - bent.square()))
        x = field.lerp(u + height * bent, moved)
        return Mapped(x.flatten(1), (moved * log_volume).flatten(1).sum(1))

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        moved, field = self._moved(), x.view(len(x), self.side, self.side)
        shift, scale, height, steep = self._bend(field * (1 - moved), context)
        u = _solved(field, height, steep)
        bent = torch.tanh(steep * u)
        log_volume = scale + torch.log1p(height * steep * (1 - bent.square()))
        z = field.lerp((u - shift) * torch.exp(-scale), moved)
        return Mapped(z.flatten(1), -(moved * log_volume).flatten(1).sum(1))

    def _moved(self) -> Tensor:
        assert isinstance(self.moved, Tensor)
        return self.moved


def _solved(x: Tensor, height: Tensor, steep: Tensor) -> Tensor:
    """u of x = u + height tanh(steep u), differentiably."""

    def rising(u: Tensor) -> tuple[Tensor, Tensor]:
        bent = torch.tanh(steep * u)
        return u + height * bent - x, 1 + height * steep * (1 - bent.square())

    margin = 1e-3 * (1 + x.detach().abs())
    return root(rising, x.detach() - height.detach() - margin, x.detach() + height.detach() + margin)
