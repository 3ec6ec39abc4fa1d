"""Masked autoregressive transforms: each entry is moved by a net that reads the entries before it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.quick import quick_spline
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
        found: list[Tensor] = []
        log_slopes: list[Tensor] = []
        for t, entry in enumerate(entries.split(1)):
            given = self.net.step(state, t, found[-1].t() if found else None).t()
            there = self._move(entry, given[None].to(z.dtype), inverse=True)
            found.append(there.x)
            log_slopes.append(there.log_slope)
        return Mapped(torch.cat(found).t(), torch.cat(log_slopes).sum(0))


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
