"""How fast flows are: ours beside zuko, nflows and normflows (the extra `bench`), interleaved in one run, medians.

    python workflows/benchmarks/flows.py [--only "spline coupling" ...] [--entries 6 64] [--repeats 15] [-o FILE]
    python workflows/benchmarks/flows.py --compile
    python workflows/benchmarks/flows.py --quick

Eight layers of equal nets (128 x 128, ReLU) and 8 bins, batches of 1024, processor time of one thread. `step` is
zero_grad, log_prob, backward and Adam. `floor` is the matrix products of the nets and nothing else. `--compile`
measures the spline function alone, as torch.compile has it, beside ours with its gradient written by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import torch
from speed_of.flows import LIBRARIES, Contender, Shape, contenders, floor
from speed_of.report import Target, say_targets, table
from torch import Tensor

from sciencegen.core.files import atomic, check_writable
from sciencegen.families.flow.quick import quick_spline
from sciencegen.families.flow.spline import numbers, spline

KINDS = ("spline coupling", "affine coupling", "masked affine", "masked spline")
OPERATIONS = ("log_prob", "step", "sample")
Calls = dict[str, Callable[[], object]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--entries", nargs="+", type=int, default=(6, 64))
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--compile", action="store_true", help="measure the compiled spline function, and nothing else")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument("-o", "--out", type=Path, help="write all numbers as JSON")
    return parser.parse_args()


def timed(calls: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Medians of the processor time of each call in milliseconds, all of them in turn."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():  # first calls pay for what is made once
        call()
        if repeats > 1:
            call()
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.process_time()
            call()
            spent[name].append(1e3 * (time.process_time() - start))
    return {name: median(times) for name, times in spent.items()}


def operation(name: str, one: Contender, x: Tensor) -> Callable[[], object]:
    """One call of a contender."""
    if name == "step":
        optimizer = torch.optim.Adam(one.layers.parameters(), 1e-4)

        def step() -> None:
            optimizer.zero_grad()
            (-one.log_prob(x).mean()).backward()
            optimizer.step()

        return step

    def call() -> object:
        with torch.no_grad():
            return one.log_prob(x) if name == "log_prob" else one.sample(x)

    return call


def raced(shape: Shape, n: int, repeats: int) -> Iterator[dict[str, object]]:
    """A row of times for each operation."""
    x, ran = torch.randn(n, shape.entries), contenders(shape)
    for name in OPERATIONS:
        if shape.kind.startswith("masked") and name != "sample" and shape.kind != "masked affine":
            continue
        calls: Calls = {one.name: operation(name, one, x) for one in ran}
        calls["floor"] = floor(shape, n, name == "step")
        slow = shape.kind == "masked spline" and shape.entries > 16  # the libraries take ten seconds
        found = timed(calls, 1 if repeats == 1 else 3 if slow else repeats)
        fastest = min((found[library] for library in LIBRARIES if library in found), default=None)
        ratios = {"gain": fastest / found["ours"] if fastest else None, "over floor": found["ours"] / found["floor"]}
        yield {"layers": shape.kind, "entries": shape.entries, "operation": name, **found, **ratios}


def targets(rows: list[dict[str, object]]) -> list[Target]:
    """What was asked of the gains over the fastest library."""
    asked = {"spline coupling": 1.8, "affine coupling": 1.0, "masked affine": 1.0, "masked spline": 1.0}
    found = []
    for row in rows:
        kind, entries, name = str(row["layers"]), row["entries"], row["operation"]
        least = 80.0 if (kind, entries) == ("masked spline", 64) else asked[kind]
        if isinstance(row["gain"], float):
            found.append(Target(f"{kind}, {entries} entries, {name}: gain", least, row["gain"]))
    return found


def compiled(entries: int, n: int, repeats: int) -> Iterator[dict[str, object]]:
    """Times of the spline function alone: as defined, with our gradient, and compiled."""
    x, bins = torch.randn(entries, n), 8
    given = torch.randn(entries, numbers(bins, "straight"), n)
    ways = {"defined": spline, "ours": quick_spline, "compiled": torch.compile(spline, dynamic=False)}
    for name, inverse in (("forward", False), ("inverse", True)):
        yield {"entries": entries, "operation": name} | timed(
            {way: lambda f=f, i=inverse: f(x, given, 5.0, "straight", i) for way, f in ways.items()}, repeats
        )
    leaves = [x.clone().requires_grad_(), given.clone().requires_grad_()]

    def step(f: Callable[..., tuple[Tensor, Tensor]]) -> object:
        return torch.autograd.grad(sum(part.sum() for part in f(*leaves)), leaves)

    yield {"entries": entries, "operation": "and back"} | timed(
        {way: lambda f=f: step(f) for way, f in ways.items()}, repeats
    )


def main() -> None:
    given = arguments()
    if given.out is not None:
        check_writable(given.out)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    n, repeats = (16, 1) if given.quick else (1024, given.repeats)
    rows: list[dict[str, object]] = []
    if given.compile:
        rows = [row for entries in given.entries for row in compiled(max(entries // 2, 1), n, repeats)]
        table(("entries", "operation", "defined", "ours", "compiled"), rows)
    else:
        for library in LIBRARIES:
            if not find_spec(library):
                print(f"{library} is left out: it is not installed")
        for kind in given.only:
            for entries in given.entries:
                rows += raced(Shape(kind, entries, 2 if given.quick else 8), n, repeats)
        table(("layers", "entries", "operation", "ours", *LIBRARIES, "floor", "gain", "over floor"), rows)
    said = [] if given.compile else targets(rows)
    say_targets(said)
    if given.out is not None:
        found = {
            "torch": torch.__version__,
            "load": os.getloadavg(),
            "rows": rows,
            "targets": [t.plain() for t in said],
        }
        with atomic(given.out) as temporary:
            temporary.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
