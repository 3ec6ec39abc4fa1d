"""Generators: what you keep after training, and the capabilities one may have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.space import Space
from sciencegen.errors import RequestError, UnknownName

__all__ = [
    "Bound",
    "Completing",
    "Completion",
    "Density",
    "Energy",
    "Generator",
    "Knobs",
    "Latent",
    "Pathwise",
    "Spread",
    "Variational",
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

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    def noise(self, *shape: int) -> Tensor:
        """Standard normal numbers where the generator lives."""
        return torch.randn(*shape, device=self.device, dtype=self.dtype)


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


@dataclass(frozen=True)
class Bound:
    """The two halves of the evidence bound: log p(x) >= -(distortion + rate)."""

    distortion: Tensor  # [n]
    rate: Tensor  # [n]


class Variational(Generator):
    """A generator that knows a lower bound of log p(x), and can tighten it."""

    @abstractmethod
    def bound(self, x: Tensor, condition: Condition | None = None) -> Bound:
        """The evidence bound with one draw of the posterior."""

    @abstractmethod
    def log_weights(self, x: Tensor, condition: Condition | None = None, draws: int = 1) -> Tensor:
        """log p(x, z) - log q(z | x) of `draws` posterior draws: [draws, n]."""


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
        "energy": Energy,
        "completion": Completing,
    }
    return [word for word, capability in named.items() if isinstance(generator, capability)]
