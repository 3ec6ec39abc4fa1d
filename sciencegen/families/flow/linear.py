"""Linear transforms by their triangular factors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sciencegen.core.transform import Mapped, Transform
from sciencegen.families.flow.univariate import soft_clip

__all__ = ["Factors", "LULinear"]

_BOUND = 5.0  # of the log of the diagonal


class Factors(nn.Module):
    """A matrix P L D U, with unit triangles and the logs of the diagonal as parameters; no step can make it singular.

    It starts as the unit matrix, or `rotated` as a random rotation. The order P is fixed, and saved.
    """

    def __init__(self, size: int, rotated: bool = False) -> None:
        super().__init__()
        order, lower, upper = torch.eye(size), torch.zeros(size, size), torch.zeros(size, size)
        log_diagonal = torch.zeros(size)
        if rotated:
            turn = torch.linalg.qr(torch.randn(size, size)).Q
            order, lower, whole = torch.linalg.lu(turn)
            diagonal = whole.diagonal()
            whole = whole * diagonal.sign()[:, None]  # a rotation but for reflections
            log_diagonal, upper = diagonal.abs().log(), whole / diagonal.abs()[:, None]
        self.register_buffer("order", order.argmax(0))  # row i of P L goes where row i of L went
        self.lower, self.upper = nn.Parameter(lower.tril(-1)), nn.Parameter(upper.triu(1))
        self.log_diagonal = nn.Parameter(log_diagonal / (1 - log_diagonal.abs() / _BOUND).clamp_min(0.1))

    def triangles(self) -> tuple[Tensor, Tensor, Tensor]:
        """L, the log of D, U."""
        one = torch.eye(len(self.lower), dtype=self.lower.dtype, device=self.lower.device)
        return self.lower.tril(-1) + one, soft_clip(self.log_diagonal, _BOUND), self.upper.triu(1) + one

    def to_noise(self, x: Tensor, log_scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x [m, size] times the matrix, with the diagonal scaled row by row, and the logs of the diagonal."""
        lower, log_diagonal, upper = self.triangles()
        if log_scale is not None:
            log_diagonal = log_diagonal + log_scale
        y = (x @ upper.t()) * log_diagonal.exp()
        return self._ordered(y @ lower.t()), log_diagonal

    def to_data(self, z: Tensor, log_scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The same backwards."""
        lower, log_diagonal, upper = self.triangles()
        if log_scale is not None:
            log_diagonal = log_diagonal + log_scale
        assert isinstance(self.order, Tensor)
        y = torch.linalg.solve_triangular(lower, z.index_select(1, self.order).t(), upper=False, unitriangular=True)
        y = y * (-log_diagonal).exp().expand(len(z), -1).t()
        x = torch.linalg.solve_triangular(upper, y, upper=True, unitriangular=True)
        return x.t(), log_diagonal

    def _ordered(self, x: Tensor) -> Tensor:
        assert isinstance(self.order, Tensor)
        return torch.empty_like(x).index_copy(1, self.order, x)


class LULinear(Transform):
    """z = L D U x + t, with D and t moved by the context (Glow; Kingma, Dhariwal; 2018, by its LU factors).

    Starts as the unit matrix, or `rotated` as a random rotation. Both directions are exact and cheap; `widths` is not
    used, for nothing here is deep.
    """

    cheap = "both"

    def __init__(self, entries: int, widths: Sequence[int] = (), context: int = 0, rotated: bool = False) -> None:
        super().__init__()
        self.factors, self.shift = Factors(entries, rotated), nn.Parameter(torch.zeros(entries))
        self.moved = nn.Linear(context, 2 * entries, bias=False) if context else None
        if self.moved is not None:
            nn.init.zeros_(self.moved.weight)

    def to_noise(self, x: Tensor, context: Tensor) -> Mapped:
        log_scale, shift = self._moves(context)
        z, log_diagonal = self.factors.to_noise(x, log_scale)
        return Mapped(z + shift, log_diagonal.sum(-1).expand(len(x)))

    def to_data(self, z: Tensor, context: Tensor) -> Mapped:
        log_scale, shift = self._moves(context)
        x, log_diagonal = self.factors.to_data(z - shift, log_scale)
        return Mapped(x, -log_diagonal.sum(-1).expand(len(z)))

    def _moves(self, context: Tensor) -> tuple[Tensor | None, Tensor]:
        if self.moved is None:
            return None, self.shift
        log_scale, shift = self.moved(context).to(self.shift.dtype).chunk(2, -1)
        return soft_clip(log_scale, _BOUND), self.shift + shift
