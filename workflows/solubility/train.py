"""Trains the solubility model, and says how good it is beside others.

    python train.py --from esol.csv.xz -o model.json

Reads a table with a column of molecules and one of log10 solubilities in mol/l. The same molecule twice becomes its
mean. Every model is tested on each fifth of the molecules by one trained on the rest: fifths drawn at random, and
fifths that share no scaffold. The table goes to standard output, the model, trained on everything, to the file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from features import Features, Unreadable, features
from gaussian_process import Array, fitted
from model import Model

from sciencegen.core.files import atomic, check_writable, sha256
from sciencegen.domains.molecules.reading import ReadingOptions, read_molecules
from sciencegen.errors import DataError, SciencegenError

__all__ = ["Data", "Figure", "compared", "read"]

TARGETS = ("measured log solubility in mols per litre", "logs")
"""Columns taken where none is named: those of ESOL's table, and of our sample."""
PUBLISHED = "ESOL predicted log solubility in mols per litre"
MOST = 5000
"""An exact Gaussian process takes the cube of this many steps."""
_SHARES = (1.0, 2.0)
Foretell = Callable[[Sequence[int], Sequence[int]], Array]


@dataclass(frozen=True)
class Data:
    """Molecules, their features and their values; and what a published formula says, where the table has it."""

    smiles: Sequence[str]
    seen: Sequence[Features]
    values: Array
    published: Array | None = None

    @property
    def scaffolds(self) -> list[str]:
        """The Bemis-Murcko scaffold of every molecule; the acyclic ones have none, together."""
        from rdkit.Chem.Scaffolds import MurckoScaffold

        return [str(MurckoScaffold.MurckoScaffoldSmiles(smiles=one)) for one in self.smiles]


@dataclass(frozen=True)
class Figure:
    """How well a model foretold what it had not seen."""

    split: str
    model: str
    rmse: float
    lowest: float
    """The RMSE of the best fold; `highest` that of the worst."""
    highest: float
    r2: float
    remark: str = ""

    def __str__(self) -> str:
        folds = f"{self.lowest:.2f} to {self.highest:.2f}"
        return f"| {self.split} | {self.model} | {self.rmse:.3f} | {folds} | {self.r2:.3f} | {self.remark or '-'} |"


def read(path: Path, target: str = "") -> Data:
    """The molecules of a table with their mean values."""
    columns = read_molecules(path, ReadingOptions()).columns
    names = [target] if target else [one for one in TARGETS if one in columns]
    if not names:
        raise DataError(f"{path}: name the column of solubilities with --target: there is {', '.join(columns)}")
    found = read_molecules(path, ReadingOptions(), [names[0]])
    if found.reading is not None:
        print("\n".join(found.reading.lines()), file=sys.stderr)
    together: dict[str, list[int]] = {}
    cells = found.columns[names[0]]
    for row, (item, cell) in enumerate(zip(found.items, cells, strict=True)):
        if isinstance(cell, str):
            raise DataError(f"{path}: {names[0]}: {cell!r} is no number")
        if cell is not None:
            together.setdefault(item, []).append(row)
    if not 20 <= len(together) <= MOST:
        raise DataError(f"{path}: {len(together):,} molecules with a value: expected 20 to {MOST:,}")
    values = _means(cells, together)
    assert values is not None
    published = _means(found.columns.get(PUBLISHED, ()), together)
    return Data(list(together), [_seen(path, one) for one in together], values, published)


def _seen(path: Path, smiles: str) -> Features:
    try:
        return features(smiles)
    except Unreadable as reason:
        raise DataError(f"{path}: {smiles[:80]}: {reason}") from None


def _means(cells: Sequence[float | str | None], together: Mapping[str, Sequence[int]]) -> Array | None:
    """The mean of each molecule's cells; None where not all of them are numbers."""
    try:
        numbers = [[cells[row] for row in rows] for rows in together.values()]
    except IndexError:
        return None
    if not all(isinstance(one, float | int) for row in numbers for one in row):
        return None
    return np.array([np.mean(row) for row in numbers])  # type: ignore[arg-type]


def compared(data: Data, seed: int = 0, quick: bool = False) -> Iterator[Figure]:
    """The figures of every model on every split."""
    from sklearn.model_selection import GroupKFold, KFold

    rows = np.arange(len(data.smiles))
    random = KFold(5, shuffle=True, random_state=seed).split(rows)
    scaffolds = data.scaffolds
    splits = {"random": list(random)}
    if len(set(scaffolds)) >= 5:
        splits["scaffold"] = list(GroupKFold(5).split(rows, groups=scaffolds))
    for split, folds in splits.items():
        for name, foretell in _others(data, seed, quick).items():
            told = [foretell(train, test) for train, test in folds]
            yield _figure(split, name, data.values, [test for _, test in folds], told)
        yield _of_process(split, data, folds, seed)


def _others(data: Data, seed: int, quick: bool) -> dict[str, Foretell]:
    """What a Gaussian process is compared with."""
    y, published = data.values, data.published
    found: dict[str, Foretell] = {"the mean": lambda train, test: np.full(len(test), y[train].mean())}
    if published is not None:
        found["ESOL's formula, as published"] = lambda train, test: published[test]
    if quick:
        return found
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    bits = np.array([one.bits for one in data.seen], dtype=np.float32)
    bits = bits[:, bits.sum(0) > 1]
    numbers = np.array([one.numbers for one in data.seen])
    both = np.hstack([bits, numbers])
    alphas = np.logspace(-1, 4, 11)

    def forest() -> object:
        return RandomForestRegressor(100, max_features=0.1, n_jobs=1, random_state=seed)

    def boosting() -> object:
        return HistGradientBoostingRegressor(early_stopping=False, random_state=seed)

    models = {
        "ridge, fragments": (lambda: RidgeCV(alphas), bits),
        "ridge, both": (lambda: make_pipeline(StandardScaler(), RidgeCV(alphas)), both),
        "random forest, fragments": (forest, bits),
        "random forest, both": (forest, both),
        "gradient boosting, descriptors": (boosting, numbers),
    }
    return found | {name: partial(_by, make, x, y) for name, (make, x) in models.items()}


def _by(make: Callable[[], object], x: Array, y: Array, train: Sequence[int], test: Sequence[int]) -> Array:
    """What a fresh scikit-learn model says of the test rows."""
    model = make()
    model.fit(x[train], y[train])  # type: ignore[attr-defined]
    said: Array = model.predict(x[test])  # type: ignore[attr-defined]
    return said


def _of_process(split: str, data: Data, folds: Sequence[tuple[Sequence[int], Sequence[int]]], seed: int) -> Figure:
    """The Gaussian process, and whether its error bars and its domain hold what they promise."""
    told, sds, inside = [], [], []
    for train, test in folds:
        process = fitted([data.seen[i] for i in train], data.values[train], seed=seed)
        said = [process.predict(data.seen[i]) for i in test]
        told.append(np.array([one.value for one in said]))
        sds += [one.sd for one in said]
        inside += [one.in_domain for one in said]
    tests = [test for _, test in folds]
    wrong = np.concatenate(told) - data.values[np.concatenate(tests)]
    within = [f"{np.mean(np.abs(wrong) <= times * np.array(sds)):.0%} within {times:g} sd" for times in _SHARES]
    known = np.array(inside)
    for where, name in ((known, "in"), (~known, "out of")):
        if where.any():
            within.append(f"{where.mean():.0%} {name} domain, RMSE {np.sqrt((wrong[where] ** 2).mean()):.2f}")
    return _figure(split, "Gaussian process, both", data.values, tests, told, "; ".join(within))


def _figure(
    split: str, name: str, y: Array, tests: Sequence[Sequence[int]], told: Sequence[Array], remark: str = ""
) -> Figure:
    squares = [(one - y[test]) ** 2 for one, test in zip(told, tests, strict=True)]
    every = np.concatenate(squares)
    folds = [float(one.mean() ** 0.5) for one in squares]
    r2 = 1 - float(every.sum() / ((y - y.mean()) ** 2).sum())
    return Figure(split, name, float(every.mean() ** 0.5), min(folds), max(folds), r2, remark)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="CSV, also packed, or another table")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--target", default="", help="the column of solubilities, log10 of mol/l")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="compare with the mean and what is published alone")
    given = parser.parse_args()
    try:
        check_writable(given.out)
        data = read(given.source, given.target)
        print(f"{len(data.smiles):,} different molecules, {len(set(data.scaffolds)):,} scaffolds", file=sys.stderr)
        figures = []
        print("| split | model | RMSE | of the folds | R2 | |\n|---|---|---|---|---|---|")
        for figure in compared(data, given.seed, given.quick):
            figures.append(str(figure))
            print(figure, flush=True)
        kernel = fitted(data.seen, data.values, seed=given.seed).kernel
        about = {"data": given.source.name, "sha256": sha256(given.source), "figures": figures, "seed": given.seed}
        about["versions"] = {name: version(name) for name in ("numpy", "rdkit", "scikit-learn", "sciencegen")}
        with atomic(given.out) as temporary:
            model = Model(data.smiles, [round(float(one), 6) for one in data.values], kernel, about)
            temporary.write_text(model.text(), encoding="utf-8")
    except SciencegenError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
