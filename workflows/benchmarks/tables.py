"""Densities of tables beside scikit-learn's, and gaps in them filled.

    python workflows/benchmarks/tables.py [--only wine cancer] [--data TABLE.csv] [--seeds 0 1 2]

A fifth of the rows is held out. The Gaussian mixture has as many parts, and the kernel density the width, that are best
on a fifth of the rest. `nats` is the mean of -log p of a held-out row, in the table's units: lower is better. Then a
fifth of all held-out cells is taken away, and filled again from the rest of the rows: `one draw` and `mean of 5` by the
flow, `iterative` by scikit-learn's imputer, with the same training rows. `error` is the root mean square in standard
deviations of a column; `distance`, how far the filled values' distribution is from the true one (Wasserstein, in the
same unit, mean over columns). Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen import FlowDensity

Table = NDArray[np.float64]


def tables() -> dict[str, Callable[[], Table]]:
    """What scikit-learn carries with it."""
    from sklearn.datasets import load_breast_cancer, load_wine

    return {"wine": lambda: load_wine().data, "cancer": lambda: load_breast_cancer().data}


def parted(x: Table, seed: int) -> tuple[Table, Table]:
    """Four fifths of the rows, and the others."""
    order = np.random.default_rng(seed).permutation(len(x))
    cut = len(x) // 5
    return x[order[cut:]], x[order[:cut]]


def mixture(parts: int) -> Any:
    from sklearn.mixture import GaussianMixture
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), GaussianMixture(parts, reg_covar=1e-3, random_state=0))


def kernel(width: float) -> Any:
    from sklearn.neighbors import KernelDensity
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), KernelDensity(bandwidth=width))


def scored(model: Any, x: Table) -> float:
    """Nats a row in the table's units: the scaler's volume is put back."""
    return float(-np.mean(model.score_samples(x)) + np.log(model[0].scale_).sum())


def best(made: Callable[[Any], Any], choices: list[Any], train: Table, seed: int) -> Any:
    """The model of the choice that does best on a fifth of the rows, fitted to all."""
    most, some = parted(train, seed)
    scores = [scored(made(choice).fit(most), some) for choice in choices]
    return made(choices[int(np.argmin(scores))]).fit(train)


def densities(name: str, x: Table, seed: int, options: dict[str, Any]) -> FlowDensity:
    """Print a row of the first table."""
    train, test = parted(x, seed)
    began = time.process_time()
    flow = FlowDensity(random_state=seed, **options).fit(train)
    seconds = time.process_time() - began
    ours = -float(np.mean(flow.score_samples(test)))
    gaussians = scored(best(mixture, [1, 2, 3, 5, 8], train, seed), test)
    kernels = scored(best(kernel, [0.1, 0.2, 0.35, 0.5, 0.8, 1.2], train, seed), test)
    print(f"| {name} | {seed} | {ours:.2f} | {gaussians:.2f} | {kernels:.2f} | {seconds:.0f} |", flush=True)
    return flow


def filled(name: str, x: Table, seed: int, flow: FlowDensity) -> None:
    """Print rows of the second table."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    train, test = parted(x, seed)
    gone = np.random.default_rng(seed + 100).random(test.shape) < 0.2
    gone[gone.all(1), 0] = False
    holes, scale = np.where(gone, np.nan, test), train.std(0)
    draws = [flow.impute(holes, random_state=draw) for draw in range(5)]
    imputer = IterativeImputer(random_state=seed, max_iter=20).fit(train)
    found = {"one draw": draws[0], "mean of 5": np.mean(draws, 0), "iterative": imputer.transform(holes)}
    for way, guess in found.items():
        off = ((guess - test) / scale)[gone]
        apart = []
        for j in range(x.shape[1]):
            if gone[:, j].any():
                ends = [np.sort(side[gone[:, j], j]) for side in (guess, test)]
                apart.append(np.abs(ends[0] - ends[1]).mean() / scale[j])
        print(f"| {name} | {seed} | {way} | {np.sqrt((off**2).mean()):.3f} | {np.mean(apart):.3f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(tables()), choices=list(tables()))
    parser.add_argument("--data", nargs="*", default=[], help="tables of numbers of your own")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int)
    given = parser.parse_args()
    options = {} if given.epochs is None else {"epochs": given.epochs}
    sets = {name: make() for name, make in tables().items() if name in given.only}
    sets |= {path: np.genfromtxt(path, delimiter=",", skip_header=1) for path in given.data}
    cells = [(name, x, seed) for name, x in sets.items() for seed in given.seeds]
    print("| table | seed | nats, flow | Gaussian mixture | kernels | seconds |\n|---|---|---|---|---|---|")
    flows = [densities(name, x, seed, options) for name, x, seed in cells]
    print("\n| table | seed | filled by | error | distance |\n|---|---|---|---|---|")
    for (name, x, seed), flow in zip(cells, flows, strict=True):
        filled(name, x, seed, flow)


if __name__ == "__main__":
    main()
