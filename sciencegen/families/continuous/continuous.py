"""Continuous flows: a standard normal carried to data by a velocity."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition
from sciencegen.core.generator import Latent, Scored, Tractable, Velocity
from sciencegen.core.normal import log_normal
from sciencegen.core.space import Reals
from sciencegen.families.continuous.solvers import Solving, solve
from sciencegen.nets.conditioner import Conditioner

__all__ = ["Continuous"]

_FEW = 32
"""Up to so many entries the growth of volume is computed; it costs a forward derivative for each."""

_IN_CACHE = 32_768
"""Rows whose likelihood is computed at a time: many more take twice as long each."""


class Continuous(Tractable, Latent, Velocity):
    """dx/dt = net(x, t, context) from noise at t=0 to data at t=1, with d log p/dt = -div net (Neural Ordinary
    Differential Equations; Chen, Rubanova, Bettencourt, Duvenaud; 2018).

    One solution gives a sample and its log-density. Where there are few entries the divergence is exact, so that
    densities are as good as the solver; beyond, it is estimated along one random direction that stays the same through
    a solution, and log-densities are right on average only (FFJORD; Grathwohl et al.; 2019). The knob `probes` takes
    more directions, or 0 for the exact one at any size.
    """

    def __init__(self, space: Reals, net: nn.Module, conditioner: Conditioner, steps: int = 0) -> None:
        super().__init__()
        self.space, self.net, self.conditioner = space, net, conditioner
        self.knobs: Solving = Solving(steps=steps, probes=0 if space.size <= _FEW else 1)

    def velocity(self, x: Tensor, t: Tensor, condition: Condition | None = None) -> Tensor:
        moves: Tensor = self.net(x.flatten(1), t, self._context(condition, len(x)))
        return moves.view_as(x)

    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        size = len(x) if torch.is_grad_enabled() else _IN_CACHE
        if len(x) <= size:
            z, grown = self._scored(x.flatten(1), x.new_zeros(len(x)), condition, 1.0, 0.0)
            return log_normal(z) - grown
        asked = None if condition is None or len(condition) == 1 else condition
        parts = [slice(i, i + size) for i in range(0, len(x), size)]
        return torch.cat([self.log_prob(x[one], condition if asked is None else asked[one]) for one in parts])

    def rscored(self, n: int, condition: Condition | None = None) -> Scored:
        z = self.knobs.temperature * self.prior(n, condition)
        x, less = self._scored(z, log_normal(z, self.knobs.temperature), condition, 0.0, 1.0)
        return Scored(x.view(n, *self.space.shape), less)

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        z = self.knobs.temperature * self.prior(n, condition)
        return self._moved(z, condition, 0.0, 1.0).view(n, *self.space.shape)

    @torch.no_grad()
    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)

    @torch.no_grad()
    def encode(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        return self._moved(x.flatten(1), condition, 1.0, 0.0)

    @torch.no_grad()
    def decode(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        return self._moved(z, condition, 0.0, 1.0).view(len(z), *self.space.shape)

    def prior(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.noise(n, self.space.size)

    def _context(self, condition: Condition | None, n: int) -> Tensor:
        """The context, one row where it serves all samples."""
        context: Tensor = self.conditioner(condition, 1 if condition is None or len(condition) == 1 else n)
        return context

    def _moved(self, x: Tensor, condition: Condition | None, start: float, stop: float) -> Tensor:
        context = self._context(condition, len(x))
        return solve(lambda y, time: self.net(y, time[None], context), x, start, stop, self.knobs)

    def _scored(
        self, x: Tensor, log_prob: Tensor, condition: Condition | None, start: float, stop: float
    ) -> tuple[Tensor, Tensor]:
        """Where rows go, and their log-densities there, from one solution."""
        context, directions = self._context(condition, len(x)), self._directions(x)

        def field(y: Tensor, time: Tensor) -> Tensor:
            moves, divergence = self._diverging(y[:, :-1], time[None], context, directions)
            return torch.cat((moves, -divergence[:, None]), 1)

        y = solve(field, torch.cat((x, log_prob[:, None]), 1), start, stop, self.knobs)
        return y[:, :-1], y[:, -1]

    def _directions(self, x: Tensor) -> Tensor:
        """Along what the velocity is derived: every axis, or random signs: [directions, n, entries]."""
        if self.knobs.probes:
            signs = torch.randint(0, 2, (self.knobs.probes, *x.shape), device=x.device)
            return 2 * signs.to(x.dtype) - 1
        axes = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        return axes[:, None].expand(-1, *x.shape)

    def _diverging(self, x: Tensor, t: Tensor, context: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
        """The velocity, and its divergence."""

        def along(direction: Tensor) -> tuple[Tensor, Tensor]:
            found = torch.func.jvp(lambda y: self.net(y, t, context), (x,), (direction,))
            return found[0], (found[1] * direction).sum(-1)

        moves, slopes = torch.vmap(along, out_dims=(None, 0))(directions)  # type: ignore[arg-type]
        return moves, slopes.mean(0) if self.knobs.probes else slopes.sum(0)
