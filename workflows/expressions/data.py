"""Expressions to learn from, drawn from the grammar, without those that are near the answer.

    python workflows/expressions/data.py -o expressions.csv                     # 100,000; a few minutes
    python workflows/expressions/data.py -o small.csv --items 500 --rules 10

Every sentence of at most so many rules is as probable as any other, and comes once. What scores below the bound
against the target is left out: a data set that holds the answer makes any search look good. How many that were is
said, and written beside the data.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sentences import Uniform

from sciencegen.core.files import atomic, check_writable
from sciencegen.domains.expressions import Expressions, Target
from sciencegen.errors import RequestError, SciencegenError
from sciencegen.grammar import compiled, source_of

__all__ = ["Tally", "drawn_apart"]

_PATIENCE = 1000
"""So many draws for each expression are enough to know that there are too few."""


@dataclass
class Tally:
    """What became of the draws."""

    drawn: int = 0
    again: int = 0
    below: int = 0
    """How many different ones scored below the bound."""
    kept: int = 0
    best: float = float("inf")
    """The score of the best that was kept."""


def drawn_apart(draws: Iterator[str], items: int, target: Target, bound: float, tally: Tally) -> Iterator[str]:
    """Different expressions whose error is at least `bound`."""
    seen = set[str]()
    while tally.kept < items:
        if tally.drawn >= _PATIENCE * items:
            raise RequestError(f"drew {tally.drawn:,} and found {tally.kept:,} of {items:,}: allow more rules")
        item, tally.drawn = next(draws), tally.drawn + 1
        if item in seen:
            tally.again += 1
            continue
        seen.add(item)
        error = target.error(target.values(item))
        if error < bound:
            tally.below += 1
            continue
        tally.kept, tally.best = tally.kept + 1, min(tally.best, error)
        yield item


def main(arguments: argparse.Namespace) -> None:
    target = Target(arguments.target)
    check_writable(arguments.out)
    source = source_of(arguments.grammar)
    sentences = Uniform(compiled(source.text, source.name), arguments.rules)
    there = sum(sentences.counts)
    if not there:
        raise RequestError(f"--rules {arguments.rules}: {source.name} has no sentence so short")
    tally = Tally()
    found = list(drawn_apart(sentences.draws(arguments.seed), arguments.items, target, arguments.bound, tally))
    Expressions(target).write(found, arguments.out)
    asked = {name: str(value) if isinstance(value, Path) else value for name, value in vars(arguments).items()}
    with atomic(arguments.out.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps({"asked": asked, "sentences": there, **asdict(tally)}, indent=1) + "\n")
    print(
        f"{tally.kept:,} of {there:,} sentences of at most {arguments.rules} rules: drew {tally.drawn:,}; "
        f"{tally.again:,} again, {tally.below:,} below {arguments.bound:g}; the best kept scores {tally.best:.4f}",
        file=sys.stderr,
    )


def parser() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("-o", "--out", type=Path, required=True, help="a .csv or .txt file")
    asked.add_argument("--items", type=int, default=100_000)
    asked.add_argument("--rules", type=int, default=15, help="the most rules an expression may take")
    asked.add_argument("--grammar", default="expression", help="a .lark file, or one that is shipped")
    asked.add_argument("--target", default=Target.text, help="the answer that is not to be given away")
    asked.add_argument("--bound", type=float, default=1.0, help="the least error an expression must have")
    asked.add_argument("--seed", type=int, default=0)
    return asked


if __name__ == "__main__":
    try:
        main(parser().parse_args())
    except SciencegenError as error:
        sys.exit(f"error: {error}")
