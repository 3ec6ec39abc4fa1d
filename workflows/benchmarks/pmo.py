"""How high policy optimisation comes with 10,000 calls of an oracle: the tasks of the PMO benchmark.

    python workflows/benchmarks/pmo.py --model runs/zinc -o pmo
    python workflows/benchmarks/pmo.py -o pmo --table

A result is a file of its own, written when its run is over; what is there is not run again, and a run that was stopped
goes on. Seeds come one after the other, so that every task has a first result early. The figure is the area under the
mean of the best ten against calls (Sample Efficiency Matters: A Benchmark for Practical Molecular Optimization; Gao,
Fu, Sun, Coley; 2022), as the mean and standard deviation over seeds. With --patience a run ends when its best ten have
stood still for so many calls; their mean then stands for the calls that are left, as in the code of the benchmark.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from sciencegen.core.files import atomic
from sciencegen.domains.molecules.tasks import TASKS
from sciencegen.search.ledger import Ledger

CALLS = 10_000
FIRST = ("celecoxib_rediscovery", "osimertinib_mpo", "isomers_c7h8n2o2", "albuterol_similarity", "median1", "qed")
"""What the others come after."""


@dataclass(frozen=True)
class Published:
    """A method's figures, as its mean and standard deviation of five runs."""

    name: str
    figures: dict[str, tuple[float, float]]


def _published(name: str, **figures: str) -> Published:
    pairs = {task: said.split() for task, said in figures.items()}
    return Published(name, {task: (float(one), float(other)) for task, (one, other) in pairs.items()})


# Genetic-guided GFlowNets for Sample Efficient Molecular Optimization (Kim, Kim, Choi, Park; 2024), table 12: five runs
# of every method in the code of the benchmark, from priors and populations of ZINC250k
PUBLISHED = (
    _published(
        "REINVENT",
        albuterol_similarity="0.881 0.016",
        amlodipine_mpo="0.644 0.019",
        celecoxib_rediscovery="0.717 0.027",
        deco_hop="0.662 0.044",
        fexofenadine_mpo="0.781 0.013",
        isomers_c7h8n2o2="0.942 0.012",
        isomers_c9h10n2o2pf2cl="0.838 0.030",
        median1="0.363 0.011",
        median2="0.281 0.002",
        mestranol_similarity="0.634 0.042",
        osimertinib_mpo="0.834 0.010",
        perindopril_mpo="0.535 0.015",
        qed="0.941 0.000",
        ranolazine_mpo="0.770 0.005",
        scaffold_hop="0.551 0.024",
        sitagliptin_mpo="0.470 0.041",
        thiothixene_rediscovery="0.544 0.026",
        troglitazone_rediscovery="0.458 0.018",
        valsartan_smarts="0.182 0.363",
        zaleplon_mpo="0.533 0.009",
    ),
    _published(
        "Graph GA",
        albuterol_similarity="0.859 0.013",
        amlodipine_mpo="0.657 0.022",
        celecoxib_rediscovery="0.593 0.092",
        deco_hop="0.602 0.012",
        fexofenadine_mpo="0.762 0.014",
        isomers_c7h8n2o2="0.949 0.020",
        isomers_c9h10n2o2pf2cl="0.839 0.042",
        median1="0.285 0.012",
        median2="0.255 0.019",
        mestranol_similarity="0.571 0.036",
        osimertinib_mpo="0.813 0.006",
        perindopril_mpo="0.514 0.025",
        qed="0.937 0.001",
        ranolazine_mpo="0.718 0.017",
        scaffold_hop="0.513 0.026",
        sitagliptin_mpo="0.498 0.048",
        thiothixene_rediscovery="0.483 0.034",
        troglitazone_rediscovery="0.373 0.013",
        valsartan_smarts="0.000 0.000",
        zaleplon_mpo="0.468 0.025",
    ),
    _published(
        "Mol GA",
        albuterol_similarity="0.928 0.015",
        amlodipine_mpo="0.740 0.055",
        celecoxib_rediscovery="0.629 0.062",
        deco_hop="0.656 0.013",
        fexofenadine_mpo="0.835 0.012",
        isomers_c7h8n2o2="0.926 0.014",
        isomers_c9h10n2o2pf2cl="0.894 0.005",
        median1="0.329 0.006",
        median2="0.284 0.035",
        mestranol_similarity="0.762 0.048",
        osimertinib_mpo="0.853 0.005",
        perindopril_mpo="0.610 0.038",
        qed="0.941 0.001",
        ranolazine_mpo="0.830 0.010",
        scaffold_hop="0.568 0.017",
        sitagliptin_mpo="0.677 0.055",
        thiothixene_rediscovery="0.544 0.067",
        troglitazone_rediscovery="0.487 0.024",
        valsartan_smarts="0.000 0.000",
        zaleplon_mpo="0.514 0.033",
    ),
    _published(
        "Genetic GFN",
        albuterol_similarity="0.949 0.010",
        amlodipine_mpo="0.761 0.019",
        celecoxib_rediscovery="0.802 0.029",
        deco_hop="0.733 0.109",
        fexofenadine_mpo="0.856 0.039",
        isomers_c7h8n2o2="0.969 0.003",
        isomers_c9h10n2o2pf2cl="0.897 0.007",
        median1="0.379 0.010",
        median2="0.294 0.007",
        mestranol_similarity="0.708 0.057",
        osimertinib_mpo="0.860 0.008",
        perindopril_mpo="0.595 0.014",
        qed="0.942 0.000",
        ranolazine_mpo="0.819 0.018",
        scaffold_hop="0.615 0.100",
        sitagliptin_mpo="0.634 0.039",
        thiothixene_rediscovery="0.583 0.034",
        troglitazone_rediscovery="0.511 0.054",
        valsartan_smarts="0.135 0.271",
        zaleplon_mpo="0.552 0.033",
    ),
)


def still(ledger: Ledger, calls: int) -> bool:
    """Whether the mean of the best ten has not risen by a thousandth in the last so many calls."""
    if not calls or ledger.calls <= calls:
        return False
    before = sorted((one.score or 0.0 for one in ledger.told[:-calls]), reverse=True)[:10]
    return ledger.mean(10) - sum(before) / len(before) < 1e-3


def run(
    model: str,
    task: str,
    seed: int,
    out: Path,
    calls: int = CALLS,
    options: Sequence[str] = (),
    patience: int = 0,
) -> dict[str, Any]:
    """The result of one run, found again where it is there."""
    import torch

    from sciencegen.model import load
    from sciencegen.optimize.bench import Tally
    from sciencegen.optimize.goal import goal_of
    from sciencegen.optimize.oracle import Oracle
    from sciencegen.optimize.policy import chosen_options, practised
    from sciencegen.recipes.options import assignments

    file, folder = out / f"{task}-{seed}.json", out / "runs" / f"{task}-{seed}"
    if file.exists():
        found: dict[str, Any] = json.loads(file.read_text())
        return found
    folder.mkdir(parents=True, exist_ok=True)
    practice, settings = chosen_options(assignments(options))
    loaded, ledger, began = load(model, "cpu"), Ledger(calls, folder / "ledger.jsonl"), time.perf_counter()
    oracle = Oracle(loaded.domain, goal_of(loaded.domain, loaded.fields, [task]), ledger)
    tally = Tally()
    for turn in practised(loaded, oracle, practice, replace(settings, seed=seed), folder):
        tally = turn.tally
        if still(ledger, patience):
            break
    result = {"task": task, "seed": seed, "calls": ledger.calls, "budget": calls, "auc10": ledger.auc(10, calls)}
    result |= {f"top{k}": ledger.mean(k) for k in (1, 10, 100)}
    result |= {"auc1": ledger.auc(1, calls), "auc100": ledger.auc(100, calls), "model": loaded.checkpoint}
    result |= {"seconds": round(time.perf_counter() - began), "threads": torch.get_num_threads()}
    result |= {
        "options": list(options),
        "practice": practice.__dict__,
        "patience": patience,
        "best": [one.text for one in ledger.top(10)],
    }
    result |= {"draws": tally.__dict__}
    with atomic(file) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    return result


def table(results: Sequence[dict[str, Any]]) -> str:
    """Our figures beside published ones, task by task, and their sums over the tasks that were run."""
    tasks = [task for task in TASKS if any(one["task"] == task for one in results)]
    lines = ["| task | ours | " + " | ".join(one.name for one in PUBLISHED) + " |", "|---" * (2 + len(PUBLISHED)) + "|"]
    sums = [0.0] * (1 + len(PUBLISHED))
    for task in tasks:
        ours = [one["auc10"] for one in results if one["task"] == task]
        spread = f" ± {stdev(ours):.3f}" if len(ours) > 1 else ""
        figures = [one.figures[task] for one in PUBLISHED]
        sums = [a + b for a, b in zip(sums, [mean(ours), *(figure[0] for figure in figures)], strict=True)]
        cells = [f"{mean(ours):.3f}{spread} ({len(ours)})", *(f"{one:.3f} ± {other:.3f}" for one, other in figures)]
        lines.append(f"| {task} | " + " | ".join(cells) + " |")
    lines.append(f"| sum of {len(tasks)} | " + " | ".join(f"{one:.3f}" for one in sums) + " |")
    return "\n".join(lines)


def stored(out: Path) -> list[dict[str, Any]]:
    """The results that are there."""
    return [json.loads(file.read_text()) for file in sorted(out.glob("*.json"))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="molecules", help="what to begin with: a model of strings")
    parser.add_argument("--tasks", default=",".join([*FIRST, *(task for task in TASKS if task not in FIRST)]))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--set", action="append", default=[], help="option=value of the way to learn")
    parser.add_argument("--patience", type=int, default=0, help="calls without a better ten that end a run; 0: none")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="only show what is there")
    asked = parser.parse_args()
    for seed in range(0 if asked.table else asked.seeds):
        for task in asked.tasks.split(","):
            result = run(asked.model, task, seed, asked.out, asked.calls, asked.set, asked.patience)
            print(f"{task} {seed}: {result['auc10']:.3f} in {result['seconds']} s", flush=True)
    print(table(stored(asked.out)))


if __name__ == "__main__":
    main()
