"""Priors p(z | condition): where latents are drawn from when nothing is encoded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from sciencegen.core.normal import log_normal
from sciencegen.core.transform import Transform
from sciencegen.families.vae.posteriors import Draw

__all__ = ["Carried", "Prior", "Standard"]


class Prior(nn.Module, ABC):
    """A distribution of latents, given the context of a condition."""

    told: bool
    """Whether the context moves it."""

    @abstractmethod
    def log_prob(self, z: Tensor, context: Tensor) -> Tensor:
        """The log-density of latents z [..., n, latent], each row of its own context [n, width]: [..., n]."""

    @abstractmethod
    def rate(self, draw: Draw, context: Tensor) -> Tensor:
        """How far a posterior is from the prior [n], exact where there is a formula."""

    @abstractmethod
    def to_latents(self, noise: Tensor, context: Tensor) -> Tensor:
        """The latents [n, latent] that standard normal noise stands for."""


class Standard(Prior):
    """The standard normal, whatever is known."""

    told = False

    def log_prob(self, z: Tensor, context: Tensor) -> Tensor:
        return log_normal(z)

    def rate(self, draw: Draw, context: Tensor) -> Tensor:
        return draw.rate

    def to_latents(self, noise: Tensor, context: Tensor) -> Tensor:
        return noise


class Carried(Prior):
    """The standard normal carried through transforms that read the context, listed from latents to noise.

    It learns where the encodings lie, given what is known of them, so that what is asked can be followed although the
    latents say everything (Variational Lossy Autoencoder; Chen et al.; 2016).
    """

    told = True

    def __init__(self, transforms: Sequence[Transform]) -> None:
        super().__init__()
        self.transforms = nn.ModuleList(transforms)

    def log_prob(self, z: Tensor, context: Tensor) -> Tensor:
        draws = z.shape[:-1].numel() // len(context) if len(context) else 1
        x, context = z.reshape(-1, z.shape[-1]), context.repeat(draws, 1)
        log_volume = x.new_zeros(len(x))
        for transform in self.transforms:
            assert isinstance(transform, Transform)
            mapped = transform.to_noise(x, context)
            x, log_volume = mapped.x, log_volume + mapped.log_volume
        return (log_normal(x) + log_volume).view(z.shape[:-1])

    def rate(self, draw: Draw, context: Tensor) -> Tensor:
        return (draw.log_q - self.log_prob(draw.z, context)).mean(0)

    def to_latents(self, noise: Tensor, context: Tensor) -> Tensor:
        for transform in reversed(self.transforms):
            assert isinstance(transform, Transform)
            noise = transform.to_data(noise, context).x
        return noise
