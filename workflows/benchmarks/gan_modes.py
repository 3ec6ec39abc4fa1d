"""Count the modes a GAN finds, under many divergences.

PacGAN's protocol (Lin, Khetan, Fanti, Oh; 2018): 25 normals on the grid {-4, -2, 0, 2, 4}^2 with sd 0.05, or 8 on a
ring of radius 1 with sd 0.01; 2,500 samples; a sample is of high quality within 3 sd of a mode, a mode counts with one
such sample, and the reverse KL is that of the modes' histogram (nearest mode) from the uniform one. Ours differs in the
data (fresh samples, not 100,000 seen over and over) and in the nets (3 x 128 units both with 2-d noise, where theirs
have 4 x 400 with batch normalisation, and 3 x 200 maxout).
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from sciencegen.core.batch import Batch, Batches, seed_at
from sciencegen.core.condition import ConditionFields
from sciencegen.core.objective import Objective
from sciencegen.core.space import Reals
from sciencegen.errors import Diverged
from sciencegen.families.implicit import Implicit
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.critic import Critic
from sciencegen.nets.mlp import MLP
from sciencegen.objectives import (
    F_GENERATORS,
    MMD,
    R1,
    R2,
    Adversarial,
    GaussianKernel,
    GradientPenalty,
    Penalty,
    divergence,
)
from sciencegen.train.loop import Settings, train

SPACE, DRAWS = Reals((2,)), 2500


@dataclass(frozen=True)
class Modes:
    """Equal round normals."""

    centres: Tensor  # [modes, 2]
    std: float

    def sample(self, n: int, source: torch.Generator) -> Tensor:
        which = torch.randint(len(self.centres), (n,), generator=source)
        return self.centres[which] + self.std * torch.randn(n, 2, generator=source)


def grid() -> Modes:
    line = torch.arange(-4.0, 5.0, 2.0)
    return Modes(torch.cartesian_prod(line, line), 0.05)


def ring() -> Modes:
    angle = 2 * math.pi * torch.arange(8) / 8
    return Modes(torch.stack((angle.cos(), angle.sin()), 1), 0.01)


DATA: dict[str, Callable[[], Modes]] = {"grid": grid, "ring": ring}


class ModeBatches(Batches):
    """Fresh samples for every step."""

    def __init__(self, modes: Modes, size: int, seed: int) -> None:
        self.modes, self.size, self.seed = modes, size, seed

    @property
    def per_epoch(self) -> int:
        return 1000

    def at(self, step: int) -> Batch:
        return Batch(self.modes.sample(self.size, torch.Generator().manual_seed(seed_at(self.seed, step))))

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Batches:
        return self


@dataclass(frozen=True)
class Score:
    """What PacGAN's protocol says of some samples."""

    modes: int
    quality: float  # per cent
    reverse_kl: float


def score(x: Tensor, modes: Modes) -> Score:
    nearest = torch.cdist(x, modes.centres).min(1)
    good = nearest.values < 3 * modes.std
    share = nearest.indices.bincount(minlength=len(modes.centres)) / len(x)
    found = len(nearest.indices[good].unique())
    reverse_kl = torch.xlogy(share, share * len(modes.centres)).sum()
    return Score(found, 100 * good.float().mean().item(), reverse_kl.item())


def adversarial(name: str, pack: int = 1, steps: int = 1, penalties: Sequence[Penalty] = ()) -> Objective:
    conditioner = Conditioner(ConditionFields())
    critic = Critic(SPACE, MLP(2 * pack, 1, (128,) * 3, act="leaky"), conditioner, pack)
    return Adversarial(critic, divergence(name), steps, penalties)


OBJECTIVES: dict[str, Callable[[], Objective]] = {
    **{name: partial(adversarial, name) for name in ("non-saturating", "minimax", "least-squares", "hinge")},
    "non-saturating, pack 2": partial(adversarial, "non-saturating", pack=2),
    "wasserstein + GP": partial(adversarial, "wasserstein", steps=3, penalties=[GradientPenalty(1.0)]),
    "relativistic": partial(adversarial, "relativistic"),
    "relativistic + R1 + R2": partial(adversarial, "relativistic", penalties=[R1(0.1), R2(0.1)]),
    **{name: partial(adversarial, name) for name in F_GENERATORS},
    **{name: partial(adversarial, name) for name in ("lsif", "kliep", "logistic-ratio")},
    "mmd": lambda: MMD(GaussianKernel((0.1, 0.5, 2.0))),
}


def run(name: str, modes: Modes, steps: int, batch: int, seed: int) -> Score:
    torch.manual_seed(seed)
    conditioner = Conditioner(ConditionFields())
    generator = Implicit(SPACE, MLP(2, 2, (128,) * 3, act="relu"), (2,), conditioner)
    settings = Settings(
        steps=steps, rate=1e-3, beta1=0.5, beta2=0.99, schedule="cosine", clip=0.0, seed=seed, device="cpu"
    )
    for _ in train(generator, OBJECTIVES[name](), ModeBatches(modes, batch, seed), settings):
        pass
    torch.manual_seed(seed_at(seed, steps))
    return score(generator.sample(DRAWS), modes)


def row(name: str, modes: Modes, steps: int, batch: int, seeds: int) -> str:
    started = time.perf_counter()
    try:
        scores = [run(name, modes, steps, batch, seed) for seed in range(seeds)]
    except Diverged as error:
        return f"| {name} | diverged: {str(error).split(':')[0]} | - | - | {seeds} | - |"
    columns = ([float(s.modes) for s in scores], [s.quality for s in scores], [s.reverse_kl for s in scores])
    cells = [f"{statistics.fmean(c):.3g} ({min(c):.3g} to {max(c):.3g})" for c in columns]
    return f"| {name} | {' | '.join(cells)} | {seeds} | {(time.perf_counter() - started) / seeds:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=sorted(DATA), default="grid")
    parser.add_argument("--divergence", nargs="*", choices=list(OBJECTIVES), default=list(OBJECTIVES))
    parser.add_argument("--steps", type=int, default=12_000, help="generator steps")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that everything runs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    steps, modes = 5 if options.quick else options.steps, DATA[options.data]()
    real = score(modes.sample(DRAWS, torch.Generator().manual_seed(0)), modes)
    print(f"{options.data}: {len(modes.centres)} modes, sd {modes.std}; {steps} steps of {options.batch}\n")
    print("| divergence | modes | % HQ | reverse KL | seeds | s a run |\n|---|---|---|---|---|---|")
    print(f"| (real samples) | {real.modes} | {real.quality:.3g} | {real.reverse_kl:.3g} | - | - |")
    for name in options.divergence:
        print(row(name, modes, steps, options.batch, options.seeds), flush=True)


if __name__ == "__main__":
    main()
