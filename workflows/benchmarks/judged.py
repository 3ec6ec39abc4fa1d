"""Whether draws follow what only a laboratory can measure, as a judge sees it who has learned the same data.

    python workflows/benchmarks/judged.py runs/peptides --data amp_vs_uniprot.csv --column is_amp --read kind=peptide

A column that is no property of a sequence, such as an activity or a label, cannot be measured of draws. The judge is a
forest of extremely randomised trees (Geurts, Ernst, Wehenkel; 2006) on letters, pairs of letters and where they stand,
learned from four fifths of the data; how good it is on the last fifth is printed first, and nothing that it says of
draws is better than that. Beside the draws stand the sequences of the last fifth, and the same with their letters in
random order: what composition alone would give.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.domains.sequences.metrics import shuffled
from sciencegen.model import Model, load

__all__ = ["Judge", "Judged", "features", "judged"]

Numbers = NDArray[np.float64]
_FEW = 10
"""Numbers of so few values are categories."""
_PLACES = 60
"""Where letters stand is told of so many from either end."""


def features(sequences: Sequence[str], letters: str) -> Numbers:
    """What a judge reads of sequences: lengths, shares of letters and of pairs, and the letters at both ends."""
    codes = {letter: i for i, letter in enumerate(letters)}
    many = len(letters)
    out = np.zeros((len(sequences), 1 + many + many * many + 2 * _PLACES), dtype=np.float64)
    for row, sequence in zip(out, sequences, strict=True):
        code = np.array([codes[letter] for letter in sequence])
        row[0] = len(code)
        row[1 : 1 + many] = np.bincount(code, minlength=many) / len(code)
        pairs = np.bincount(code[:-1] * many + code[1:], minlength=many * many)
        row[1 + many : 1 + many + many * many] = pairs / max(len(code) - 1, 1)
        ends = np.full((2, _PLACES), -1)
        ends[0, : len(code)] = code[:_PLACES]
        ends[1, : len(code)] = code[::-1][:_PLACES]
        row[-2 * _PLACES :] = ends.ravel()
    return out


@dataclass(frozen=True)
class Judge:
    """Trees that tell a column from a sequence, and the data they have not seen."""

    trees: Any
    letters: str
    unseen: Sequence[str]
    values: NDArray[Any]
    """What the column says of them."""
    truth: NDArray[Any]
    """The same, as words where it says but a few things."""

    @classmethod
    def of(cls, sequences: Sequence[str], column: Sequence[float | str], seed: int = 0) -> Judge:
        """A judge that has learned four fifths of the data."""
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        values = np.array(column)
        few = values.dtype.kind != "f" or len(np.unique(values)) <= _FEW
        truth = np.array([f"{one:g}" if isinstance(one, float) else str(one) for one in column]) if few else values
        kind = ExtraTreesRegressor if truth.dtype.kind == "f" else ExtraTreesClassifier
        letters = "".join(sorted(set("".join(sequences))))
        order = np.random.default_rng(seed).permutation(len(sequences))
        learned, kept = order[: -len(order) // 5], order[-len(order) // 5 :]
        trees = kind(500, random_state=seed, n_jobs=1)
        trees.fit(features([sequences[i] for i in learned], letters), truth[learned])
        return cls(trees, letters, [sequences[i] for i in kept], values[kept], truth[kept])

    def said(self, sequences: Sequence[str]) -> NDArray[Any]:
        """What the judge takes sequences for."""
        found: NDArray[Any] = self.trees.predict(features(sequences, self.letters))
        return found


@dataclass(frozen=True)
class Judged:
    """How far the judge's words are from what they should be: shares of the same word, or errors of numbers."""

    name: str
    asked: NDArray[Any]
    said: NDArray[Any]

    @property
    def figures(self) -> dict[str, float]:
        """For categories the share of each that is taken for it; for numbers the mean absolute error and R2."""
        if self.asked.dtype.kind != "f":
            return {
                str(level): float((self.said == level)[self.asked == level].mean()) for level in np.unique(self.asked)
            }
        error = self.said - self.asked
        return {"MAE": float(np.abs(error).mean()), "R2": 1 - float((error**2).mean() / self.asked.var())}


def judged(model: Model[str], judge: Judge, column: str, targets: int, seed: int = 0) -> Iterator[Judged]:
    """The unseen data, the same with letters in random order, and draws that were asked for its values."""
    source = np.random.default_rng(seed)
    yield Judged("unseen data", judge.truth, judge.said(judge.unseen))
    yield Judged("their letters in random order", judge.truth, judge.said(shuffled(judge.unseen, source)))
    rows = source.integers(len(judge.truth), size=targets)
    wanted, plain = judge.truth[rows], judge.values[rows].tolist()
    draws = [one and one.item for one in model.answers({column: plain}, seed=seed)]
    usable = [bool(one) and set(str(one)) <= set(judge.letters) for one in draws]
    said = judge.said([str(one) for one, ok in zip(draws, usable, strict=True) if ok])
    yield Judged(f"draws ({sum(usable):,} of {len(usable):,} valid)", wanted[usable], said)


def main() -> None:
    options = _options()
    model = load(options.model)
    domain = model.domain.reading(**dict(one.split("=", 1) for one in options.read))
    items = domain.read(options.data, [options.column])
    known = [
        (item, value)
        for item, value in zip(items.items, items.columns[options.column], strict=True)
        if value is not None
    ]
    sequences, values = [item for item, _ in known], [value for _, value in known]
    judge = Judge.of(sequences, values, options.seed)
    found = list(judged(model, judge, options.column, options.targets, options.seed))
    names = list(found[0].figures)
    print(f"| {options.column} | " + " | ".join(names) + " |\n|---" + "|---" * len(names) + "|")
    for one in found:
        print(f"| {one.name} | " + " | ".join(f"{one.figures[name]:.3f}" for name in names) + " |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", help="a model of sequences that can be asked for the column")
    parser.add_argument("--data", type=Path, required=True, help="sequences with the column")
    parser.add_argument("--column", required=True)
    parser.add_argument("--read", action="append", default=[], help="how the file is read, such as duplicates=drop")
    parser.add_argument("--targets", type=int, default=2000, help="draws, each asked for a value of the unseen data")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
