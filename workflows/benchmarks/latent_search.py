"""What searching a latent space finds with so many calls of an oracle: by Bayesian optimisation, climbing, and draws.

    python workflows/benchmarks/latent_search.py chemical-vae --data zinc_train.smi --calls 500 --seeds 3 -o runs/search

Two problems, each on its own: penalised logP, as the junction tree VAE was judged (Jin, Barzilay, Jaakkola; 2018), and
QED. Every search has as many calls and begins with as many draws of the prior; the training set's best are those of as
many of its molecules, chosen by the seed, and those of all of it, which took as many calls as there are molecules.
Prints a table in Markdown: the mean over the seeds of the best, of the mean of the best three and of the best ten, with
standard deviations. Runs are written as they end, and those that are there are not repeated.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from sciencegen.core.files import atomic
from sciencegen.data.cards import resolve
from sciencegen.model import Model, load
from sciencegen.optimize.goal import goal_of
from sciencegen.optimize.latent import SEEKERS, searched
from sciencegen.optimize.looking import Looking, begun
from sciencegen.optimize.oracle import Oracle
from sciencegen.search.ledger import Ledger

__all__ = ["PUBLISHED", "found", "table"]

GOALS = ("plogp", "qed")
SAMPLE, ALL = "as many of the training set", "all of the training set"
PUBLISHED = {
    "plogp": (
        ("CVAE, Bayesian optimisation", "1.98 / 1.42 / 1.19", "Kusner, Paige, Hernández-Lobato; 2017"),
        ("GVAE, Bayesian optimisation", "2.94 / 2.89 / 2.80", "Kusner, Paige, Hernández-Lobato; 2017"),
        ("SD-VAE, Bayesian optimisation", "4.04 / 3.50 / 2.96", "Dai et al.; 2018"),
        ("JT-VAE, Bayesian optimisation", "5.30 / 4.93 / 4.49", "Jin, Barzilay, Jaakkola; 2018"),
    ),
    "qed": (),
}
"""The best three, as quoted in the last of these papers; from memory. They took other numbers of calls."""


def found(model: Model[Any], name: str, by: str, calls: int, looking: Looking, seed: int) -> dict[str, Any]:
    """The ten best numbers that a search found, and what it took."""
    goal, ledger = goal_of(model.domain, model.fields, [name]), Ledger(calls)
    oracle, begins = Oracle(model.domain, goal, ledger), time.process_time()
    search = begun(model, goal, ledger, by, looking, seed)
    for _ in searched(search, oracle, looking.batch):
        pass
    values = sorted((one.values[name] for one in ledger.told if one.score is not None), reverse=True)
    seconds = time.process_time() - begins
    return {
        "best": values[:10],
        "calls": ledger.calls,
        "seconds": seconds,
        "items": [one.text for one in ledger.top(3)],
    }


def of_data(model: Model[Any], name: str, items: Sequence[Any]) -> dict[str, Any]:
    """The ten best of molecules that are there."""
    measured = [float(value) for value in model.domain.measure(items, [name])[name] if isinstance(value, (int, float))]
    order = sorted(measured, reverse=True)
    return {"best": order[:10], "calls": len(items), "seconds": 0.0}


def table(name: str, runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """The lines of a table of what was found of a number."""
    yield f"| {name} | best | mean of 3 | mean of 10 | calls | processor seconds |\n|---|---|---|---|---|---|"
    for way, some in runs.items():
        cells = [_spread([mean(run["best"][:k]) for run in some]) for k in (1, 3, 10)]
        took = mean(run["seconds"] for run in some)
        yield f"| {way} | {' | '.join(cells)} | {some[0]['calls']:,} | {f'{took:,.0f}' if took else ''} |"
    for way, three, source in PUBLISHED.get(name, ()):
        yield f"| {way} ({source}) | {three} | | | | |"


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3f} ± {stdev(values):.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    model = load(options.model)
    looking = Looking(options.batch, options.start)
    done: dict[str, dict[str, Any]] = {}
    kept = None if options.out is None else options.out / "runs.json"
    if kept is not None and kept.exists():
        done = json.loads(kept.read_text(encoding="utf-8"))
    data: list[Any] = []
    for seed in range(options.seeds):
        for name in options.goals:
            for way in (SAMPLE, *SEEKERS[::-1], *([] if seed else [ALL])):
                key = f"{model.checkpoint[:12]} {name} {way} {options.calls} {looking} {seed}"
                if key in done:
                    continue
                if way in (SAMPLE, ALL):
                    data = data or list(model.domain.read(resolve(options.data)).items)
                    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed)).tolist()
                    some = data if way == ALL else [data[i] for i in order[: options.calls]]
                    done[key] = of_data(model, name, some)
                else:
                    done[key] = found(model, name, way, options.calls, looking, seed)
                done[key] |= {"way": way, "goal": name}
                said = done[key]
                print(f"{name}, {way}, seed {seed}: {said['best'][:3]}, {said['seconds']:.0f} s", flush=True)
                if kept is not None:
                    with atomic(kept) as temporary:
                        temporary.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
    for name in options.goals:
        runs = {way: [run for run in done.values() if (run["way"], run["goal"]) == (way, name)] for way in _WAYS}
        print("\n".join(["", *table(name, {way: some for way, some in runs.items() if some})]))


_WAYS = (*SEEKERS, SAMPLE, ALL)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model")
    parser.add_argument("--data", required=True, help="the molecules it was trained on: a file, or a set")
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--batch", type=int, default=20, help="items asked about at a time")
    parser.add_argument("--start", type=int, default=60, help="draws to begin with")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--goals", nargs="+", default=list(GOALS), help="properties or tasks to raise")
    parser.add_argument("-o", dest="out", type=Path, help="a folder to keep what ended in")
    return parser.parse_args()


if __name__ == "__main__":
    main()
