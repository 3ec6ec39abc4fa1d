"""How fast mixtures demix: a step of Cahn-Hilliard for each image, beside PyMKS, and the time of a whole data set.

    python workflows/benchmarks/microstructure_physics.py [--repeats 5] [--images 10000]
    python workflows/benchmarks/microstructure_physics.py --quick

PyMKS takes the same step, with the same stabiliser and in double precision; it is timed where it is installed
(pip install pymks pyarrow "setuptools<80"), at the best of several batch sizes, and both fields are compared.
Everything counts processor time of one thread, which a busy machine disturbs less than the clock; contenders take
turns, and what is shown is the median. Prints two tables in Markdown.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median

import torch
from torch import Tensor

from sciencegen.domains.microstructures.physics import (
    evolve,
    gaussian_field,
    level_sets,
    mixture,
    overlapping_discs,
    polycrystals,
    spinodal,
)

SHAPES = ((64, 64), (128, 128), (32, 32, 32))
BATCHES = (1, 4, 16, 64)
STEP, STEPS = 0.25, 40
"""The first steps of `evolve` are so long, and so many."""

Step = Callable[[Tensor, int], Tensor]


def pymks() -> Step | None:
    """Steps of PyMKS; None where it cannot be imported."""
    try:
        from pymks.fmks.data.cahn_hilliard import np_solve
    except ImportError as error:
        print(f"PyMKS is left out: {error}\n")
        return None

    def steps(u: Tensor, count: int) -> Tensor:
        field = u.numpy()
        for _ in range(count):
            field = np_solve(field, delta_x=1.0, delta_t=STEP, gamma=1.0)
        return torch.from_numpy(field)

    return steps


def spent(work: Callable[[], object]) -> float:
    """Processor seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def medians(works: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Processor seconds of each, one after the other, so that all meet the same machine."""
    for work in works.values():
        work()
    rounds = [{name: spent(work) for name, work in works.items()} for _ in range(repeats)]
    return {name: median(one[name] for one in rounds) for name in works}


def step_table(repeats: int, largest: int, peer: Step | None) -> None:
    """Print what a step costs for each image, and how far the fields are apart after all steps."""
    print("| grid | ours, single | ours, double | PyMKS | ratio to single | to double | largest difference in u |")
    print("|---|---|---|---|---|---|---|")
    for shape in SHAPES:
        batches = [batch for batch in BATCHES if batch <= largest]
        u = mixture(torch.linspace(-0.3, 0.3, batches[-1]), shape, 0.1, torch.Generator().manual_seed(0))
        fields = {"single": u, "double": u.double()}
        works: dict[str, Callable[[], object]] = {name: partial(evolve, x, STEP * STEPS) for name, x in fields.items()}
        if peer is not None:
            works |= {f"pymks {b}": partial(peer, fields["double"][:b], STEPS) for b in batches}
        found = medians(works, repeats)
        cost = {name: found[name] / len(u) / STEPS * 1e6 for name in fields}
        row = ["x".join(map(str, shape)), f"{cost['single']:.1f} us", f"{cost['double']:.1f} us"]
        if peer is None:
            row += ["not installed", "-", "-", "-"]
        else:
            theirs = min(found[f"pymks {b}"] / b / STEPS * 1e6 for b in batches)
            apart = (evolve(fields["double"], STEP * STEPS) - peer(fields["double"], STEPS)).abs().max()
            row += [f"{theirs:.0f} us", *(f"{theirs / cost[name]:.1f}x" for name in cost), f"{float(apart):.1e}"]
        print(f"| {' | '.join(row)} |", flush=True)


def set_table(images: int) -> None:
    """Print how long whole data sets take."""
    shape, random = (64, 64), torch.Generator().manual_seed(0)
    sets: dict[str, Callable[[], object]] = {
        "spinodal, all to t = 220": lambda: spinodal(images, shape, random, time=220.0),
        "spinodal, to t = 40..220": lambda: spinodal(images, shape, random),
        "gaussian fields": lambda: gaussian_field(images, shape, random, 4.0),
        "level sets, on average": lambda: level_sets(images, shape, random, exact=False),
        "level sets, exact fractions": lambda: level_sets(images, shape, random),
        "overlapping discs": lambda: overlapping_discs(images, shape, random),
        "polycrystals": lambda: polycrystals(images, shape, random),
        "polycrystals with walls": lambda: polycrystals(images, shape, random, phases=1, width=2.0),
    }
    print(f"\n| {images:,} images of 64x64 | processor seconds | us for each image |\n|---|---|---|")
    for name, work in sets.items():
        seconds = spent(work)
        print(f"| {name} | {seconds:.1f} | {seconds / images * 1e6:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, load {os.getloadavg()[0]:.1f}\n")
    peer = pymks()
    step_table(1 if given.quick else given.repeats, 4 if given.quick else BATCHES[-1], peer)
    set_table(20 if given.quick else given.images)


if __name__ == "__main__":
    main()
