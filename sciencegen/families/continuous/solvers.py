"""Solvers of ordinary differential equations: a batch is followed from one time to another, differentiably."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.core.generator import Spread, positive
from sciencegen.errors import RequestError

__all__ = ["Slope", "Solving", "solve"]

Slope = Callable[[Tensor, Tensor], Tensor]
"""How a state [n, k] moves at a time []: [n, k]."""

_MOST_STEPS = 2000
_SMALLEST = 1e-5
"""Shorter steps are taken as they are: single precision says no more of an error."""


@dataclass(frozen=True)
class Solving(Spread):
    """How unusual noise is, and how exactly it is followed.

    `steps`: so many of equal length, of Runge-Kutta methods of an `order` 1 (Euler), 2 (midpoint) or 4; 0 for steps
    that are as long as the `tolerance` of one allows, in parts of 1 + |state|, by the pair of orders 5 and 4 of
    Dormand and Prince. `probes`: random directions by which the growth of volume is estimated; 0 to compute it.
    """

    steps: int = 0
    order: int = 4
    tolerance: float = 1e-5
    probes: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("tolerance", self.tolerance)
        if self.order not in _METHODS:
            raise RequestError(f"order={self.order}: expected one of {', '.join(map(str, _METHODS))}")
        for name, value in (("steps", self.steps), ("probes", self.probes)):
            if value < 0:
                raise RequestError(f"{name}={value}: expected a whole number of 0 or more")


@dataclass(frozen=True)
class _Method:
    """An explicit Runge-Kutta method: what each slope is made of, and how slopes make a step."""

    rows: Sequence[Sequence[float]]
    weights: Sequence[float]

    def slopes(self, field: Slope, y: Tensor, time: Tensor, step: float, first: Tensor | None = None) -> list[Tensor]:
        """The slopes of one step; the first may be known already."""
        found = [field(y, time) if first is None else first]
        for row in self.rows:
            found.append(field(_moved(y, step, row, found), time + sum(row) * step))
        return found


_METHODS = {
    1: _Method((), (1,)),
    2: _Method(((1 / 2,),), (0, 1)),
    4: _Method(((1 / 2,), (0, 1 / 2), (0, 0, 1)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}
_PAIR = _Method(
    (
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    ),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
"""A family of embedded Runge-Kutta formulae (Dormand, Prince; 1980): its last slope is the first of the next step."""
_ERROR = (71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
"""By how much the step of order 5 differs from that of order 4."""


def solve(field: Slope, y: Tensor, start: float, stop: float, knobs: Solving) -> Tensor:
    """The state at `stop` of one that is `y` at `start`."""
    if not len(y):
        return y
    return _in_equal_steps(field, y, start, stop, knobs) if knobs.steps else _adapting(field, y, start, stop, knobs)


def _in_equal_steps(field: Slope, y: Tensor, start: float, stop: float, knobs: Solving) -> Tensor:
    method, step = _METHODS[knobs.order], (stop - start) / knobs.steps
    for i in range(knobs.steps):
        y = _moved(y, step, method.weights, method.slopes(field, y, y.new_tensor(start + i * step), step))
    return y


def _adapting(field: Slope, y: Tensor, start: float, stop: float, knobs: Solving) -> Tensor:
    """One step serves all rows, short enough for the one that needs it most; rows that run away do not count."""
    tolerance = max(knobs.tolerance, 10 * torch.finfo(y.dtype).eps)
    done, length = 0.0, 0.1 * abs(stop - start)
    slope: Tensor | None = None
    for _ in range(_MOST_STEPS):
        left = abs(stop - start) - done
        if left <= 1e-9:
            return y
        length = min(length, left)
        step = length if stop > start else -length
        time = y.new_tensor(start + (done if stop > start else -done))
        slopes = _PAIR.slopes(field, y, time, step, slope)
        after = _moved(y, step, _PAIR.weights, slopes)
        error = _error(y, after, step, slopes, tolerance)
        short = length <= _SMALLEST
        if error <= 1 or short:
            y, slope, done = after, slopes[-1], done + length
        else:
            slope = slopes[0]
        length = max(length * min(max(0.9 * max(error, 1e-9) ** -0.2, 0.2), 5.0), _SMALLEST)
    hint = "raise tolerance, or set steps"
    raise RequestError(f"tolerance={knobs.tolerance:g}: the flow turns too sharply for {_MOST_STEPS} steps: {hint}")


@torch.no_grad()
def _error(y: Tensor, after: Tensor, step: float, slopes: Sequence[Tensor], tolerance: float) -> float:
    """The error of the worst row, in units of what is allowed; a step that loses a row is too long."""
    away = _moved(torch.zeros_like(y), step, _ERROR, slopes)
    rows = (away / (tolerance * (1 + torch.maximum(y.abs(), after.abs())))).square().mean(-1).sqrt()
    rows = rows[y.isfinite().all(-1)]
    return float(rows.nan_to_num(1e9, 1e9).max()) if len(rows) else 0.0


def _moved(y: Tensor, step: float, weights: Sequence[float], slopes: Sequence[Tensor]) -> Tensor:
    for weight, slope in zip(weights, slopes, strict=False):
        if weight:
            y = torch.add(y, slope, alpha=step * weight)
    return y
