"""Flows fitted to energies with many modes, without data: what plain reverse KL forgets, and what finds it.

    python workflows/benchmarks/energies.py --runs runs/energies --only many-well gaussian-mixture --steps 2000

Each energy is learned by the reverse KL divergence alone (`reverse`), by the same with an energy that hardens slowly
(`softened`), and by annealed importance sampling (`bootstrap`), unless its folder is there. Prints a Markdown table.
`modes`: how many of the known ones a hundred thousand draws hold. `share`: the effective sample size over the draws, by
the model's own draws, which cannot see what is missing; `forward`, by draws of the density itself, which can. `ln Z`:
the estimate less what is exact. `accepted`: by Metropolis-Hastings with the model as proposal. Seconds are those of one
processor core.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch

from sciencegen.fit import Fit
from sciencegen.model import load
from sciencegen.weighing import report

RECIPE = "densities/energy"
WAYS: dict[str, dict[str, Any]] = {
    "reverse": {"softness": 1.0, "ramp": 0},
    "softened": {"softness": 0.02, "ramp": 1000},
    "bootstrap": {"by": "bootstrap"},
}
ENERGIES = ("double-well", "muller-brown", "many-well", "gaussian-mixture", "funnel", "torus", "dw4", "lj13")
HEAD = ("energy", "by", "modes", "share", "forward", "ln Z", "accepted", "seconds")


def trained(energy: str, way: str, folder: Path, steps: int, seed: int) -> None:
    """Train a flow, or go on with what was begun."""
    began = time.process_time()
    fit = Fit(RECIPE, out=folder, resume=folder.exists(), energy=energy, steps=steps, seed=seed, **WAYS[way])
    for progress in fit:
        if progress.step % 200 == 0:
            said = "  ".join(f"{name} {value:.4g}" for name, value in (progress.losses | progress.report).items())
            print(f"{energy} {way}: {progress.step:,} of {progress.total:,}: {said}", flush=True)
    (folder / "cost.json").write_text(json.dumps({"seconds": time.process_time() - began}))


def row(energy: str, way: str, folder: Path, draws: int) -> list[str]:
    """What is known of a trained flow."""
    model = load(folder, "cpu")
    found = report(model, draws).numbers
    partition, modes, forward = found["log_partition"], found.get("modes"), found.get("forward")
    off = partition["value"] - partition["exact"] if "exact" in partition else None
    return [
        energy,
        way,
        f"{modes['found']} of {modes['known']}" if modes else "",
        f"{found['effective_share']:.3f}",
        f"{forward['effective_share']:.3f}" if forward else "",
        "" if off is None else f"{off:+.4f} ± {partition['error']:.4f}",
        f"{found['acceptance']:.3f}",
        f"{json.loads((folder / 'cost.json').read_text())['seconds']:.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=["many-well", "gaussian-mixture"], choices=ENERGIES)
    parser.add_argument("--by", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cells = [(energy, way) for energy in given.only for way in given.by]
    for energy, way in cells:
        folder = given.runs / f"{energy}-{way}-{given.seed}"
        if not (folder / "cost.json").exists():
            trained(energy, way, folder, given.steps, given.seed)
    print(f"\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for energy, way in cells:
        folder = given.runs / f"{energy}-{way}-{given.seed}"
        print(f"| {' | '.join(row(energy, way, folder, given.draws))} |", flush=True)


if __name__ == "__main__":
    main()
