"""Likelihoods p(x | z): what the decoder's numbers mean, chosen by the space."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from sciencegen.core.space import Discrete, Reals, Space

__all__ = ["Choice", "Gaussian", "Likelihood", "Variance", "likelihood"]

Variance = Literal["fixed", "shared", "learned"]


class Likelihood(nn.Module, ABC):
    """A distribution of rows [..., size], given `numbers` numbers for each entry [..., size, numbers]."""

    numbers: int

    @abstractmethod
    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        """The log-probability of rows x [n, size]: [..., n]."""

    @abstractmethod
    def draw(self, numbers: Tensor) -> Tensor:
        """Rows drawn."""

    @abstractmethod
    def mode(self, numbers: Tensor) -> Tensor:
        """The most probable rows."""


class Choice(Likelihood):
    """Independent choices: Bernoulli for bits, categorical for levels and tokens."""

    def __init__(self, space: Discrete) -> None:
        super().__init__()
        self.space, self.numbers = space, space.logits

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        return self.space.log_prob(numbers, x.expand(numbers.shape[:-1])).sum(-1)

    def draw(self, numbers: Tensor) -> Tensor:
        probability = self.space.full(numbers).softmax(-1)
        drawn = torch.multinomial(probability.flatten(0, -2), 1).view(probability.shape[:-1])
        return self.space.closed(drawn)

    def mode(self, numbers: Tensor) -> Tensor:
        return self.space.closed(self.space.full(numbers).argmax(-1))


class Gaussian(Likelihood):
    """Independent normals whose spread is fixed, one learned number, or learned for every entry."""

    def __init__(self, variance: Variance = "learned", std: float = 1.0) -> None:
        super().__init__()
        self.variance, self.numbers = variance, 2 if variance == "learned" else 1
        log_std = torch.tensor(math.log(std))
        if variance == "shared":
            self.log_std = nn.Parameter(log_std)
        else:
            self.register_buffer("log_std", log_std)

    def _moments(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        if self.variance == "learned":
            return numbers[..., 0], 5 * torch.tanh(numbers[..., 1] / 5) + self.log_std
        return numbers[..., 0], self.log_std.to(numbers.dtype).expand(numbers.shape[:-1])

    def log_prob(self, numbers: Tensor, x: Tensor) -> Tensor:
        mean, log_std = self._moments(numbers)
        standard = (x - mean) * torch.exp(-log_std)
        return -(0.5 * standard.square() + log_std + 0.5 * math.log(2 * math.pi)).sum(-1)

    def draw(self, numbers: Tensor) -> Tensor:
        mean, log_std = self._moments(numbers)
        return mean + log_std.exp() * torch.randn_like(mean)

    def mode(self, numbers: Tensor) -> Tensor:
        return self._moments(numbers)[0]


def likelihood(space: Space, variance: Variance = "learned", std: float = 1.0) -> Likelihood:
    """The likelihood that fits a space."""
    if isinstance(space, Discrete):
        return Choice(space)
    if isinstance(space, Reals):
        return Gaussian(variance, std)
    raise ValueError(f"{type(space).__name__}: expected bits, levels, tokens or reals; graphs bring their own decoder")
