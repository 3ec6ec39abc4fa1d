"""Coupling transforms: one half of the entries is moved by a net that reads the other half."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from copy import copy

import torch
from torch import Tensor

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.quick import compiled_spline, quick_spline
from sciencegen.families.flow.spline import numbers
from sciencegen.families.flow.univariate import Moved, scaled
from sciencegen.families.flow.wrapped import angle
from sciencegen.nets.mlp import MLP

__all__ = ["AffineCoupling", "CircularCoupling", "Coupling", "SplineCoupling"]


class Coupling(Transform):
    """Every other entry is moved by what a net makes of the entries between, and of the context."""

    cheap = "both"

    def __init__(
        self, entries: int, numbers: int, widths: Sequence[int], context: int, odd: bool, act: str, seen: int = 1
    ) -> None:
        super().__init__()
        self.odd = int(odd)
        moved = torch.arange(entries) % 2 == int(odd)
        if entries == 1:  # nothing to read: the context alone moves the one entry
            moved = torch.ones(1, dtype=torch.bool)
        self.register_buffer("moved", moved.nonzero()[:, 0], persistent=False)
        self.register_buffer("kept", (~moved).nonzero()[:, 0], persistent=False)
        self.net = MLP(max(int((~moved).sum()) * seen, 1), numbers * int(moved.sum()), widths, context, act)
        torch.nn.init.zeros_(self.net.out.weight)
        torch.nn.init.zeros_(self.net.out.bias)

    @abstractmethod
    def _move(self, x: Tensor, given: Tensor, inverse: bool) -> Moved:
        """Move x [entries, n] as the numbers `given` [numbers of all entries, n] say; `inverse` goes to data."""

    def _seen(self, kept: Tensor) -> Tensor:
        """What the net reads of the entries kept [entries, n]."""
        return kept

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        return self._carry(x, context, inverse=False)

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        return self._carry(z, context, inverse=True)

    def _carry(self, x: Tensor, context: Tensor, inverse: bool) -> Mapped:
        assert isinstance(self.moved, Tensor)
        assert isinstance(self.kept, Tensor)
        rows = x.t().contiguous()  # stays so from layer to layer
        if len(rows) % 2 == 0:
            parts = list(rows.view(len(rows) // 2, 2, -1).unbind(1))
            moved, seen = parts[self.odd], self._seen(parts[1 - self.odd])
        else:
            moved, kept = (rows.index_select(0, index) for index in (self.moved, self.kept))
            seen = self._seen(kept) if len(kept) else torch.ones_like(rows)
        there = self._move(moved, self.net.rows(seen.t(), context).to(x.dtype), inverse)
        if len(rows) % 2:
            return Mapped(rows.index_copy(0, self.moved, there.x).t(), there.log_slope.sum(0))
        parts[self.odd] = there.x
        return Mapped(torch.stack(parts, 1).flatten(0, 1).t(), there.log_slope.sum(0))


class AffineCoupling(Coupling):
    """z = x exp(s) + t on every other entry (Density estimation using Real NVP; Dinh, Sohl-Dickstein, Bengio; 2016).

    Both directions are exact and cheap.
    """

    def __init__(
        self,
        entries: int,
        widths: Sequence[int],
        context: int = 0,
        odd: bool = False,
        bound: float = 3.0,
        act: str = "silu",
    ) -> None:
        super().__init__(entries, 2, widths, context, odd, act)
        self.bound = bound

    def _move(self, x: Tensor, given: Tensor, inverse: bool) -> Moved:
        scale, shift = given.chunk(2)
        return scaled(x, scale, shift, self.bound, inverse)


class SplineCoupling(Coupling):
    """A monotone rational-quadratic spline on every other entry (Neural Spline Flows; Durkan et al.; 2019).

    Within [-bound, bound] z follows a spline of so many bins, outside z = x. Both directions are exact and cheap.
    """

    def __init__(
        self,
        entries: int,
        widths: Sequence[int],
        context: int = 0,
        odd: bool = False,
        bins: int = 8,
        bound: float = 5.0,
        act: str = "silu",
    ) -> None:
        self.numbers, self.bound, self.spline = numbers(bins, "straight"), bound, quick_spline
        super().__init__(entries, self.numbers, widths, context, odd, act)

    def compiled(self) -> SplineCoupling:
        copied = copy(self)
        copied.spline = compiled_spline()
        return copied

    def _move(self, x: Tensor, given: Tensor, inverse: bool) -> Moved:
        return self.spline(x, given.view(len(x), self.numbers, -1), self.bound, "straight", inverse)


class CircularCoupling(Coupling):
    """A circular spline and a turn, on every other of entries that are angles in [-pi, pi).

    z = spline(x) + t modulo 2 pi; the net reads cosines and sines (Normalizing Flows on Tori and Spheres; Rezende et
    al.; 2020). Both directions are exact and cheap.
    """

    def __init__(
        self,
        entries: int,
        widths: Sequence[int],
        context: int = 0,
        odd: bool = False,
        bins: int = 8,
        act: str = "silu",
    ) -> None:
        self.numbers = numbers(bins, "circular") + 1
        super().__init__(entries, self.numbers, widths, context, odd, act, seen=2)

    def _seen(self, kept: Tensor) -> Tensor:
        return torch.cat((kept.cos(), kept.sin()))

    def _move(self, x: Tensor, given: Tensor, inverse: bool) -> Moved:
        given = given.view(len(x), self.numbers, -1)
        bends, turn = given[:, :-1], given[:, -1]
        if inverse:
            return quick_spline(angle(x - turn), bends, math.pi, "circular", inverse)
        there = quick_spline(angle(x), bends, math.pi, "circular", inverse)
        return Moved(angle(there.x + turn), there.log_slope)
