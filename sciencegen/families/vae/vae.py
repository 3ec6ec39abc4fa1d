"""The variational autoencoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Bound, Latent, Spread, Variational
from sciencegen.core.normal import log_normal
from sciencegen.core.space import Space
from sciencegen.families.vae.decoders import Likelihood
from sciencegen.families.vae.posteriors import Posterior
from sciencegen.nets.conditioner import Conditioner

__all__ = ["VAE"]


class VAE(Variational, Latent):
    """A latent variable model with an amortised posterior (Auto-Encoding Variational Bayes; Kingma, Welling; 2013).

    `encoder(floats, context)` gives an encoding, `posterior` latents of it, `decoder(z, context)` the numbers that
    `likelihood` reads.
    """

    def __init__(
        self,
        space: Space,
        encoder: nn.Module,
        posterior: Posterior,
        decoder: nn.Module,
        likelihood: Likelihood,
        conditioner: Conditioner,
    ) -> None:
        super().__init__()
        self.space, self.conditioner = space, conditioner
        self.encoder, self.posterior, self.decoder, self.likelihood = encoder, posterior, decoder, likelihood
        self.knobs: Spread = Spread()

    def bound(self, x: Tensor, condition: Condition | None = None) -> Bound:
        context = self.conditioner(condition, len(x))
        draw = self.posterior(self._encoding(x, context), 1)
        distortion = -self.likelihood.log_prob(self._numbers(draw.z[0], context), x.flatten(1))
        return Bound(distortion, draw.rate)

    def log_weights(self, x: Tensor, condition: Condition | None = None, draws: int = 1) -> Tensor:
        context = self.conditioner(condition, len(x))
        draw = self.posterior(self._encoding(x, context), draws)
        numbers = self._numbers(draw.z.flatten(0, 1), context.repeat(draws, 1))
        log_x = self.likelihood.log_prob(numbers.view(draws, len(x), *numbers.shape[1:]), x.flatten(1))
        joint: Tensor = log_x + log_normal(draw.z) - draw.log_q
        return joint

    @torch.no_grad()
    def encode(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        return self.posterior.typical(self._encoding(x, self.conditioner(condition, len(x))))

    @torch.no_grad()
    def decode(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        numbers = self._numbers(z, self.conditioner(condition, len(z)))
        return self.likelihood.mode(numbers).view(len(z), *self.space.shape)

    def prior(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.noise(n, self.posterior.latent)

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        z = self.knobs.temperature * self.prior(n, condition)
        return self.likelihood.draw(self._numbers(z, self.conditioner(condition, n))).view(n, *self.space.shape)

    def _encoding(self, x: Tensor, context: Tensor) -> Tensor:
        h: Tensor = self.encoder(self.space.floats(x).to(self.dtype), context)
        return h

    def _numbers(self, z: Tensor, context: Tensor) -> Tensor:
        numbers: Tensor = self.decoder(z, context)
        return numbers.float().to(self.dtype).view(len(z), self.space.size, self.likelihood.numbers)
