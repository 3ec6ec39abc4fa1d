"""The variational autoencoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Bound, Constrained, Drawn, Placing, Predicting, Spread
from sciencegen.core.space import Space
from sciencegen.errors import RequestError
from sciencegen.families.vae.decoders import Likelihood, Spelling
from sciencegen.families.vae.posteriors import Posterior
from sciencegen.families.vae.priors import Prior, Standard
from sciencegen.nets.causal.entries import least_removed
from sciencegen.nets.conditioner import Conditioner

__all__ = ["VAE"]


class VAE(Placing, Predicting, Constrained):
    """A latent variable model with an amortised posterior (Auto-Encoding Variational Bayes; Kingma, Welling; 2013).

    `encoder(floats, context)` gives an encoding, `posterior` latents of it, `decoder(z, context)` the numbers that
    `likelihood` reads. An encoder that is not `dense` is given entries rather than floats. `predictor(z)` is for the
    properties that latents are to know, `prior` where latents are drawn from: a standard normal unless it is learned.
    Where encoder and decoder are `blind`, the prior alone is told what is known: latents say everything.
    """

    def __init__(
        self,
        space: Space,
        encoder: nn.Module,
        posterior: Posterior,
        decoder: nn.Module,
        likelihood: Likelihood,
        conditioner: Conditioner,
        dense: bool = True,
        predictor: nn.Module | None = None,
        prior: Prior | None = None,
        blind: bool = False,
    ) -> None:
        super().__init__()
        self.space, self.conditioner = space, conditioner
        self.encoder, self.posterior, self.decoder, self.likelihood = encoder, posterior, decoder, likelihood
        self.dense, self.predictor, self.latent_prior, self.blind = dense, predictor, prior or Standard(), blind
        self.knobs: Spread = likelihood.knobs

    def lean(self) -> VAE:
        lean = self.likelihood.lean()
        if lean is self.likelihood:
            return self
        parts = (self.space, self.encoder, self.posterior, self.decoder, lean, self.conditioner)
        copied = VAE(*parts, self.dense, self.predictor, self.latent_prior, self.blind).eval()
        copied.knobs = self.knobs
        return copied

    def bound(self, x: Tensor, condition: Condition | None = None) -> Bound:
        context = self._told(condition, len(x))
        draw = self.posterior(self._encoding(x, context), 1)
        distortion = -self.likelihood.log_prob(self._numbers(draw.z[0], context), x.flatten(1))
        return Bound(distortion, self.latent_prior.rate(draw, self.conditioner(condition, len(x))), draw.z[0])

    @property
    def places(self) -> nn.Module:
        return self.latent_prior

    def rate(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        with torch.no_grad():
            draw = self.posterior(self._encoding(x, self._told(condition, len(x))), 1)
        return self.latent_prior.rate(draw, self.conditioner(condition, len(x)))

    def log_weights(self, x: Tensor, condition: Condition | None = None, draws: int = 1) -> Tensor:
        context = self._told(condition, len(x))
        draw = self.posterior(self._encoding(x, context), draws)
        numbers = self._numbers(draw.z.flatten(0, 1), context.repeat(draws, 1))
        log_x = self.likelihood.log_prob(numbers.view(draws, len(x), *numbers.shape[1:]), x.flatten(1))
        log_z = self.latent_prior.log_prob(draw.z, self.conditioner(condition, len(x)))
        joint: Tensor = log_x + log_z - draw.log_q
        return joint

    @torch.no_grad()
    def encode(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        return self.posterior.typical(self._encoding(x, self._told(condition, len(x))))

    @torch.no_grad()
    def decode(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        numbers = self._numbers(z, self._told(condition, len(z)))
        return self.likelihood.mode(numbers).view(len(z), *self.space.shape)

    @torch.no_grad()
    def encodings(self, x: Tensor, condition: Condition | None = None, draws: int = 1) -> Tensor:
        drawn: Tensor = self.posterior(self._encoding(x, self._told(condition, len(x))), draws).z
        return drawn

    @torch.no_grad()
    def spelled(self, z: Tensor, condition: Condition | None = None) -> Drawn:
        found = self.likelihood.draw(self._numbers(z, self._told(condition, len(z))), self.knobs)
        return Drawn(found.x.view(len(z), *self.space.shape), found.removed_logmass)

    def prior(self, n: int, condition: Condition | None = None) -> Tensor:
        return self._prior(n, condition, 1.0)

    @torch.no_grad()
    def _prior(self, n: int, condition: Condition | None, temperature: float) -> Tensor:
        noise = temperature * self.noise(n, self.posterior.latent)
        z = self.latent_prior.to_latents(noise, self.conditioner(condition, n))
        guidance = self.knobs.guidance if isinstance(self.knobs, Spelling) else 1.0
        if guidance != 1 and not self.latent_prior.told:
            raise RequestError(
                f"guidance={guidance:g}: this model's prior is the same whatever is asked: leave it at 1"
            )
        if guidance != 1 and condition is not None:
            z = torch.lerp(self.latent_prior.to_latents(noise, self.conditioner(None, n)), z, guidance)
        return z

    def predict(self, z: Tensor) -> Tensor:
        if self.predictor is None:
            raise RequestError("this model's latents were not taught to know properties: train it with regress=1")
        values: Tensor = self.predictor(z)
        return values

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.drawn(n, condition).x

    @torch.no_grad()
    def drawn(self, n: int, condition: Condition | None = None) -> Drawn:
        shared = condition is None or len(condition) == 1

        def draw(rows: int) -> Drawn:
            asked = condition if condition is None or shared else condition.repeat(rows // n)
            return self.spelled(self._prior(rows, asked, self.knobs.temperature), asked)

        return least_removed(draw, n, self.knobs.keep if isinstance(self.knobs, Spelling) else 1.0, shared)

    @property
    def constrained(self) -> bool:
        return self.likelihood.constrained

    def _told(self, condition: Condition | None, n: int) -> Tensor:
        """The context of encoder and decoder."""
        told: Tensor = self.conditioner(None if self.blind else condition, n)
        return told

    def _encoding(self, x: Tensor, context: Tensor) -> Tensor:
        h: Tensor = self.encoder(self.space.floats(x).to(self.dtype) if self.dense else x.long(), context)
        return h

    def _numbers(self, z: Tensor, context: Tensor) -> Tensor:
        numbers: Tensor = self.decoder(z, context)
        return self.likelihood.shaped(numbers.float().to(self.dtype), self.space.size)
