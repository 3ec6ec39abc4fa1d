"""What each step of a molecule screen costs, a molecule, and how many times as many two processes do as one.

    python workflows/benchmarks/cascade.py [-n 2000] [--repeats 5]
    python workflows/benchmarks/cascade.py --data molecules.smi

Steps are timed in the order of a screen, and what RDKit remembers of a molecule from one step it need not work out in
the next. They count processor time of one process, which a busy machine disturbs little; two processes beside one are
by the clock, in turn, and want a quiet one. What is made once a process, such as catalogues, is not counted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from sciencegen.data.workers import Failed, Workers, usable_cores
from sciencegen.domains.molecules import Molecules
from sciencegen.domains.molecules.alerts import ALERTS
from sciencegen.domains.molecules.molecule import canonical, parsed
from sciencegen.domains.molecules.needs import surroundings
from sciencegen.domains.molecules.properties import PROPERTIES
from sciencegen.domains.molecules.similarity import fingerprint
from sciencegen.domains.molecules.standard import standard

DESCRIPTORS = ("mw", "logp", "tpsa", "donors", "acceptors", "rotatable")
ALLOWED = 4.8
"""Milliseconds a molecule that a screen may take in one process."""
FIRST = 100
"""So many molecules come before the clock is looked at."""


def descriptors(molecule: str) -> list[float | str]:
    return [PROPERTIES[name].measure(molecule) for name in DESCRIPTORS]


STEPS: dict[str, Callable[[str], Any]] = {
    "parse, canonical SMILES": canonical,
    "parse again": parsed,
    "parent, InChIKey": standard,
    " ".join(DESCRIPTORS): descriptors,
    "qed": PROPERTIES["qed"].measure,
    "sa": PROPERTIES["sa"].measure,
    "surroundings, for all catalogues": surroundings,
    **ALERTS,
    "Morgan fingerprint": fingerprint,
}


def whole(molecule: str) -> list[str]:
    """Every step of one molecule; the catalogues that list it."""
    found = {name: step(molecule) for name, step in STEPS.items()}
    return [name for name in ALERTS if found[name]]


def forgotten() -> None:
    """Begin again: nothing is known of any molecule."""
    parsed.cache_clear()
    surroundings.cache_clear()


def costs(molecules: Sequence[str]) -> dict[str, float]:
    """Milliseconds a molecule of each step, and of the whole."""
    forgotten()
    seconds = dict.fromkeys(STEPS, 0.0)
    for molecule in molecules:
        before = time.process_time()
        for name, step in STEPS.items():
            step(molecule)
            now = time.process_time()
            seconds[name] += now - before
            before = now
    forgotten()
    before = time.process_time()
    for molecule in molecules:
        whole(molecule)
    seconds["the whole"] = time.process_time() - before
    return {name: 1000 * found / len(molecules) for name, found in seconds.items()}


def ready(processes: int, molecules: Sequence[str]) -> Workers[str, list[str]]:
    """Processes that have made what is made once a process."""
    from cascade import whole as importable  # a worker knows no __main__

    workers = Workers[str, list[str]](importable, processes)
    list(workers.map(list(molecules[: workers.chunk]) * (2 * processes)))
    return workers


def rate(workers: Workers[str, list[str]], molecules: Sequence[str]) -> float:
    """Molecules a second, by the clock."""
    before = time.perf_counter()
    failed = sum(isinstance(one, Failed) for one in workers.map(molecules))
    seconds = time.perf_counter() - before
    if failed:
        raise SystemExit(f"{failed} of {len(molecules)} molecules failed")
    return len(molecules) / seconds


def drawn(n: int, model: str) -> list[str]:
    """Molecules that a model draws."""
    from sciencegen.model import load

    found = (one for one in load(model, "cpu").stream(seed=0, measure=()) if one is not None)
    return [one.item for one in islice(found, n)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a file of molecules, instead of a model's")
    parser.add_argument("--model", default="molecules", help="a model folder, or a shipped model (molecules)")
    parser.add_argument("-n", type=int, default=2000, help="how many molecules (2000)")
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    molecules = list(Molecules().read(given.data).items[: given.n]) if given.data else drawn(given.n, given.model)
    if not molecules:
        raise SystemExit(f"{given.data}: holds no molecules")
    for molecule in molecules[:FIRST]:
        whole(molecule)
    found = [costs(molecules) for _ in range(given.repeats)]
    print(f"{len(molecules):,} molecules of {given.data or given.model}, median of {given.repeats}, load ", end="")
    print(f"{os.getloadavg()[0]:.1f} on {usable_cores()} cores\n\n| step | ms a molecule |\n|---|---|")
    for name in found[0]:
        print(f"| {name} | {median(one[name] for one in found):.3f} |")
    print(f"| allowed | {ALLOWED} |", flush=True)
    with ready(1, molecules) as one, ready(2, molecules) as two:
        pairs = [(rate(one, molecules), rate(two, molecules)) for _ in range(given.repeats)]
    print("\n| processes | molecules a second |\n|---|---|")
    for processes, rates in zip((1, 2), zip(*pairs, strict=True), strict=True):
        print(f"| {processes} | {median(rates):,.0f} |")
    print(f"| 2 beside 1 | {median(both / alone for alone, both in pairs):.2f} times |")


if __name__ == "__main__":
    main()
