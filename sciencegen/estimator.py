"""A density as scikit-learn has estimators: fit, score_samples, sample, impute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sciencegen.errors import RequestError

try:
    from sklearn.base import BaseEstimator, DensityMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:  # said when somebody wants one

    class BaseEstimator:  # type: ignore[no-redef]
        """Says what is missing."""

        def __new__(cls, *_: Any, **__: Any) -> Self:
            raise RequestError("FlowDensity needs scikit-learn 1.6 or newer: pip install 'sciencegen[sklearn]'")

    class DensityMixin:  # type: ignore[no-redef]
        """Nothing."""


if TYPE_CHECKING:
    from sciencegen.domains.densities import Point
    from sciencegen.model import Model

__all__ = ["FlowDensity"]

_SEEDS = 2**31 - 1


class FlowDensity(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """A density of rows of numbers, by any recipe of densities that has a likelihood.

    `recipe`: `densities/table` takes rows with gaps (NaN) and wild values. `epochs`, `batch`, `rate`: how to learn;
    None for what the recipe has. `holdout`: the share of rows that says when to stop. `particles`: of how many draws
    each gap is filled by one; more are more exact. `options`: more options and settings of the recipe, by name.

    Attributes after `fit`: `model_`, a `sciencegen.Model`; `n_iter_`, how many steps were made; `n_features_in_`, and
    `feature_names_in_` where columns have names.

    >>> from sciencegen import FlowDensity
    >>> density = FlowDensity(epochs=20, random_state=0).fit(X)  # doctest: +SKIP
    >>> density.score_samples(X), density.sample(1000), density.impute(X)  # doctest: +SKIP
    """

    def __init__(
        self,
        recipe: str = "densities/table",
        *,
        epochs: int | None = None,
        batch: int | None = None,
        rate: float | None = None,
        holdout: float = 0.1,
        particles: int = 16,
        options: dict[str, Any] | None = None,
        device: str = "cpu",
        random_state: Any = None,
    ) -> None:
        self.recipe, self.epochs, self.batch, self.rate = recipe, epochs, batch, rate
        self.holdout, self.particles, self.options = holdout, particles, options
        self.device, self.random_state = device, random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the density of rows of `X`; `y` is not looked at."""
        import torch

        from sciencegen.core.generator import Density
        from sciencegen.fit import Fit

        rows = self._checked(X, fit=True)
        chosen: dict[str, Any] = {"epochs": self.epochs, "batch": self.batch, "rate": self.rate, "device": self.device}
        given = {name: value for name, value in chosen.items() if value is not None} | (self.options or {})
        seed = int(check_random_state(self.random_state).randint(_SEEDS))
        with torch.random.fork_rng([]):  # what others draw stays as it was
            run = Fit(self.recipe, self._points(rows), ask=[], holdout=self.holdout, **({"seed": seed} | given))
            if not isinstance(run.model.generator, Density):
                raise RequestError(f"recipe={self.recipe}: it has no likelihood; densities/table or coupling have one")
            for progress in run:
                self.n_iter_ = progress.step
        run.model.generator.double()  # a score of a row should not depend on the rows beside it
        self.model_: Model[Point] = run.model
        self._seed = seed
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """The log-density of each row, in the units of `X`; of rows with gaps, of what is there."""
        rows = self._checked(X)
        found: NDArray[np.float64] = self.model_.log_prob(self._points(rows)).numpy()
        return found

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """The mean log-density of the rows."""
        return float(self.score_samples(X).mean())

    def sample(self, n_samples: int = 1, random_state: Any = None) -> NDArray[np.float64]:
        """Draw rows [n_samples, n_features_in_]."""
        check_is_fitted(self)
        if n_samples < 1:
            raise RequestError(f"n_samples={n_samples}: expected 1 or more")
        state = self.random_state if random_state is None else random_state
        seed = int(check_random_state(state).randint(_SEEDS))
        found = self.model_.candidates(n_samples, seed=seed, once=False, measure=(), workers=0)
        return np.stack([candidate.item.values for candidate in found])

    def impute(self, X: ArrayLike, random_state: Any = None) -> NDArray[np.float64]:
        """The rows with their gaps filled by draws from the density given the rest; other seeds draw others."""
        import torch

        rows = self._checked(X)
        gaps = np.isnan(rows)
        some = gaps.any(1)
        whole = rows.copy()
        if some.any():
            state = self.random_state if random_state is None else random_state
            seed = int(check_random_state(state).randint(_SEEDS))
            known = torch.from_numpy(~gaps[some])
            found = self.model_.complete(self._points(rows[some]), known, particles=self.particles, seed=seed)
            drawn = np.stack([np.full(rows.shape[1], np.nan) if one is None else one.values for one in found])
            whole[some] = np.where(gaps[some], drawn, rows[some])
        return whole

    def _checked(self, X: ArrayLike, fit: bool = False) -> NDArray[np.float64]:
        if not fit:
            check_is_fitted(self)
        finite: Any = "allow-nan" if self._takes_gaps() else True
        rows: NDArray[np.float64] = validate_data(
            self, X, dtype=np.float64, ensure_all_finite=finite, ensure_min_samples=2 if fit else 1, reset=fit
        )
        return rows

    def _points(self, rows: NDArray[np.float64]) -> list[Point]:
        from sciencegen.domains.densities import Point

        names = tuple(map(str, getattr(self, "feature_names_in_", [f"x{i}" for i in range(rows.shape[1])])))
        return [Point(names, row) for row in rows]

    def _takes_gaps(self) -> bool:
        return bool(self.recipe == "densities/table")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_gaps()
        tags.non_deterministic = False
        return tags
