"""Importance weights: what draws of one density say of another, with error bars.

Weights are handed in as logarithms [n], of exp(-energy) over the density drawn from; they need no normalisation but for
`log_partition`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

__all__ = ["Estimate", "effective_share", "forward_share", "log_partition", "log_ratio", "mean"]


@dataclass(frozen=True)
class Estimate:
    """A number and its standard error."""

    value: float
    error: float


def effective_share(log_w: Tensor) -> float:
    """How many independent draws of the target one draw is worth: (sum w)^2 / (n sum w^2), from 0 to 1."""
    log_w = log_w.double()
    return float((2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()) / len(log_w)


def forward_share(log_w: Tensor) -> float:
    """The same, from draws of the target itself: 1 / (mean of w times mean of 1 / w). Modes that were never drawn from
    the other density cannot hide from it."""
    log_w = log_w.double()
    return float((2 * math.log(len(log_w)) - log_w.logsumexp(0) - (-log_w).logsumexp(0)).exp())


def log_partition(log_w: Tensor) -> Estimate:
    """ln Z, the log of the mean weight."""
    log_w = log_w.double()
    value = float(log_w.logsumexp(0)) - math.log(len(log_w))
    relative = (log_w - value).exp() - 1
    return Estimate(value, float(relative.square().mean().sqrt()) / math.sqrt(len(log_w)))


def mean(values: Tensor, log_w: Tensor) -> Estimate:
    """The mean of something under the target."""
    share, values = log_w.double().softmax(0), values.double()
    value = float((share * values).sum())
    return Estimate(value, float((share * (values - value)).square().sum().sqrt()))


def log_ratio(one: Tensor, other: Tensor, log_w: Tensor) -> Estimate:
    """ln(P(one) / P(other)) of two regions without a point in common, given which draws lie in each."""
    share = log_w.double().softmax(0)
    a, b = (share[inside].sum() for inside in (one, other))
    if not (float(a) > 0 and float(b) > 0):
        return Estimate(math.nan, math.nan)
    pull = one.double() / a - other.double() / b
    return Estimate(float(a.log() - b.log()), float((share * pull).square().sum().sqrt()))
