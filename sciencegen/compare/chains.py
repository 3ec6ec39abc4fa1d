"""Markov chains: exact draws of a target from proposals of another density, and how far apart independent ones are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Chains", "autocorrelation", "metropolis"]

_WINDOW = 5.0


@dataclass(frozen=True)
class Chains:
    """Where chains stood at every step: the row of a proposal."""

    rows: Tensor  # [steps, chains]
    acceptance: float


def metropolis(log_w: Tensor, chains: int) -> Chains:
    """Independent Metropolis-Hastings (Monte Carlo sampling methods using Markov chains; Hastings; 1970).

    A proposal of weight w' takes the place of one of weight w with probability min(1, w' / w). Proposals [n] are dealt
    to `chains` in turn, and each begins at the first it is dealt.
    """
    steps = len(log_w) // chains
    dealt = log_w[: steps * chains].double().view(steps, chains)
    rows = torch.arange(steps * chains, device=log_w.device).view(steps, chains)
    chance = torch.rand(steps, chains, dtype=torch.float64, device=log_w.device).log()
    stands, weight, taken, stood = rows[0], dealt[0], 0, [rows[0]]
    for step in range(1, steps):
        better = dealt[step] - weight > chance[step]
        stands, weight = torch.where(better, rows[step], stands), torch.where(better, dealt[step], weight)
        taken += int(better.sum())
        stood.append(stands)
    return Chains(torch.stack(stood), taken / max((steps - 1) * chains, 1))


def autocorrelation(values: Tensor) -> float:
    """The integrated autocorrelation time of values [steps, chains], in steps: 1 where all are independent.

    Summed over lags up to five times itself (Monte Carlo methods in statistical mechanics; Sokal; 1997).
    """
    steps = len(values)
    centred = values.double() - values.double().mean()
    power = torch.fft.rfft(centred, 2 * steps, dim=0).abs().square()
    total = torch.fft.irfft(power, 2 * steps, dim=0)[:steps].mean(1)
    total = total / torch.arange(steps, 0, -1, device=values.device)
    if not float(total[0]) > 0:
        return float("inf") if steps > 1 else 1.0
    times = 2 * (total / total[0]).cumsum(0) - 1
    wide = torch.arange(steps, device=values.device) >= _WINDOW * times
    return float(times[int(wide.nonzero()[0])] if wide.any() else times[-1])
