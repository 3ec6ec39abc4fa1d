"""What is expected of codes nobody has tried: a Gaussian process, and the improvement to expect of each."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Surrogate"]

Array = NDArray[np.float64]


class Surrogate:
    """A Gaussian process of scores, low ones being good (Efficient Global Optimization; Jones, Schonlau, Welch; 1998).

    One length for all directions, and noise, because a code is not the expression it is read as. They are found once,
    from the scores the search begins with.
    """

    def __init__(self, z: Array, y: Array) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

        length = float(np.sqrt(z.shape[1]))
        kernel = ConstantKernel(1.0, (1e-2, 1e2)) * RBF(length, (length / 20, length * 20)) + WhiteKernel(
            0.5, (1e-3, 10)
        )
        process = GaussianProcessRegressor(kernel, normalize_y=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a bound that is reached is an answer
            process.fit(z, y)
        self._z, self._y, self._kernel = z, y, process.kernel_
        self._process: Any = process

    def learn(self, z: Array, y: Array) -> None:
        """Add scores."""
        from sklearn.gaussian_process import GaussianProcessRegressor

        self._z, self._y = np.concatenate((self._z, z)), np.concatenate((self._y, y))
        self._process = GaussianProcessRegressor(self._kernel, optimizer=None, normalize_y=True)
        self._process.fit(self._z, self._y)

    def improvement(self, z: Array, best: float) -> Array:
        """How much below the best a score is expected to be: (b - m) P(b) + s p(b)."""
        from scipy.stats import norm

        mean, std = self._process.predict(z, return_std=True)
        away = (best - mean) / np.maximum(std, 1e-12)
        found: Array = (best - mean) * norm.cdf(away) + std * norm.pdf(away)
        return found
