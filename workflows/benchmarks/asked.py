"""Asked against measured: every property a model may be asked for, alone and in pairs.

    python workflows/benchmarks/asked.py molecules --data moses/test [--best-of 8] [--plots asked.svg]

Prints two tables in Markdown: the mean absolute error of each property asked alone, beside that of items taken from the
data at random, and the error of each property (row) where another (column) is asked with it. The plots show what was
measured (up) against what was asked for (across), a dot for each draw.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from sciencegen.core.files import atomic
from sciencegen.data.cards import resolve
from sciencegen.evaluate import Evaluation, asked_for
from sciencegen.model import load
from sciencegen.report.svg import scatter

DOTS = 300
"""More in one plot make a file nobody opens."""
ACROSS, WIDTH, HEIGHT = 4, 340, 230


def main() -> None:
    options = _options()
    model = load(options.model)
    names = [name for name in model.fields.names if name in model.domain.properties]
    items = model.domain.read(resolve(options.data))
    combinations_ = [*((name,) for name in names), *(() if options.alone else combinations(names, 2))]
    found = asked_for(model, items, combinations_, options.targets, options.each, options.seed, options.best_of)
    asked = found.numbers["asked"]
    print(_alone(asked, names))
    if not options.alone:
        print()
        print(_pairs(asked, names))
    if options.plots is not None:
        with atomic(options.plots) as temporary:
            temporary.write_text(_plots(found, names), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model")
    parser.add_argument("--data", required=True, help="items whose properties are asked for: a file, or a set")
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--best-of", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", action="store_true", help="leave the pairs out")
    parser.add_argument("--plots", type=Path, help="an SVG file with a plot for each property asked alone")
    return parser.parse_args()


def _alone(asked: Mapping[str, Any], names: Sequence[str]) -> str:
    """Errors of single properties, and what chance would give."""
    rows = [
        ["mean absolute error", *(f"{asked[name][name]['mean_absolute_error']:.3g}" for name in names)],
        ["at random from the data", *(f"{asked[name][name]['chance']:.3g}" for name in names)],
        ["correlation", *(_said(asked[name][name]["correlation"]) for name in names)],
        ["valid", *(f"{asked[name]['valid']:.3f}" for name in names)],
    ]
    return _table(["asked alone", *names], rows)


def _pairs(asked: Mapping[str, Any], names: Sequence[str]) -> str:
    """Errors of the property of each row where that of the column is asked with it."""
    rows = []
    for own in names:
        cells = []
        for other in names:
            together = next((one for one in (f"{own}+{other}", f"{other}+{own}") if one in asked), own)
            cells.append(f"{asked[together][own]['mean_absolute_error']:.3g}")
        rows.append([own, *cells])
    return _table(["error of, asked with", *names], rows)


def _said(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plots(found: Evaluation, names: Sequence[str]) -> str:
    """All plots in one picture."""
    parts = []
    for i, name in enumerate(names):
        asked, measured = found.scatters[name]
        every = max(1, len(asked) // DOTS)
        plot = scatter(name, asked[::every], measured[::every])
        x, y = i % ACROSS * WIDTH, i // ACROSS * HEIGHT
        parts.append(re.sub(r"^<svg ", f'<svg x="{x}" y="{y}" ', plot))
    size = f"{ACROSS * WIDTH} {-(-len(names) // ACROSS) * HEIGHT}"
    style = "font-family:sans-serif;color:#0f172a;background:#fff"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" style="{style}">{"".join(parts)}</svg>\n'


if __name__ == "__main__":
    main()
