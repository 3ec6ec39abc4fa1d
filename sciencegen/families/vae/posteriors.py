"""Posteriors q(z | x): diagonal, full-covariance and flow."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sciencegen.core.normal import log_normal
from sciencegen.core.transform import Transform

__all__ = ["Diagonal", "Draw", "Flowed", "Full", "Posterior"]


@dataclass(frozen=True)
class Draw:
    """Latents drawn from a posterior, how probable they were, and how far the posterior is from the prior."""

    z: Tensor  # [draws, n, latent]
    log_q: Tensor  # [draws, n]
    rate: Tensor  # [n], KL(q || standard normal), exact where there is a formula


class Posterior(nn.Module, ABC):
    """A distribution of latents, given what the encoder says of a sample."""

    latent: int

    @abstractmethod
    def forward(self, h: Tensor, draws: int) -> Draw:
        """Draw latents, differentiably, for encodings h [n, width]."""

    @abstractmethod
    def typical(self, h: Tensor) -> Tensor:
        """The latent an encoding stands for [n, latent]."""


class Diagonal(Posterior):
    """Independent normals (Auto-Encoding Variational Bayes; Kingma, Welling; 2013)."""

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        self.latent, self.linear = latent, nn.Linear(width, 2 * latent)

    def _moments(self, h: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_std = self.linear(h).float().to(self.linear.weight.dtype).chunk(2, -1)
        return mean, 6 * torch.tanh(log_std / 6)  # bounded, so that no encoding can overflow the rate

    def forward(self, h: Tensor, draws: int) -> Draw:
        mean, log_std = self._moments(h)
        noise = torch.randn(draws, *mean.shape, device=mean.device, dtype=mean.dtype)
        rate = 0.5 * (mean.square() + (2 * log_std).exp() - 1).sum(-1) - log_std.sum(-1)
        return Draw(mean + log_std.exp() * noise, log_normal(noise) - log_std.sum(-1), rate)

    def typical(self, h: Tensor) -> Tensor:
        return self._moments(h)[0]


class Full(Posterior):
    """A normal with a full covariance, through its Cholesky factor."""

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.linear = nn.Linear(width, latent + latent * (latent + 1) // 2)
        with torch.no_grad():  # start near a diagonal: off-diagonal terms are many
            self.linear.weight[latent:].mul_(0.1)

    def _moments(self, h: Tensor) -> tuple[Tensor, Tensor]:
        numbers = self.linear(h).float().to(self.linear.weight.dtype)
        mean, lower = numbers[:, : self.latent], numbers[:, self.latent :]
        i, j = torch.tril_indices(self.latent, self.latent, device=h.device)
        factor = lower.new_zeros(len(lower), self.latent, self.latent).index_put(
            (torch.arange(len(lower), device=h.device)[:, None], i, j), lower
        )
        diagonal = F.softplus(factor.diagonal(dim1=1, dim2=2) + math.log(math.e - 1)) + 1e-4
        return mean, factor.tril(-1) + torch.diag_embed(diagonal)

    def forward(self, h: Tensor, draws: int) -> Draw:
        mean, factor = self._moments(h)
        noise = torch.randn(draws, *mean.shape, device=mean.device, dtype=mean.dtype)
        z = mean + torch.einsum("nij,knj->kni", factor, noise)
        log_volume = factor.diagonal(dim1=1, dim2=2).log().sum(-1)
        rate = 0.5 * (mean.square().sum(-1) + factor.square().sum((1, 2)) - self.latent) - log_volume
        return Draw(z, log_normal(noise) - log_volume, rate)

    def typical(self, h: Tensor) -> Tensor:
        return self._moments(h)[0]


class Flowed(Posterior):
    """Another posterior carried through transforms that read the encoding as their context.

    Variational Inference with Normalizing Flows; Rezende, Mohamed; 2015. The rate has no formula and is estimated
    from the draws.
    """

    def __init__(self, base: Posterior, transforms: Sequence[Transform]) -> None:
        super().__init__()
        self.latent, self.base, self.transforms = base.latent, base, nn.ModuleList(transforms)

    def _carry(self, z: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        log_volume = z.new_zeros(len(z))
        for transform in self.transforms:
            assert isinstance(transform, Transform)
            mapped = transform.to_data(z, h)
            z, log_volume = mapped.x, log_volume + mapped.log_volume
        return z, log_volume

    def forward(self, h: Tensor, draws: int) -> Draw:
        start: Draw = self.base(h, draws)
        z, log_volume = self._carry(start.z.flatten(0, 1), h.repeat(draws, 1))
        z, log_q = z.view_as(start.z), start.log_q - log_volume.view_as(start.log_q)
        return Draw(z, log_q, (log_q - log_normal(z)).mean(0))

    def typical(self, h: Tensor) -> Tensor:
        return self._carry(self.base.typical(h), h)[0]
