"""Flow matching: the velocity of a continuous flow by regression, without solving for anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Generator, Velocity
from sciencegen.core.objective import Loss, Objective
from sciencegen.errors import RequestError

__all__ = ["FlowMatching", "Pairing"]

Pairing = Literal["random", "optimal"]
_TIMES = 8
"""At how many times a held-out sample is looked at."""


class FlowMatching(Objective):
    """Lower |v(x_t, t) - (x_1 - x_0)|^2 at x_t = (1 - t) x_0 + t x_1, of noise x_0 and data x_1 (Flow Matching for
    Generative Modeling; Lipman et al.; 2023).

    `pairing`: noise and data of a batch meet at `random`, or so that the squares of all ways add up to the least,
    `optimal` transport within the batch: straighter ways, which fewer steps follow (Improving and generalizing
    flow-based generative models with minibatch optimal transport; Tong et al.; 2023). That is for models that cannot be
    asked: chosen so, noise would depend on the condition, and what is drawn under one would be wrong.
    Held-out samples are judged by the same loss, not by their likelihood, which takes a solution for each.
    """

    needs = (Velocity,)

    def __init__(self, pairing: Pairing = "random", hide: float = 0.0) -> None:
        super().__init__()
        self.pairing, self.hide = pairing, hide

    def losses(self, generator: Generator, batch: Batch) -> Iterator[Loss]:
        condition = None if batch.condition is None else batch.condition.hide(self.hide)
        x, noise = batch.x, torch.randn_like(batch.x)
        if self.pairing == "optimal":
            if batch.condition is not None:
                raise RequestError("pairing=optimal: draws under a condition would be wrong; use random")
            noise = noise[optimal(noise, x)]
        n = len(x)
        t = (torch.arange(n, device=x.device, dtype=x.dtype) / n + torch.rand(1, device=x.device, dtype=x.dtype)) % 1
        yield Loss("matching", _missed(generator, x, noise, t, condition).mean(), generator)

    def validation(self, generator: Generator, batch: Batch) -> Tensor:
        x, condition = batch.x, batch.condition
        missed = []
        for i in range(_TIMES):
            t = (i + torch.rand(len(x), device=x.device, dtype=x.dtype)) / _TIMES
            missed.append(_missed(generator, x, torch.randn_like(x), t, condition))
        return torch.stack(missed).mean(0)


def optimal(noise: Tensor, x: Tensor) -> Tensor:
    """The row of noise for each row of `x`, so that the sum of the squares of all ways is the least."""
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise RequestError("pairing=optimal needs scipy: pip install scipy, or use random") from None
    costs = torch.cdist(x.flatten(1).double(), noise.flatten(1).double()).square()
    _, chosen = linear_sum_assignment(costs.cpu().numpy())
    return torch.as_tensor(chosen, device=x.device)


def _missed(generator: Generator, x: Tensor, noise: Tensor, t: Tensor, condition: Condition | None) -> Tensor:
    """The squared error of the velocity, for each row: [n]."""
    assert isinstance(generator, Velocity)
    at = t.view(-1, *(1,) * (x.dim() - 1))
    found = generator.velocity(noise + at * (x - noise), t, condition)
    return (found - (x - noise)).square().flatten(1).sum(1)
