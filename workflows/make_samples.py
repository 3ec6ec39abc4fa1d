"""Makes the small data sets under datasets/ from physics we can write down.

    python workflows/make_samples.py [--out datasets]

ising.npz: 4,000 states of an 8x8 Ising lattice with periodic borders, at temperatures from 1.8 to 3.4 (J = k = 1),
each after 2,000 Metropolis sweeps of its own chain. wells.csv: 4,000 points in the potential
U(x, y) = (x^2 - 1)^2 * 2 + 0.3 x + y^2 at temperatures 0.3, 0.6 and 1.2, after 4,000 Metropolis steps each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

LATTICE = 8


def ising(n: int, sweeps: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    temperature = torch.empty(n).uniform_(1.8, 3.4, generator=source)
    spins = (torch.rand(n, LATTICE, LATTICE, generator=source) < 0.5).float() * 2 - 1
    row, column = torch.meshgrid(torch.arange(LATTICE), torch.arange(LATTICE), indexing="ij")
    black = (row + column) % 2 == 0  # black sites are not neighbours, so all of them may move at once
    for _ in range(sweeps):
        for sites in (black, ~black):
            around = sum(spins.roll(shift, axis) for shift in (1, -1) for axis in (1, 2))
            cost = 2 * spins * around / temperature[:, None, None]
            flip = (torch.rand(spins.shape, generator=source) < torch.exp(-cost)) & sites
            spins = torch.where(flip, -spins, spins)
    return (spins > 0).to(torch.uint8), temperature


def wells(n: int, steps: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    temperature = torch.tensor([0.3, 0.6, 1.2])[torch.randint(3, (n,), generator=source)]
    x = torch.randn(n, 2, generator=source)

    def potential(x: Tensor) -> Tensor:
        return 2 * (x[:, 0].square() - 1).square() + 0.3 * x[:, 0] + x[:, 1].square()

    energy = potential(x)
    for _ in range(steps):
        new = x + 0.8 * torch.randn(n, 2, generator=source)
        raised = potential(new)
        moved = torch.rand(n, generator=source) < torch.exp((energy - raised) / temperature)
        x, energy = torch.where(moved[:, None], new, x), torch.where(moved, raised, energy)
    return x, temperature


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("datasets"))
    parser.add_argument("--items", type=int, default=4000)
    parser.add_argument("--sweeps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    source = torch.Generator().manual_seed(given.seed)
    spins, temperature = ising(given.items, given.sweeps, source)
    np.savez_compressed(given.out / "ising.npz", x=spins.numpy(), temperature=temperature.numpy().round(4))
    points, heat = wells(given.items, 2 * given.sweeps, source)
    rows = [f"{x:.5f},{y:.5f},{t:.1f}" for (x, y), t in zip(points.tolist(), heat.tolist(), strict=True)]
    (given.out / "wells.csv").write_text("\n".join(["x,y,temperature", *rows]) + "\n")


if __name__ == "__main__":
    main()
