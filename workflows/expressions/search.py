"""Bayesian optimisation in the latent space of expressions, beside what it must be better than.

    python workflows/expressions/search.py runs/expressions --train expressions.csv --seeds 10 -o search.json

Every arm has the same number of different expressions scored. Training knew the scores of its own, so the best of
them is a line of the table; the random arms know nothing but the grammar. The table goes to standard output.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from arms import Arm, Ledger, Masked, Nearby, Prior, Sentences, Start, Surrogated, searched
from latent import Codes
from sentences import Uniform

from sciencegen.core.files import atomic, check_writable
from sciencegen.domains.expressions import ExpressionRules, Expressions
from sciencegen.errors import RequestError, SciencegenError
from sciencegen.grammar import StackMachine
from sciencegen.model import load

__all__ = ["Found", "main", "table"]

_TOP = 3
_PUBLISHED = (
    ("Grammar VAE, published", "3.47 ± 0.24"),
    ("character VAE, published", "4.75 ± 0.25"),
)
"""The mean score of the expressions tried (Kusner, Paige, Hernández-Lobato; 2017), quoted from memory, on data that
held the answer, without cos and without minus."""


@dataclass(frozen=True)
class Found:
    """What an arm found with one seed."""

    arm: str
    seed: int
    scored: int
    best: list[tuple[float, str]]
    mean: float
    seconds: float


def table(found: Sequence[Found], data: Sequence[tuple[float, str]]) -> str:
    """Scores over seeds, mean ± standard deviation, low ones being good."""
    lines = [
        f"| arm | scored | best score | mean of the top {_TOP} | mean of all scored | best of all seeds |",
        "|---|---|---|---|---|---|",
        f"| best of training | - | {data[0][0]:.3f} | {np.mean([one for one, _ in data]):.3f} | - | `{data[0][1]}` |",
    ]
    arms: dict[tuple[str, int], list[Found]] = {}
    for one in found:
        arms.setdefault((one.arm, one.scored), []).append(one)
    for (name, scored), runs in arms.items():
        columns = (
            [one.best[0][0] for one in runs],
            [float(np.mean([score for score, _ in one.best])) for one in runs],
            [one.mean for one in runs],
        )
        cells = " | ".join(f"{np.mean(column):.3f} ± {np.std(column):.3f}" for column in columns)
        score, item = min(one.best[0] for one in runs)
        lines.append(f"| {name} | {scored:,} | {cells} | {score:.3f} `{item}` |")
    lines += [f"| {name} | 250 | - | - | {mean} | - |" for name, mean in _PUBLISHED]
    return "\n".join(lines)


def main(arguments: argparse.Namespace) -> None:
    for name in ("seeds", "rounds", "batch", "times", "know"):
        if getattr(arguments, name) < 1:
            raise RequestError(f"--{name} {getattr(arguments, name)}: expected 1 or more")
    if arguments.out is not None:
        check_writable(arguments.out)
    codes = Codes(load(arguments.model, "cpu"))
    domain, rules = codes.model.domain, codes.model.representation
    assert isinstance(domain, Expressions)
    assert isinstance(rules, ExpressionRules)
    items = list(domain.read(arguments.train).items)
    scores = np.array(domain.measure(items, ["error"])["error"], dtype=np.float64)
    order = np.argsort(scores, kind="stable")[:_TOP]
    data = [(float(scores[i]), items[i]) for i in order]
    longest = max(len(rules.grammar.encode(item)) for item in items[: arguments.know])
    machine = replace(rules.machine, length=longest)
    sentences, budget = Uniform(rules.grammar, longest), arguments.rounds * arguments.batch
    found: list[Found] = []
    for seed in range(arguments.seeds):
        start = _start(codes, items, scores, arguments.know, seed)
        arms = _arms(codes, start, machine, sentences, arguments)
        for arm, spent in [*((arm, budget) for arm in arms), (arms[0], budget * arguments.times)]:
            found.append(_run(arm, Ledger(domain.target, spent), seed))
            print(_said(found[-1]), file=sys.stderr, flush=True)
            if arguments.out is not None:
                _write(arguments, found, data)
    print(table(found, data))


def _start(codes: Codes, items: Sequence[str], scores: np.ndarray, know: int, seed: int) -> Start:
    """The codes of the best of training, and of as many others."""
    order = np.argsort(scores, kind="stable")
    best = order[: know // 2]
    others = np.random.default_rng(seed).permutation(order[know // 2 :])[: know - len(best)]
    rows = np.concatenate((best, others))
    return Start(codes.of([items[i] for i in rows]), scores[rows])


def _arms(
    codes: Codes, start: Start, machine: StackMachine, sentences: Uniform, arguments: argparse.Namespace
) -> list[Arm]:
    return [
        Masked(machine),
        Sentences(sentences),
        Prior(codes),
        Nearby(codes, start, arguments.times),
        Surrogated(codes, start, arguments.batch, arguments.times),
    ]


def _run(arm: Arm, ledger: Ledger, seed: int) -> Found:
    began = time.monotonic()
    searched(arm, ledger, seed)
    scores = list(ledger.scores.values())
    name = arm.name if ledger.budget == len(scores) else f"{arm.name} (cut short)"
    return Found(name, seed, len(scores), ledger.best(_TOP), float(np.mean(scores)), time.monotonic() - began)


def _said(one: Found) -> str:
    score, item = one.best[0]
    return f"seed {one.seed}, {one.arm}, {one.scored:,} scored: {score:.4f} {item} ({one.seconds:.0f} s)"


def _write(arguments: argparse.Namespace, found: Sequence[Found], data: Sequence[tuple[float, str]]) -> None:
    asked: Mapping[str, object] = {
        name: str(value) if isinstance(value, Path) else value for name, value in vars(arguments).items()
    }
    with atomic(arguments.out) as temporary:
        record = {"asked": asked, "training": data, "runs": [vars(one) for one in found]}
        temporary.write_text(json.dumps(record, indent=1) + "\n")


def parser() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("model", type=Path, help="a folder that was trained with expressions/grammar-vae")
    asked.add_argument("--train", type=Path, required=True, help="what it was trained on")
    asked.add_argument("--seeds", type=int, default=10)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--batch", type=int, default=50, help="different expressions scored in a round")
    asked.add_argument("--times", type=int, default=25, help="how often a code is read")
    asked.add_argument("--know", type=int, default=1000, help="expressions of training whose scores the search knows")
    asked.add_argument("-o", "--out", type=Path, help="a .json file for all figures")
    return asked


if __name__ == "__main__":
    try:
        main(parser().parse_args())
    except SciencegenError as error:
        sys.exit(f"error: {error}")
