"""What a critic and a generator lower: every way to turn scores of real and fake samples into two losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch.nn.functional as F
from torch import Tensor

from sciencegen.errors import UnknownName
from sciencegen.objectives.f_divergences import (
    Alpha,
    FGenerator,
    Jeffrey,
    KullbackLeibler,
    Neyman,
    Pearson,
    ReverseKullbackLeibler,
    SquaredHellinger,
    TotalVariation,
)
from sciencegen.objectives.jensen_shannon import GAN, JensenShannon, WeightedJensenShannon

__all__ = [
    "DIVERGENCES",
    "F_GENERATORS",
    "Divergence",
    "FDivergence",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "RatioMatching",
    "Relativistic",
    "Wasserstein",
    "divergence",
]


class Divergence(ABC):
    """Two losses made of a critic's scores D; `real` and `fake` are [n] each, in pairs for those who compare pairs."""

    relative: bool = False
    """Whether only differences of scores count: a shift of all of them changes nothing, and a critic needs none."""

    @abstractmethod
    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the critic lowers."""

    @abstractmethod
    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the generator lowers."""


@dataclass(frozen=True)
class Minimax(Divergence):
    """The game as first written: the generator lowers E[log(1 - sigmoid D(fake))], which is flat where it is bad.

    Generative Adversarial Nets; Goodfellow et al.; 2014.
    """

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -F.softplus(fake).mean()


@dataclass(frozen=True)
class NonSaturating(Divergence):
    """The same critic, while the generator raises E[log sigmoid D(fake)].

    Generative Adversarial Nets; Goodfellow et al.; 2014, section 3.
    """

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(-fake).mean()


@dataclass(frozen=True)
class LeastSquares(Divergence):
    """Squared distances of scores to targets: `a` for fake, `b` for real, `c` for what the generator aims at.

    b - c = 1 and b - a = 2 give the Pearson divergence of P + Q from 2 Q
    (Least Squares Generative Adversarial Networks; Mao et al.; 2017).
    """

    a: float = 0.0
    b: float = 1.0
    c: float = 1.0

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        return ((real - self.b).square().mean() + (fake - self.a).square().mean()) / 2

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return (fake - self.c).square().mean() / 2


@dataclass(frozen=True)
class Hinge(Divergence):
    """Scores matter to the critic within a margin of 1 (Geometric GAN; Lim, Ye; 2017)."""

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -fake.mean()


@dataclass(frozen=True)
class Wasserstein(Divergence):
    """E[D(real)] - E[D(fake)], the earth mover's distance where the critic's slope is kept at most 1.

    Wasserstein GAN; Arjovsky, Chintala, Bottou; 2017. It needs a penalty on the slope.
    """

    relative = True

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() - real.mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -fake.mean()


@dataclass(frozen=True)
class Relativistic(Divergence):
    """E[softplus(-(D(real) - D(fake)))] over pairs: a fake is judged beside a real sample, so no mode can be left out.

    The relativistic discriminator: a key element missing from standard GAN; Jolicoeur-Martineau; 2018. With R1 and R2
    penalties it is the loss of The GAN is dead; long live the GAN! A Modern GAN Baseline; Huang et al.; 2024.
    """

    relative = True

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(real - fake).mean()


@dataclass(frozen=True)
class FDivergence(Divergence):
    """The variational bound E_p[g(D)] - E_q[f*(g(D))] of an f-divergence.

    The critic raises it. A saturating generator lowers it; the other raises E_q[g(D)] instead, which has the same
    direction with a stronger slope early on (f-GAN; Nowozin, Cseke, Tomioka; 2016, section 3.2).
    """

    f: FGenerator
    saturating: bool = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.f.fake(fake).mean() - self.f.real(real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -(self.f.fake(fake) if self.saturating else self.f.real(fake)).mean()


@dataclass(frozen=True)
class RatioMatching(Divergence):
    """Learns the density ratio r = p/q by a Bregman divergence, and lowers an f-divergence with it.

    The critic lowers E_q[h'(r) r - h(r)] - E_p[h'(r)] with r = softplus(D) and h = `bregman`, strictly convex:
    Pearson's is least squares (LSIF), Kullback and Leibler's is KLIEP, the GAN's is logistic regression
    (Density-ratio matching under the Bregman divergence; Sugiyama, Suzuki, Kanamori; 2012).
    The generator lowers E_q[f(r) - r f'(r)], whose slope with r held fixed is that of D_f(P || Q). For f = -log u
    it is E_q[f(r)] of b-GAN up to a constant (Generative Adversarial Nets from a Density Ratio Estimation
    Perspective; Uehara et al.; 2016); where f rises, E_q[f(r)] itself would drive samples away from the data.
    """

    bregman: FGenerator
    f: FGenerator = field(default_factory=ReverseKullbackLeibler)

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        r, h = self.ratio(fake), self.bregman
        return (h.slope(r) * r - h.f(r)).mean() - h.slope(self.ratio(real)).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        r = self.ratio(fake)
        return (self.f.f(r) - r * self.f.slope(r)).mean()

    def ratio(self, scores: Tensor) -> Tensor:
        """The density ratio a critic's scores stand for."""
        return F.softplus(scores.clamp_min(-80))  # below that single precision has no 1 / r


F_GENERATORS: dict[str, FGenerator] = {
    "alpha": Alpha(),
    "gan": GAN(),
    "hellinger": SquaredHellinger(),
    "jeffrey": Jeffrey(),
    "jensen-shannon": JensenShannon(),
    "kl": KullbackLeibler(),
    "neyman": Neyman(),
    "pearson": Pearson(),
    "reverse-kl": ReverseKullbackLeibler(),
    "total-variation": TotalVariation(),
    "weighted-jensen-shannon": WeightedJensenShannon(),
}

DIVERGENCES: dict[str, Callable[[], Divergence]] = {
    "hinge": Hinge,
    "kliep": lambda: RatioMatching(KullbackLeibler()),
    "least-squares": LeastSquares,
    "logistic-ratio": lambda: RatioMatching(GAN()),
    "lsif": lambda: RatioMatching(Pearson()),
    "minimax": Minimax,
    "non-saturating": NonSaturating,
    "relativistic": Relativistic,
    "wasserstein": Wasserstein,
    **{name: partial(FDivergence, f) for name, f in F_GENERATORS.items()},
}


def divergence(name: str) -> Divergence:
    """The divergence of a name, with its defaults."""
    if name not in DIVERGENCES:
        raise UnknownName("divergence", name, DIVERGENCES)
    return DIVERGENCES[name]()
