"""Generators: what you keep after training, and the capabilities one may have."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition, Given
from sciencegen.core.space import Space
from sciencegen.errors import RequestError, UnknownName

__all__ = [
    "Bound",
    "Completing",
    "Completion",
    "Constrained",
    "Density",
    "Drawn",
    "Energy",
    "Generator",
    "Knobs",
    "Latent",
    "Pathwise",
    "Placing",
    "Predicting",
    "Pushforward",
    "Scored",
    "Sizes",
    "Spread",
    "Tractable",
    "Translating",
    "Variational",
    "Velocity",
    "capabilities",
    "positive",
]


@dataclass(frozen=True)
class Knobs:
    """What may be turned when sampling. Families extend it; every knob is a number."""

    def turned(self, **values: float) -> Knobs:
        """The same knobs with some of them turned; names and ranges are checked."""
        names = [knob.name for knob in fields(self)]
        for name in values:
            if name not in names:
                raise UnknownName("sampling knob", name, names)
            if isinstance(getattr(self, name), int) and values[name] != int(values[name]):
                raise RequestError(f"{name}={values[name]}: expected a whole number")
        return replace(self, **{k: type(getattr(self, k))(v) for k, v in values.items()})


def positive(name: str, value: float) -> None:
    """Refuse a knob that must be above zero."""
    if not value > 0:
        raise RequestError(f"{name}={value}: expected a number above 0")


@dataclass(frozen=True)
class Spread(Knobs):
    """How far from its middle the noise is drawn: below 1 gives typical samples, above 1 unusual ones."""

    temperature: float = 1.0

    def __post_init__(self) -> None:
        positive("temperature", self.temperature)


@dataclass(frozen=True)
class Sizes(Spread):
    """How unusual noise is, and how many pixels the sides of a sample have; 0 for as many as the data."""

    size: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size < 0:
            raise RequestError(f"size={self.size}: expected a number of pixels, or 0 for as many as the data have")


class Generator(nn.Module, ABC):
    """Something that draws samples of a space, given what is known of them."""

    space: Space
    knobs: Knobs

    @abstractmethod
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        """Draw `n` samples [n, *space.shape]; a condition has one row, or `n`."""

    def lean(self) -> Generator:
        """A copy that draws faster in half precision, where there is a way to; otherwise the generator itself."""
        return self

    def compiled(self) -> Generator:
        """A copy of the same weights that draws with compiled steps, where there are steps; otherwise itself.

        Compiling takes tens of seconds, once a process, when the first sample is drawn.
        """
        return self

    @property
    def together(self) -> int:
        """How many samples are drawn at a time, at most."""
        return 1024

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    def noise(self, *shape: int) -> Tensor:
        """Standard normal numbers where the generator lives."""
        return torch.randn(*shape, device=self.device, dtype=self.dtype)


@dataclass(frozen=True)
class Drawn:
    """Samples, and the log-probability that a constraint took away from what the net had learned on the way to each."""

    x: Tensor  # [n, *shape]
    removed_logmass: Tensor | None = None
    """[n], 0 where nothing was forbidden that the net would have drawn; None where nothing can be."""


class Density(Generator):
    """A generator that can say how probable a sample is."""

    @abstractmethod
    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        """The log-probability (or log-density) of each row of `x`: [n]."""


class Pathwise(Generator):
    """A generator whose samples carry gradients to its parameters."""

    @abstractmethod
    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        """Draw as `sample` does, differentiably."""

    def rview(self, n: int, condition: Condition | None = None) -> Tensor:
        """Draw what data show of `n` samples, differentiably: all of them, or slices where data are slices."""
        return self.rsample(n, condition)


@dataclass(frozen=True)
class Scored:
    """Samples, and the log-density of each where it was drawn."""

    x: Tensor  # [n, *shape]
    log_prob: Tensor  # [n]


class Tractable(Density, Pathwise):
    """A density that knows that of a sample as soon as it is drawn, from the same pass and differentiably."""

    @abstractmethod
    def rscored(self, n: int, condition: Condition | None = None) -> Scored:
        """Draw as `rsample` does, with log-densities."""

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rscored(n, condition).x


class Velocity(Generator):
    """A generator that carries noise to samples in time, and knows how they move."""

    @abstractmethod
    def velocity(self, x: Tensor, t: Tensor, condition: Condition | None = None) -> Tensor:
        """How each row of `x` moves at its time, from 0, where it is noise, to 1, where it is a sample: [n, *shape]."""


class Pushforward(Pathwise):
    """A generator whose samples are a differentiable function of standard normal noise that can be held fixed."""

    @abstractmethod
    def prior(self, n: int) -> Tensor:
        """Draw the noise of `n` samples."""

    @abstractmethod
    def decoded(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        """The samples of noise, differentiably: the same noise gives the same sample."""

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.decoded(self.prior(n), condition)


class Translating(Pathwise):
    """A generator that makes samples of others that are given, and those again of samples."""

    source: Given
    """What samples are made of."""

    @abstractmethod
    def across(self, source: Tensor, condition: Condition | None = None) -> Tensor:
        """A sample made of each row of `source`, differentiably."""

    @abstractmethod
    def back(self, x: Tensor) -> Tensor:
        """What each sample could have been made of, differentiably."""

    @abstractmethod
    def reversed(self) -> Translating:
        """The same weights the other way round: its samples are what this one's are made of."""


@dataclass(frozen=True)
class Bound:
    """The two halves of the evidence bound: log p(x) >= -(distortion + rate)."""

    distortion: Tensor  # [n]
    rate: Tensor  # [n]
    z: Tensor | None = None
    """The latents drawn [n, latent], where the generator has a latent space of vectors."""


class Variational(Generator):
    """A generator that knows a lower bound of log p(x), and can tighten it."""

    at_once = 50
    """How many draws an estimate takes together."""

    @abstractmethod
    def bound(self, x: Tensor, condition: Condition | None = None) -> Bound:
        """The evidence bound with one draw of the posterior."""

    @abstractmethod
    def log_weights(self, x: Tensor, condition: Condition | None = None, draws: int = 1) -> Tensor:
        """log p(x, z) - log q(z | x) of `draws` posterior draws: [draws, n]."""

    def estimate(self, x: Tensor, condition: Condition | None = None, draws: int = 500) -> Tensor:
        """The importance-sampled estimate of log p(x) with at least so many draws, a few at a time: [n]."""
        at_once = min(draws, self.at_once)
        weights = torch.cat([self.log_weights(x, condition, at_once) for _ in range(-(-draws // at_once))])
        return weights.logsumexp(0) - math.log(len(weights))


class Placing(Variational):
    """A generator that learns where its latents lie, given what is known, and can learn that alone."""

    @property
    @abstractmethod
    def places(self) -> nn.Module:
        """What knows where they lie: the prior."""

    @abstractmethod
    def rate(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        """The rate of the evidence bound with one draw of the posterior, without its distortion: [n]."""


class Latent(Generator):
    """A generator with a latent space that can be walked in."""

    @abstractmethod
    def encode(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        """The most typical latent of each row of `x`."""

    @abstractmethod
    def decode(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        """The most typical sample of each latent."""

    @abstractmethod
    def prior(self, n: int, condition: Condition | None = None) -> Tensor:
        """Draw `n` latents."""

    def encodings(self, x: Tensor, condition: Condition | None = None, draws: int = 1) -> Tensor:
        """Latents drawn for each row of `x`, where several could stand for it: [draws, n, latent]."""
        z = self.encode(x, condition)
        return z.expand(draws, *z.shape)

    def spelled(self, z: Tensor, condition: Condition | None = None) -> Drawn:
        """A sample drawn of each latent, where several could be."""
        return Drawn(self.decode(z, condition))


class Predicting(Latent):
    """A generator whose latents know properties."""

    @abstractmethod
    def predict(self, z: Tensor) -> Tensor:
        """The standardised values of the fields that are numbers, in order: [n, k]."""


@dataclass(frozen=True)
class Completion:
    """Completed samples, and the log-probability the model gave to what was known along the way."""

    x: Tensor  # [n, *shape]
    log_weight: Tensor  # [n]


class Completing(Generator):
    """A generator that can fill in what is missing of a sample."""

    @abstractmethod
    def complete(self, x: Tensor, known: Tensor, condition: Condition | None = None, particles: int = 1) -> Completion:
        """Keep the entries that are `known` (booleans shaped like `x`, or like one sample), and draw the others."""


class Constrained(Generator):
    """A generator that may be held to a constraint, and says what that cost."""

    @property
    @abstractmethod
    def constrained(self) -> bool:
        """Whether draws are kept from anything that was learned."""

    @abstractmethod
    def drawn(self, n: int, condition: Condition | None = None) -> Drawn:
        """Draw as `sample` does."""


class Energy(Generator):
    """A generator that knows an unnormalised density, exp(-energy)."""

    @abstractmethod
    def energy(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        """The energy of each row of `x`: [n]."""


def capabilities(generator: Generator) -> list[str]:
    """The capabilities a generator has, in words a user reads."""
    named: dict[str, Any] = {
        "density": Density,
        "bound": Variational,
        "latent space": Latent,
        "gradients": Pathwise,
        "samples with their density": Tractable,
        "recovery": Pushforward,
        "translation both ways": Translating,
        "energy": Energy,
        "completion": Completing,
        "predictor": Predicting,
    }
    return [word for word, capability in named.items() if isinstance(generator, capability)]
