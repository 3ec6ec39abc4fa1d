"""A Gaussian process on molecules: exact, small, with an error bar for every prediction.

k(x, x') = bits T(x, x') + numbers / (1 + |d(x) - d(x')|^2 / 2 length) + linear (1 + d(x) d(x')) / n, and noise on the
diagonal; T is the Tanimoto similarity of counted fragments, d the n standardised descriptors. The first part knows
what is alike, the second what is near, the third goes on where nothing is. (Gaussian Processes for Machine Learning;
Rasmussen & Williams; 2006; chapters 2, 4 and 5.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from features import Features
from numpy.typing import NDArray

__all__ = ["GaussianProcess", "Kernel", "Prediction", "fitted"]

Array = NDArray[np.float64]
_RARE = 5.0
"""Per cent of the training molecules that are as lonely among the others as a molecule at the edge of the domain."""


@dataclass(frozen=True)
class Kernel:
    """The five numbers training finds, for values with mean 0 and variance 1."""

    bits: float = 0.5
    numbers: float = 0.5
    length: float = 12.0
    linear: float = 0.5
    noise: float = 0.05


@dataclass(frozen=True)
class Prediction:
    """What the model says of a molecule."""

    value: float
    sd: float
    """Of a new measurement: the model's own doubt and the noise of the data."""
    nearest: int
    """Which training molecule is most like it."""
    similarity: float
    in_domain: bool


class GaussianProcess:
    """A Gaussian process that has seen molecules and their values."""

    def __init__(self, seen: Sequence[Features], values: Array, kernel: Kernel) -> None:
        bits = np.array([one.bits for one in seen], dtype=np.float32)
        numbers = np.array([one.numbers for one in seen])
        self.kernel = kernel
        self._known = bits.any(0)
        self._bits = bits[:, self._known]
        self._counts = bits.sum(1, dtype=np.float64)
        self._center, self._scale = numbers.mean(0), np.where(numbers.std(0) > 0, numbers.std(0), 1.0)
        self._numbers = (numbers - self._center) / self._scale
        self._mean, self._spread = float(values.mean()), float(values.std()) or 1.0
        self._y = (values - self._mean) / self._spread
        shared = (self._bits @ self._bits.T).astype(np.float64)
        self._similar = shared / (self._counts[:, None] + self._counts - shared)
        squares = (self._numbers**2).sum(1)
        product = self._numbers @ self._numbers.T
        self._distance = np.maximum(squares[:, None] + squares - 2 * product, 0)
        self._line = (1 + product) / numbers.shape[1]
        lonely = (self._similar - 2 * np.eye(len(seen))).max(1)
        self.edge = float(np.percentile(lonely, _RARE))
        """The similarity to the nearest molecule seen below which a molecule is out of the domain."""
        covariance = self._covariance(self._similar, self._distance, self._line) + kernel.noise * np.eye(len(seen))
        self._root = np.linalg.inv(np.linalg.cholesky(covariance))
        self._weights = self._root.T @ (self._root @ self._y)

    def _covariance(self, similar: Array, distance: Array, line: Array) -> Array:
        kernel = self.kernel
        result: Array = kernel.bits * similar + kernel.numbers / (1 + distance / (2 * kernel.length))
        return result + kernel.linear * line

    def predict(self, one: Features) -> Prediction:
        """What is to be expected of a molecule, by itself: no prediction depends on what else is asked."""
        shared = (self._bits @ one.bits[self._known].astype(np.float32)).astype(np.float64)
        similar = shared / (self._counts + float(one.bits.sum()) - shared)
        numbers = (one.numbers - self._center) / self._scale
        apart = ((self._numbers - numbers) ** 2).sum(1)
        covariance = self._covariance(similar, apart, (1 + self._numbers @ numbers) / len(numbers))
        explained = self._root @ covariance
        variance = self.prior(numbers) - float(explained @ explained)
        nearest = int(similar.argmax())
        return Prediction(
            value=self._mean + self._spread * float(covariance @ self._weights),
            sd=self._spread * max(variance, self.kernel.noise) ** 0.5,
            nearest=nearest,
            similarity=float(similar[nearest]),
            in_domain=bool(similar[nearest] >= self.edge),
        )

    def prior(self, numbers: Array) -> float:
        """The variance of a molecule with these standardised descriptors when nothing has been seen."""
        kernel = self.kernel
        line = (1 + float(numbers @ numbers)) / len(numbers)
        return kernel.bits + kernel.numbers + kernel.linear * line + kernel.noise

    def surprise(self, logarithms: Array) -> tuple[float, Array]:
        """The negative log likelihood of what was seen under a kernel, less a constant, and its gradient."""
        bits, numbers, length, linear, noise = np.exp(logarithms)
        near = 1 / (1 + self._distance / (2 * length))
        covariance = bits * self._similar + numbers * near + linear * self._line
        covariance[np.diag_indices_from(covariance)] += noise
        lower = np.linalg.cholesky(covariance)
        root = np.linalg.inv(lower)
        inverse = root.T @ root
        weights = inverse @ self._y
        slope = inverse - np.outer(weights, weights)
        slower = numbers * near**2 * self._distance / (2 * length)
        parts = (bits * self._similar, numbers * near, slower, linear * self._line)
        gradient = [(slope * part).sum() / 2 for part in parts] + [noise * np.trace(slope) / 2]
        return float(self._y @ weights / 2 + np.log(np.diag(lower)).sum()), np.array(gradient)


def fitted(seen: Sequence[Features], values: Array, searched: int = 600, seed: int = 0) -> GaussianProcess:
    """A Gaussian process with the kernel under which its data, or so many of them, are most likely."""
    from scipy.optimize import minimize  # comes with scikit-learn; who only scores needs neither

    some = np.sort(np.random.default_rng(seed).permutation(len(seen))[:searched])
    start = GaussianProcess([seen[i] for i in some], values[some], Kernel())
    found = minimize(
        start.surprise,
        np.log(astuple(start.kernel)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-7, 5), (-7, 5), (-2, 8), (-7, 5), (-6, 1)],
        options={"maxiter": 40},
    )
    return GaussianProcess(seen, values, Kernel(*map(float, np.exp(found.x))))
