"""Nets of fields at 128x128, beside each other at equal processor time: plain, growing and style-based.

    sciencegen data make cahn-hilliard -n 1000 --size 128 --seed 0 --set time=300..1500 -o ch128.npz
    sciencegen data make cahn-hilliard -n 256 --size 128 --seed 1 --set time=300..1500 -o ch128_test.npz
    python workflows/benchmarks/large_fields.py --data ch128.npz --test ch128_test.npz --runs runs/ch128 --seconds 360

Each net is trained for about so many seconds of one core, in a process of its own, unless its folder is there; all are
then measured. Prints a Markdown table. Every test image gives a condition of volume fraction and surface, and one
image is drawn for it; the errors are those of microstructure_gan.py. Conductivity is told to no net. Memory is the most
that the process of a training held; time of an image is processor time, 32 drawn together. A growing net has as many
steps at each level as give it all levels in the first `GROWING` of its steps.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from sciencegen.fit import Fit
from sciencegen.model import load

sys.path.insert(0, str(Path(__file__).parent))
from microstructure_gan import Measured, neighbours, pixels

ASKED = ("volume_fraction", "surface")
ROWS = {"plain": "microstructures/gan", "growing": "microstructures/growing", "style": "microstructures/style"}
DOUBLINGS, GROWING = 3, 0.6
TRIAL = 6
TOGETHER = 32
HEAD = ("", "steps", "seconds", "MB", "parameters", "ms an image", "fraction", "surface %", "S2 (worst bin)")
HEAD += ("conductivity %", "W1 %", "S2 variance")


def options(steps: int, row: str, given: argparse.Namespace) -> dict[str, Any]:
    """What a training is told."""
    known = {"precision": "bf16", "seed": given.seed, "ask": ASKED, "holdout": 0.0, "batch": given.batch}
    growing = {"stage": max(1, round(GROWING * steps / (DOUBLINGS + 0.5)))} if row == "growing" else {}
    return {"steps": steps, "doublings": DOUBLINGS, **known, **growing}


def cost(row: str, given: argparse.Namespace) -> float:
    """Processor seconds of a step, on average over a training: each level of a growing net is tried for itself."""
    stage, steps = 2 * TRIAL, 2 * TRIAL * (DOUBLINGS + 1) if row == "growing" else 2 * TRIAL
    told = options(steps, row, given) | ({"stage": stage} if row == "growing" else {})
    spent, began = [], 0.0
    for _ in islice(Fit(ROWS[row], given.data, **told), steps):
        spent.append(time.process_time() - began)
        began = time.process_time()
    levels = [spent[i + TRIAL : i + stage] for i in range(0, steps, stage)]
    each = [sum(level) / len(level) for level in levels]
    if row != "growing":
        return each[0]
    share = GROWING / (DOUBLINGS + 0.5)
    return share * sum(each[:-1]) + (1 - share * DOUBLINGS) * each[-1]


def train(row: str, given: argparse.Namespace) -> None:
    """Train a net for as many steps as fit into its time, and write down what it took."""
    torch.set_num_threads(1)
    steps = given.steps or max(1, round(given.seconds / cost(row, given)))
    folder, began = given.runs / row, time.process_time()
    for progress in Fit(ROWS[row], given.data, out=folder, **options(steps, row, given)):
        if progress.step % 50 == 0:
            print(f"{row}: {progress.step:,} of {steps:,}, {time.process_time() - began:.0f} s", file=sys.stderr)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"steps": steps, "seconds": time.process_time() - began, "megabytes": memory}
    (folder / "cost.json").write_text(json.dumps(found))


def report(given: argparse.Namespace) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    x = pixels(given.test)
    real = Measured.of(x)
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    print(_line("real: nearest test image", ["", "", "", "", ""], real[neighbours(real, real, True)].apart(real)))
    for row in given.only:
        folder = given.runs / row
        model, spent = load(folder, "cpu"), json.loads((folder / "cost.json").read_text())
        condition = model.fields.rows({"volume_fraction": real.share.tolist(), "surface": real.surface.tolist()})
        torch.manual_seed(0)
        model.generator.sample(TOGETHER, condition[:TOGETHER])
        began, parts = time.process_time(), []
        for i in range(0, len(condition), TOGETHER):
            some = condition[i : i + TOGETHER]
            parts.append((model.generator.sample(len(some), some)[:, 0] > 0).byte())
        each = 1e3 * (time.process_time() - began) / len(condition)
        size = sum(p.numel() for p in model.generator.parameters())
        facts = [f"{spent['steps']:,}", f"{spent['seconds']:.0f}", f"{spent['megabytes']:,.0f}", f"{size:,}"]
        print(_line(row, [*facts, f"{each:.1f}"], Measured.of(torch.cat(parts)).apart(real)), flush=True)


def _line(name: str, facts: list[str], apart: dict[str, float]) -> str:
    errors = [f"{apart['fraction']:.4f}", f"{apart['surface']:.2f}", f"{apart['S2']:.4f} ({apart['worst']:.4f})"]
    errors += [f"{apart['conductivity']:.1f}", f"{apart['W1']:.1f}", f"{apart['variance']:.2f}"]
    return f"| {' | '.join([name, *facts, *errors])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seconds", type=float, default=360)
    parser.add_argument("--steps", type=int, default=0, help="train for so many steps, and not for a time")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--here", choices=list(ROWS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        return train(given.here, given)
    for row in given.only:
        if not (given.runs / row / "cost.json").exists():
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--here", row], check=True)
    report(given)
    return None


if __name__ == "__main__":
    main()
