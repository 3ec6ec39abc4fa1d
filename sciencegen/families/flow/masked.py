"""Masked autoregressive transforms: each entry is moved by a net that reads the entries before it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.quick import Solved, quick_spline, slopes_of, solved
from sciencegen.families.flow.spline import numbers
from sciencegen.families.flow.univariate import Moved, scaled
from sciencegen.nets.masked import MaskedMLP

__all__ = ["Masked", "MaskedAffine", "MaskedSpline"]

Cheap = Literal["to_noise", "to_data"]


class Masked(Transform):
    """Every entry is moved by what a net makes of the entries before it, and of the context.

    `cheap="to_noise"` reads data: a fast density (Masked Autoregressive Flow; Papamakarios, Pavlakou, Murray; 2017).
    `cheap="to_data"` reads noise: fast samples (Improved Variational Inference with Inverse Autoregressive Flow;
    Kingma et al.; 2016). The other direction goes entry by entry, computing every hidden unit once.
    """

    def __init__(self, entries: int, numbers: int, widths: Sequence[int], context: int, cheap: Cheap, act: str) -> None:
        super().__init__()
        self.cheap = cheap
        self.net = MaskedMLP(entries, 1, numbers, widths, context, act, direct=False)

    @abstractmethod
    def _move(self, x: Tensor, given: Tensor, inverse: bool) -> Moved:
        """Move x [entries, n] as the numbers `given` [entries, numbers, n] say; `inverse` goes entry by entry."""

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return self._at_once(x, context) if self.cheap == "to_noise" else self._in_turn(x, context)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return self._at_once(z, context) if self.cheap == "to_data" else self._in_turn(z, context)

    def _at_once(self, x: Tensor, context: Tensor) -> Mapped:
        there = self._move(x.t().contiguous(), self.net.rows(x[..., None], context).to(x.dtype), inverse=False)
        return Mapped(there.x.t(), there.log_slope.sum(0))

    def _in_turn(self, z: Tensor, context: Tensor) -> Mapped:
        state, entries = self.net.start(context), z.t().contiguous()
        found: list[Any] = []
        for t, entry in enumerate(entries.split(1)):
            given = self.net.step(state, t, found[-1].x.t() if found else None).t()
            found.append(self._one(entry, given[None].to(z.dtype)))
        return Mapped(torch.cat([one.x for one in found]).t(), self._log_slopes(found).sum(0))

    def _one(self, z: Tensor, given: Tensor) -> Any:
        """One entry moved back: its `x` [1, n], and whatever the log of its slope can be told from."""
        return self._move(z, given, inverse=True)

    def _log_slopes(self, found: Sequence[Any]) -> Tensor:
        """The logs of the slopes of all entries [entries, n], which nobody needs before the last is found."""
        return torch.cat([one.log_slope for one in found])


class MaskedAffine(Masked):
    """z_t = (x_t - m_t) exp(-s_t), with m_t and s_t read off the entries before t.

    Both directions are exact; which is cheap says `cheap`.
    """

    def __init__(
        self,
        entries: int,
        widths: Sequence[int],
        context: int = 0,
        cheap: Cheap = "to_noise",
        bound: float = 3.0,
        act: str = "silu",
    ) -> None:
        super().__init__(entries, 2, widths, context, cheap, act)
        self.bound = bound

    def _move(self, x: Tensor, given: Tensor, inverse: bool) -> Moved:
        shift, scale = given.unbind(1)
        return scaled(x, scale, shift, self.bound, not inverse)


class MaskedSpline(Masked):
    """A monotone rational-quadratic spline on each entry, read off the entries before (Durkan et al.; 2019).

    Within [-bound, bound] an entry follows a spline of so many bins, outside it stays. Both directions are exact;
    which is cheap says `cheap`.
    """

    def __init__(
        self,
        entries: int,
        widths: Sequence[int],
        context: int = 0,
        cheap: Cheap = "to_noise",
        bins: int = 8,
        bound: float = 5.0,
        act: str = "silu",
    ) -> None:
        super().__init__(entries, numbers(bins, "straight"), widths, context, cheap, act)
        self.bound = bound

    def _move(self, x: Tensor, given: Tensor, inverse: bool) -> Moved:
        return quick_spline(x, given, self.bound, "straight", inverse)

    def _one(self, z: Tensor, given: Tensor) -> Any:
        return self._move(z, given, inverse=True) if torch.is_grad_enabled() else solved(z, given, self.bound)

    def _log_slopes(self, found: Sequence[Any]) -> Tensor:
        plain = [one for one in found if isinstance(one, Solved)]
        return slopes_of(plain) if plain else torch.cat([one.log_slope for one in found])
