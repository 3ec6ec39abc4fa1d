"""Matching without a critic: kernel means (MMD), or moments of chosen features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Generator, Pathwise
from sciencegen.core.objective import Loss, Objective
from sciencegen.errors import RequestError

__all__ = [
    "MMD",
    "EnergyKernel",
    "GaussianKernel",
    "Kernel",
    "MedianScaled",
    "MomentMatching",
    "RationalQuadraticKernel",
]


class Kernel(ABC):
    """A similarity k(x, y) that depends on the distance alone."""

    @abstractmethod
    def __call__(self, squared: Tensor) -> Tensor:
        """Similarities for squared distances between all samples, real and fake together."""


@dataclass(frozen=True)
class GaussianKernel(Kernel):
    """sum_s exp(-|x - y|^2 / (2 s^2)) over scales s."""

    scales: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)

    def __call__(self, squared: Tensor) -> Tensor:
        return torch.stack([torch.exp(-squared / (2 * s * s)) for s in self.scales]).sum(0)


@dataclass(frozen=True)
class RationalQuadraticKernel(Kernel):
    """sum_a (1 + |x - y|^2 / (2 a))^-a (Demystifying MMD GANs; Binkowski, Sutherland, Arbel, Gretton; 2018)."""

    alphas: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0)

    def __call__(self, squared: Tensor) -> Tensor:
        return torch.stack([(1 + squared / (2 * a)).pow(-a) for a in self.alphas]).sum(0)


@dataclass(frozen=True)
class EnergyKernel(Kernel):
    """-|x - y|, which makes of the MMD the energy distance (Energy statistics; Szekely, Rizzo; 2013).

    `soft` rounds the tip, where the distance has no slope.
    """

    soft: float = 1e-3

    def __call__(self, squared: Tensor) -> Tensor:
        return -(squared + self.soft**2).sqrt()


@dataclass(frozen=True)
class MedianScaled(Kernel):
    """Another kernel, with distances in units of the median distance of the real and fake samples together.

    A Kernel Two-Sample Test; Gretton et al.; 2012, section 8.
    """

    kernel: Kernel

    def __call__(self, squared: Tensor) -> Tensor:
        median = squared.detach().median()
        return self.kernel(squared / median.where(median > 0, torch.ones_like(median)))


class MMD(Objective):
    """Lower the squared maximum mean discrepancy, E k(x, x') + E k(y, y') - 2 E k(x, y).

    Generative Moment Matching Networks; Li, Swersky, Zemel; 2015. A Kernel Two-Sample Test; Gretton et al.; 2012.
    The unbiased estimate leaves out k(x, x) and may be negative. `features` maps samples to what is compared.
    With a condition, fakes are drawn under the same condition and its fields are compared too, so that the joint
    distribution is matched; a level of a category counts as its number.
    """

    needs = (Pathwise,)

    def __init__(
        self,
        kernel: Kernel | None = None,
        unbiased: bool = True,
        features: nn.Module | None = None,
        hide: float = 0.0,
    ) -> None:
        super().__init__()
        self.kernel = kernel or MedianScaled(GaussianKernel())
        self.unbiased, self.features, self.hide = unbiased, features, hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        yield Loss("mmd", self._witness(generator, _hidden(batch, self.hide)).mean(), generator)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        """The witness function at each held-out sample: high where the generator is too rare.

        It is shifted so that its mean is the squared discrepancy of the batch, from fresh fakes.
        """
        return self._witness(generator, batch)

    def _witness(self, generator: Generator, batch: Batch) -> Tensor:
        assert isinstance(generator, Pathwise)
        n = len(batch)
        both = _both(generator, batch, self.features)
        similar = self.kernel(_squared_distances(torch.cat(both)))
        pairs = n * (n - 1) if self.unbiased else n * n
        if not pairs:
            raise RequestError("the unbiased MMD compares pairs: give batches of 2 samples or more")
        if self.unbiased:
            similar = similar - torch.diag(similar.diagonal())
        among_real, among_fake, across = similar[:n, :n], similar[n:, n:], similar[:n, n:]
        witness = among_real.sum(1) * (n / pairs) - across.mean(1)
        return witness + among_fake.sum() / pairs - across.mean()


class MomentMatching(Objective):
    """Lower the squared differences of means, covariances and higher moments of features.

    Features are measured in units of the real batch: their mean is 0 and their spread 1 there, so `order` 1 compares
    means, 2 covariances too, and from 3 on the standardised moments E[(x - mean)^k] of each feature. By default the
    features are the entries of a sample. With a condition, its fields are features too, as in `MMD`.
    """

    needs = (Pathwise,)

    def __init__(self, order: int = 2, features: nn.Module | None = None, hide: float = 0.0) -> None:
        super().__init__()
        if order < 1:
            raise RequestError(f"order={order}: expected 1 (means) or more")
        self.order, self.features, self.hide = order, features, hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        assert isinstance(generator, Pathwise)
        real, fake = _both(generator, _hidden(batch, self.hide), self.features)
        mean, spread = real.mean(0), real.std(0, correction=0)
        spread = spread.where(spread > 1e-6 * mean.abs(), torch.ones_like(spread))  # a constant has no unit
        ours, theirs = _moments((real - mean) / spread, self.order), _moments((fake - mean) / spread, self.order)
        parts = [(a - b).square().mean() for a, b in zip(ours, theirs, strict=True)]
        report = {f"moment {k}": part for k, part in enumerate(parts, 1)}
        yield Loss("moments", torch.stack(parts).sum(), generator, report)

    def validation(self, generator: Generator, batch: Batch) -> None:
        """None: a moment belongs to the whole batch and to no sample."""
        return None


def _moments(x: Tensor, order: int) -> list[Tensor]:
    mean = x.mean(0)
    away = x - mean
    moments = [mean, away.mT @ away / len(x)][:order]
    return moments + [away.pow(k).mean(0) for k in range(3, order + 1)]


def _hidden(batch: Batch, p: float) -> Batch:
    return batch if batch.condition is None else Batch(batch.x, batch.condition.hide(p))


def _both(generator: Pathwise, batch: Batch, features: nn.Module | None) -> tuple[Tensor, Tensor]:
    """The rows to compare, real and fake: features, and what is known of the condition beside them."""
    fake = generator.rview(len(batch), batch.condition)
    real = batch.x if batch.x.is_floating_point() else generator.space.floats(batch.x).to(fake.dtype)
    asked = _columns(batch.condition, real.new_zeros(len(batch), 0))
    rows = [x if features is None else features(x) for x in (real.reshape(fake.shape), fake)]
    return torch.cat((rows[0].flatten(1), asked), 1), torch.cat((rows[1].flatten(1), asked), 1)


def _columns(condition: Condition | None, like: Tensor) -> Tensor:
    """Values of the known fields and which are known [n, 2 k]."""
    if condition is None:
        return like
    if condition.given:
        raise RequestError(f"given {', '.join(condition.given)}: matching compares fields only; train with a critic")
    known = condition.known.to(like.dtype)
    return torch.cat((condition.values.to(like.dtype) * known, known), 1).expand(len(like), -1)


def _squared_distances(x: Tensor) -> Tensor:
    """|x_i - x_j|^2 of all rows, centred first: large common values would drown small distances."""
    with torch.autocast(x.device.type, enabled=False):
        x = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
        x = x - x.detach().mean(0)
        norm = x.square().sum(-1)
        return (norm[:, None] + norm - 2 * x @ x.mT).clamp_min(0)
