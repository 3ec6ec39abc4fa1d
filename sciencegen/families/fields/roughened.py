"""Fields made a little rougher or smoother at the end, so that their level sets have the surface asked for."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sciencegen.core.condition import Condition
from sciencegen.families.fields.fields import Finish
from sciencegen.nets.periodic import wrapped

__all__ = ["Roughened"]

_LEAST, _MOST = -1.0, 2.0
"""From all detail taken away to three times as much."""
_HALVINGS = 7
_BLUR = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
_TIMES = 2


class Roughened(Finish):
    """x + a (x - x blurred), with the a of least size that gives the surface asked for, found by halving; then `level`
    puts the share right.

    A net that sees a part of a field cannot make up for what chance did elsewhere, so that the surface of an image is
    a few percent from what was asked; this takes that away and leaves the rest as it is. `measure` gives the surfaces
    [n] of phases [n, *sides]; `column`, `mean` and `std` are those of the field of surfaces. While a net learns nothing
    is done.
    """

    def __init__(
        self, level: Finish, column: int, mean: float, std: float, measure: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.level, self.column, self.mean, self.std, self.measure = level, column, mean, std, measure

    def forward(self, x: Tensor, condition: Condition | None) -> Tensor:
        x = self._levelled(x, condition)
        if self.training or condition is None or not bool(condition.known[:, self.column].any()):
            return x
        known = condition.known[:, self.column].expand(len(x))
        smooth = x
        for _ in range(_TIMES):
            smooth = _blurred(smooth)
        detail = x - smooth
        with torch.no_grad():
            wanted = (condition.values[:, self.column] * self.std + self.mean).expand(len(x))
            amount = self._amount(x, detail, wanted.to(x.dtype), condition)
        amount = amount.where(known, torch.zeros_like(amount))
        return self._levelled(x + _spread(amount, x) * detail, condition)

    def _levelled(self, x: Tensor, condition: Condition | None) -> Tensor:
        level: Tensor = self.level(x, condition)
        return level

    def _amount(self, x: Tensor, detail: Tensor, wanted: Tensor, condition: Condition) -> Tensor:
        """How much rougher each field has to be: surfaces grow with it."""

        def surface(amount: Tensor) -> Tensor:
            found = self._levelled(x + _spread(amount, x) * detail, condition)
            return self.measure(found[:, 0] > 0).to(wanted.dtype)

        none = torch.zeros_like(wanted)
        less = surface(none) > wanted
        low, high = none.where(~less, none + _LEAST), none.where(less, none + _MOST)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            much = surface(middle) > wanted
            low, high = low.where(much, middle), middle.where(much, high)
        return (low + high) / 2


def _spread(amount: Tensor, x: Tensor) -> Tensor:
    return amount.view(-1, *(1,) * (x.dim() - 1))


def _blurred(x: Tensor) -> Tensor:
    """Periodic fields, blurred along every axis."""
    around = wrapped(x, 2, 2)
    for axis in range(2, x.dim()):
        side = x.shape[axis]
        parts = [weight * around.narrow(axis, start, side) for start, weight in enumerate(_BLUR)]
        around = torch.stack(parts).sum(0)
    return around
