"""Bayesian optimisation: a Gaussian process of what was found, and places that promise the most to ask about next.

The processes and acquisition functions are those of BoTorch (BoTorch: A Framework for Efficient Monte-Carlo Bayesian
Optimization; Balandat et al.; 2020).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from sciencegen.errors import RequestError
from sciencegen.search.descent import descended
from sciencegen.search.seeking import Belief, History, Seeker, reach
from sciencegen.search.walks import shells

__all__ = ["Bayesian", "require"]

_MOST = 500
"""So many places a process is fitted to: the best of more, and others by chance."""
_BEST, _PARENTS = 200, 10
_TO_CUBE = 1 / 6
"""Processes expect places in a unit cube, and latents spread by 1."""
_OBJECTIVES = 4
"""Volumes of more objectives take too long; their score is raised instead."""
_STEPS, _RATE, _SAMPLES = 6, 0.15, 64
_DRAWS, _SOFT = 256, 0.05


def require() -> None:
    """Refuse early where the package is missing."""
    try:
        import botorch  # noqa: F401
    except ImportError:
        raise RequestError(
            "Bayesian optimisation needs the package botorch: pip install 'sciencegen[optimize]', or use --by climb"
        ) from None


Features = Callable[[Tensor], Tensor]


@dataclass
class Bayesian(Seeker):
    """Raises the expected improvement on what is known, or with several numbers the expected volume that they dominate,
    where learned walls are likely to be kept.

    `prior` draws places from where there are any. `features` are numbers that are known of places beforehand, such as
    predictions: what was found is taken to be a function of these and one of the place, each as smooth in all its
    directions as the other is not (with the lengths that Vanilla Bayesian Optimization Performs Great in High
    Dimensions takes for likely; Hvarfner, Hellsten, Nardi; 2024). Candidates lie around the best, as far as that has
    paid off (Scalable Global Optimization via Local Bayesian Optimization; Eriksson et al.; 2019), on the way between
    two of the best, and anywhere; half of them are moved to where more is expected.
    """

    prior: Callable[[int], Tensor]
    features: Features | None = None
    radius: float = 0.8
    pool: int = 12
    _fitted: tuple[History, _Surrogate] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.radius > 0:
            raise RequestError(f"radius={self.radius:g}: expected a number above 0")
        require()

    def places(self, history: History, n: int) -> Tensor:
        best = history.u[history.best(_PARENTS)]
        if len(best) < 2:
            return self.prior(n)
        far = reach(history, self.radius)
        one, other = best[torch.randint(len(best), (2, n))]
        between = torch.lerp(one, other, torch.rand(n, 1, dtype=best.dtype) * (torch.rand(n, 1) < 0.3))
        radii = far * (0.1 + 0.9 * torch.rand(n, dtype=best.dtype))
        u = between + shells(torch.zeros_like(best[0]), radii)
        anywhere = n // 10
        u = torch.cat((u[anywhere:], self.prior(anywhere).to(u)))
        u = u[torch.randperm(n)]
        moved = n // 3
        return torch.cat((self._uphill(history, u[:moved]), u[moved:]))

    def _uphill(self, history: History, u: Tensor) -> Tensor:
        """Places moved to where more is expected, no further than they were from where they began."""
        if not len(u):
            return u
        surrogate = self._surrogate(history)
        with _quiet():
            acquisition = surrogate.acquisition(None)

            def energy(z: Tensor, done: float) -> Tensor:
                worth: Tensor = -acquisition(surrogate.seen(z)[:, None])
                return worth

            moved = descended(energy, u.double(), _STEPS, _RATE)
        return moved.where(moved.isfinite(), u).to(u)

    def chosen(self, history: History, u: Tensor, pending: Tensor, n: int) -> Sequence[int]:
        n = min(n, len(u))
        if int(history.found.sum()) < 2 or n == len(u):
            return range(n)
        surrogate = self._surrogate(history)
        choices = surrogate.seen(u).detach()
        waiting = surrogate.seen(pending).detach() if len(pending) else None
        with _quiet(), torch.no_grad():
            return surrogate.best_of(choices, waiting, n)

    def belief(self, history: History, u: Tensor) -> Belief | None:
        if int(history.found.sum()) < 2:
            return None
        surrogate = self._surrogate(history)
        with _quiet(), torch.no_grad():
            posterior = surrogate.model.posterior(surrogate.seen(u))
            k = surrogate.objectives
            return Belief(posterior.mean[:, :k], posterior.variance[:, :k].sqrt())

    def _surrogate(self, history: History) -> _Surrogate:
        if self._fitted is None or self._fitted[0] is not history:
            self._fitted = history, _Surrogate(history, self.features)
        return self._fitted[1]


class _Surrogate:
    """Gaussian processes of what was found, one for each number."""

    def __init__(self, history: History, features: Features | None) -> None:
        from botorch.models.model_list_gp_regression import ModelListGP

        self._features = features
        single = history.values.shape[1] > _OBJECTIVES
        values = history.score[:, None] if single else history.values
        self.objectives = values.shape[1]
        rows = _kept(history)
        self.places = self.seen(history.u[rows]).detach()  # [m, d + features]
        self._sizes = (history.u.shape[1], self.places.shape[1] - history.u.shape[1])
        y = torch.cat((values, torch.zeros_like(values[:, :0]) if single else history.slack), 1)[rows].double()
        found, self._within = history.found[rows], history.within[rows]
        # what failed is taken to be as ordinary as most: one does not go on there, nor shun all around it
        self.y = y.where(found[:, None], y[found].median(0).values)
        self.best = self.y[found]
        with _quiet():
            self.model = ModelListGP(*(self._process(self.y[:, i : i + 1]) for i in range(self.y.shape[1])))

    def seen(self, u: Tensor) -> Tensor:
        """Places with what is known of them beforehand, as processes expect them."""
        known = [] if self._features is None else [self._features(u).double()]
        return torch.cat([u.double(), *known], 1) * _TO_CUBE + 0.5

    def _process(self, y: Tensor) -> Any:
        from botorch.exceptions.errors import ModelFittingError
        from botorch.fit import fit_gpytorch_mll
        from botorch.models.gp_regression import SingleTaskGP
        from botorch.models.transforms.outcome import Standardize
        from gpytorch.constraints import GreaterThan
        from gpytorch.kernels import AdditiveKernel, ScaleKernel
        from gpytorch.likelihoods import GaussianLikelihood
        from gpytorch.mlls import ExactMarginalLogLikelihood
        from gpytorch.priors import GammaPrior

        place, more = self._sizes
        kernels = [ScaleKernel(_smooth(range(place)))]
        kernels += [ScaleKernel(_smooth(range(place, place + more)))] if more else []
        noise = GaussianLikelihood(
            noise_prior=GammaPrior(1.1, 0.05), noise_constraint=GreaterThan(1e-4, initial_value=0.1)
        )
        process = SingleTaskGP(
            self.places, y, likelihood=noise, covar_module=AdditiveKernel(*kernels), outcome_transform=Standardize(1)
        )
        try:
            fit_gpytorch_mll(
                ExactMarginalLogLikelihood(process.likelihood, process), optimizer_kwargs={"options": {"maxiter": 40}}
            )
        except ModelFittingError:
            process.eval()  # with the lengths that are likely beforehand
        return process

    def acquisition(self, pending: Tensor | None) -> Any:
        """What asking about a place is worth, when `pending` are being asked about."""
        from botorch.acquisition.logei import qLogNoisyExpectedImprovement
        from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
        from botorch.acquisition.multi_objective.objective import IdentityMCMultiOutputObjective
        from botorch.acquisition.objective import GenericMCObjective
        from botorch.sampling.normal import SobolQMCNormalSampler

        k = self.objectives
        walls = [_wall(i) for i in range(k, self.y.shape[1])] or None
        sampler = SobolQMCNormalSampler(torch.Size([_SAMPLES]), seed=0)
        if k == 1:
            return qLogNoisyExpectedImprovement(
                self.model,
                self.places[self._standing()],
                sampler=sampler,
                objective=GenericMCObjective(_first),
                constraints=walls,
                X_pending=pending,
                prune_baseline=False,
            )
        low, high = self.best[:, :k].min(0).values, self.best[:, :k].max(0).values
        return qLogNoisyExpectedHypervolumeImprovement(
            self.model,
            ref_point=(low - 0.1 * (high - low)).tolist(),
            X_baseline=self.places[self._standing()],
            sampler=sampler,
            objective=IdentityMCMultiOutputObjective(outcomes=list(range(k))),
            constraints=walls,
            X_pending=pending,
            prune_baseline=False,
        )

    def best_of(self, choices: Tensor, pending: Tensor | None, n: int) -> list[int]:
        """The rows of `n` choices that promise the most together, taken one after another, each knowing of those
        before it what they may turn out to be."""
        if self.objectives > 1:
            return self._of_several(choices, pending, n)
        among = [choices, self.places[self._standing()], *([] if pending is None else [pending])]
        drawn = self.model.posterior(torch.cat(among)).rsample(torch.Size([_DRAWS]))  # [draws, all, 1 + walls]
        scale = self.y.std(0).clamp_min(1e-9)
        values, kept = drawn[..., 0] / scale[0], (drawn[..., 1:] / scale[1:] / _SOFT).sigmoid().prod(-1)
        m = len(choices)
        floor = values.min()
        best = (floor + (values[:, m:] - floor) * kept[:, m:]).max(1).values  # [draws]
        rows: list[int] = []
        for _ in range(n):
            # softly, so that the least unlikely are told apart where hardly anything promises to be better
            gain = kept[:, :m] * _SOFT * torch.nn.functional.softplus((values[:, :m] - best[:, None]) / _SOFT)
            worth = gain.mean(0)
            worth[rows] = -1
            rows.append(int(worth.argmax()))
            one = floor + (values[:, rows[-1]] - floor) * kept[:, rows[-1]]
            best = torch.maximum(best, one)
        return rows

    def _of_several(self, choices: Tensor, pending: Tensor | None, n: int) -> list[int]:
        from botorch.optim.optimize import optimize_acqf_discrete

        acquisition = self.acquisition(pending)
        taken, _ = optimize_acqf_discrete(acquisition, q=n, choices=choices, unique=True, max_batch_size=256)
        rows: list[int] = []
        for one in taken:  # what is chosen comes back as places
            same = (choices == one).all(1).nonzero()[:, 0].tolist()
            rows += [i for i in same if i not in rows][:1]
        return rows

    def _standing(self) -> Tensor:
        """The rows that an improvement has to be one on: those that may be the best; others would only take time."""
        k = self.objectives
        with torch.no_grad():
            mean = self.model.posterior(self.places).mean
        kept = (mean[:, k:].clamp_max(0) / self.y[:, k:].std(0).clamp_min(1e-9)).sum(1)
        kept = kept - 10.0 * ~self._within
        scaled = (mean[:, :k] - mean[:, :k].mean(0)) / mean[:, :k].std(0).clamp_min(1e-9)
        if k == 1:
            return (scaled[:, 0] + 10 * kept).topk(min(16, len(mean))).indices
        from botorch.utils.multi_objective.pareto import is_non_dominated

        front = is_non_dominated(scaled + 10 * kept[:, None]).nonzero()[:, 0]
        return front[:32]


def _kept(history: History) -> Tensor:
    """The rows a process is fitted to."""
    n = len(history)
    if n <= _MOST:
        return torch.arange(n)
    best = history.best(_BEST)
    others = torch.ones(n, dtype=torch.bool)
    others[best] = False
    chance = torch.randperm(int(others.sum()), generator=torch.Generator().manual_seed(n))[: _MOST - len(best)]
    return torch.cat((best, others.nonzero()[:, 0][chance])).sort().values


def _smooth(dimensions: range) -> Any:
    """A kernel that is equally smooth in these dimensions: with as few numbers told, lengths of each cannot be."""
    from gpytorch.constraints import GreaterThan
    from gpytorch.kernels import RBFKernel
    from gpytorch.priors import LogNormalPrior

    likely = LogNormalPrior(math.sqrt(2) + math.log(len(dimensions)) / 2, math.sqrt(3))
    bounds = GreaterThan(2.5e-2, initial_value=likely.mode)
    return RBFKernel(active_dims=tuple(dimensions), lengthscale_prior=likely, lengthscale_constraint=bounds)


def _first(samples: Tensor, X: Tensor | None = None) -> Tensor:
    """The number to raise."""
    return samples[..., 0]


def _wall(i: int) -> Callable[[Tensor], Tensor]:
    """What is below 0 where the wall is kept."""
    return lambda samples: -samples[..., i]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings about how numbers were found: what matters is what is asked about next, and that is seen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
