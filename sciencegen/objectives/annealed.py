"""Annealed importance sampling: samples carried from one density to another, and what each is worth there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sciencegen.core.generator import Scored

__all__ = ["Annealed", "annealed"]

LogDensity = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Annealed:
    """Where samples came to be, and the log of their importance weights."""

    x: Tensor  # [n, *shape]
    log_weight: Tensor  # [n]
    taken: float
    """The share of moves that were accepted."""


@dataclass(frozen=True)
class _Bridge:
    """Where samples stand: the log-densities at both ends, and the slope of the one between."""

    x: Tensor
    start: Tensor
    end: Tensor
    slope: Tensor

    @classmethod
    def at(cls, x: Tensor, start: LogDensity, end: LogDensity, share: float) -> _Bridge:
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            a, b = start(x), end(x)
            (slope,) = torch.autograd.grad(((1 - share) * a + share * b).sum(), x)
        return cls(x.detach(), a.detach(), b.detach(), slope)

    def log_density(self, share: float) -> Tensor:
        return (1 - share) * self.start + share * self.end


def annealed(drawn: Scored, start: LogDensity, end: LogDensity, temperings: int, moves: int, step: Tensor) -> Annealed:
    """Carry samples of `start` to `end` over `temperings` densities between, by Langevin moves of a length that are
    accepted or not (Annealed importance sampling; Neal; 2001)."""
    log_weight, taken, tried = torch.zeros_like(drawn.log_prob), 0.0, 0
    here = _Bridge.at(drawn.x, start, end, 0.0)
    for number in range(1, temperings + 1):
        share = number / (temperings + 1)
        log_weight = log_weight + (here.end - here.start) / (temperings + 1)
        here = _Bridge.at(here.x, start, end, share)
        for _ in range(moves):
            here, accepted = _moved(here, start, end, share, step)
            taken, tried = taken + accepted, tried + 1
    log_weight = log_weight + (here.end - here.start) / (temperings + 1)
    sound = log_weight.isfinite() & here.x.isfinite().flatten(1).all(1)
    log_weight = log_weight.where(sound, torch.full_like(log_weight, -torch.inf))
    return Annealed(here.x, log_weight, taken / max(tried, 1))


def _moved(here: _Bridge, start: LogDensity, end: LogDensity, share: float, step: Tensor) -> tuple[_Bridge, float]:
    """One move of every sample, and the share that was accepted."""
    size = step.to(here.x)
    there = _Bridge.at(here.x + size**2 / 2 * here.slope + size * torch.randn_like(here.x), start, end, share)
    gain = there.log_density(share) - here.log_density(share)
    chance = gain + _toward(here, there, size) - _toward(there, here, size)
    yes = torch.rand_like(gain).log() < chance
    parts = [torch.where(yes.view(-1, *(1,) * (b.dim() - 1)), b, a) for a, b in _pairs(here, there)]
    return _Bridge(*parts), float(yes.float().mean())


def _pairs(here: _Bridge, there: _Bridge) -> list[tuple[Tensor, Tensor]]:
    return [(here.x, there.x), (here.start, there.start), (here.end, there.end), (here.slope, there.slope)]


def _toward(goal: _Bridge, origin: _Bridge, size: Tensor) -> Tensor:
    """How likely a move from `origin` to `goal` is, in logarithms."""
    away = goal.x - origin.x - size**2 / 2 * origin.slope
    return -(away / size).square().flatten(1).sum(1) / 2
