"""Fit one normal to a mixture of two under every f-divergence, and compare with the exact optimum.

The experiment of f-GAN (Nowozin, Cseke, Tomioka; 2016, section 2.4), whose mixture is not stated; ours is
0.35 N(-1, 0.7^2) + 0.65 N(2, 1^2). The generator is mean + std * noise, two numbers; the critic has two hidden layers
of 64 tanh units; for two steps of the critic the generator takes one, on the saturating objective: the bound itself.
The exact optimum needs no critic: it is found by quadrature on a grid that zooms in.

Two divergences are hard by nature. Total variation's critic saturates and dies, so it alone gets a small penalty on its
slope. Neyman's is infinite unless the normal is narrow (std below 1.41), and its bound falls exponentially where the
critic is too low on a real point that was never drawn: F(trained) can be any negative number.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch, Batches, seed_at
from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Reals
from sciencegen.families.implicit import Implicit
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.critic import Critic
from sciencegen.nets.mlp import MLP
from sciencegen.objectives import F_GENERATORS, R1, R2, Adversarial, FDivergence, FGenerator
from sciencegen.train.loop import Settings, train

WEIGHTS, MEANS, STDS = (0.35, 0.65), (-1.0, 2.0), (0.7, 1.0)
GRID = torch.linspace(-9, 10, 1901, dtype=torch.float64)
TINY = 1e-300
SMOOTHING = {"total-variation": 0.01}


def normal(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return torch.exp(-0.5 * ((x - mean) / std).square()) / (std * math.sqrt(2 * math.pi))


def mixture(x: Tensor) -> Tensor:
    parts = zip(WEIGHTS, MEANS, STDS, strict=True)
    return torch.stack([w * normal(x, torch.tensor(m), torch.tensor(s)) for w, m, s in parts]).sum(0)


@dataclass(frozen=True)
class Normal:
    """What is fitted."""

    mean: float
    std: float


class MixtureBatches(Batches):
    """Fresh samples of the mixture for every step."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed = size, seed

    @property
    def per_epoch(self) -> int:
        return 1000

    def at(self, step: int) -> Batch:
        source = torch.Generator().manual_seed(seed_at(self.seed, step))
        part = (torch.rand(self.size, generator=source) >= WEIGHTS[0]).long()
        noise = torch.randn(self.size, generator=source)
        x = torch.tensor(MEANS)[part] + torch.tensor(STDS)[part] * noise
        return Batch(x[:, None])

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Batches:
        return self


class Affine(nn.Module):
    """mean + std * noise."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.std = nn.Parameter(torch.zeros(())), nn.Parameter(torch.ones(()))

    def forward(self, noise: Tensor, context: Tensor) -> Tensor:
        return self.mean + self.std * noise


def exact(f: FGenerator, mean: Tensor, std: Tensor) -> Tensor:
    """D_f(mixture || normal) by quadrature, for tensors of means and stds of one shape."""
    p = mixture(GRID).clamp_min(TINY)
    q = normal(GRID, mean[..., None], std[..., None]).clamp_min(TINY)
    return torch.trapezoid(q * f.f(p / q), GRID)


def exact_at(f: FGenerator, fit: Normal) -> float:
    return exact(f, torch.tensor(fit.mean).double(), torch.tensor(fit.std).double()).item()


@cache
def optimum(f: FGenerator, zooms: int = 14) -> Normal:
    """The best normal, on ever finer grids of means and stds."""
    mean, std, reach = 0.5, 1.6, 1.0
    for _ in range(zooms):
        means = mean + reach * 2.5 * torch.linspace(-1, 1, 17, dtype=torch.float64)
        stds = (std + reach * 1.2 * torch.linspace(-1, 1, 17, dtype=torch.float64)).clamp_min(0.3)
        values = exact(f, *torch.meshgrid(means, stds, indexing="ij")).nan_to_num(torch.inf)
        best = divmod(int(values.argmin()), len(stds))
        mean, std, reach = means[best[0]].item(), stds[best[1]].item(), reach * 0.4
    return Normal(mean, std)


@dataclass(frozen=True)
class Trained:
    """Where training ended: the normal, and the bound its critic attains."""

    fit: Normal
    bound: float
    skipped: int


def run(name: str, steps: int, batch: int, seed: int) -> Trained:
    f, weight = F_GENERATORS[name], SMOOTHING.get(name, 0.0)
    torch.manual_seed(seed)
    net = Affine()
    generator = Implicit(Reals((1,)), net, (1,), Conditioner(ConditionFields()))
    critic = Critic(Reals((1,)), MLP(1, 1, (64, 64), act="tanh"), Conditioner(ConditionFields()))
    penalties = [R1(weight), R2(weight)] if weight else []
    objective = Adversarial(critic, FDivergence(f, saturating=True), steps=2, penalties=penalties)
    settings = Settings(
        steps=steps, rate=2e-3, objective_rate=5e-3, beta1=0.5, schedule="cosine", ema=0.99, seed=seed, device="cpu"
    )
    skipped = 0
    for progress in train(generator, objective, MixtureBatches(batch, seed), settings):
        skipped = progress.skipped
    fit = Normal(net.mean.item(), abs(net.std.item()))
    with torch.no_grad():
        scores = critic(GRID.float()[:, None]).double()
    q = normal(GRID, torch.tensor(fit.mean).double(), torch.tensor(fit.std).double())
    bound = torch.trapezoid(mixture(GRID) * f.real(scores) - q * f.fake(scores), GRID)
    return Trained(fit, bound.item(), skipped)


def compare(names: Sequence[str], steps: int, batch: int, seed: int) -> dict[str, Normal]:
    """Print one row per divergence: how near the trained normal comes to the best one."""
    print("| divergence | D(best) | D(trained) | F(trained) | mean best | trained | std best | trained | skipped | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    fits = {}
    for name in names:
        started, f = time.perf_counter(), F_GENERATORS[name]
        best, trained = optimum(f), run(name, steps, batch, seed)
        fits[name], fit = trained.fit, trained.fit
        numbers = (exact_at(f, best), exact_at(f, fit), trained.bound, best.mean, fit.mean, best.std, fit.std)
        cells = " | ".join(f"{number:.4g}" for number in numbers)
        print(f"| {name} | {cells} | {trained.skipped} | {time.perf_counter() - started:.1f} |", flush=True)
    return fits


def cross(fits: dict[str, Normal]) -> None:
    """Print how much worse than the best each trained normal is, under every divergence."""
    print("\nD(row's normal) - D(best), under the column's divergence; each column should be least on its own row:\n")
    print("| trained under | " + " | ".join(fits) + " |")
    print("|---" * (len(fits) + 1) + "|")
    least = {name: exact_at(F_GENERATORS[name], optimum(F_GENERATORS[name])) for name in fits}
    for row, fit in fits.items():
        print(f"| {row} | " + " | ".join(f"{exact_at(F_GENERATORS[c], fit) - least[c]:.2g}" for c in fits) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--divergence", nargs="*", choices=sorted(F_GENERATORS), default=sorted(F_GENERATORS))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that everything runs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    steps = 20 if options.quick else options.steps
    started = time.perf_counter()
    print(f"steps {steps}, batch {options.batch}, seed {options.seed}\n")
    cross(compare(options.divergence, steps, options.batch, options.seed))
    print(f"\n{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
