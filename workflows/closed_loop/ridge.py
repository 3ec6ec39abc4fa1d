"""A ridge regression on fragments: learns from tables of results, and scores molecules for `sciencegen screen`.

    python ridge.py round1.csv round2.csv < molecules.smi

The tables have the columns smiles and potency. Answers {"version": 1, "payload": {"potency": [...]}} in the order of
the input; what is no molecule is null. How strongly weights are held back is chosen by leaving out one compound at a
time.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator

__all__ = ["STRENGTHS", "Ridge", "fragments"]

_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
STRENGTHS = np.logspace(-2, 2, 17)
"""How strongly weights may be held back."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ridge:
    """w that makes |y - Xw|^2 + strength * |w|^2 least, after the means are taken away."""

    middle: Array  # [features]
    weights: Array  # [features]
    mean: float
    strength: float

    @classmethod
    def fitted(cls, x: Array, y: Array) -> Ridge:
        """The ridge whose leave-one-out errors are least; they follow from the residuals of one fit."""
        middle, mean = x.mean(0), float(y.mean())
        centred, rest = x - middle, y - mean
        values, vectors = np.linalg.eigh(centred @ centred.T)
        values, turned = np.maximum(values, 0), vectors.T @ rest

        def error(strength: float) -> float:
            hat = (vectors * (values / (values + strength))) @ vectors.T
            left = (rest - hat @ rest) / np.maximum(1 - hat.diagonal() - 1 / len(y), 1e-9)
            return float((left**2).mean())

        best = min(STRENGTHS, key=error)
        return cls(middle, centred.T @ (vectors @ (turned / (values + best))), mean, float(best))

    def predict(self, x: Array) -> Array:
        return np.asarray(self.mean + (x - self.middle) @ self.weights)


def fragments(smiles: str) -> Array | None:
    """How often each Morgan fragment is there, on a logarithmic scale and of length 1; None of what is no molecule."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        return None
    counts = np.log1p(_MORGAN.GetCountFingerprintAsNumPy(mol).astype(np.float64))
    return np.asarray(counts / np.linalg.norm(counts))


def learned(paths: list[Path]) -> Ridge:
    """The ridge of all results in these tables."""
    seen: list[Array] = []
    values: list[float] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found = fragments(row["smiles"])
                if row["potency"] and found is not None:
                    seen.append(found)
                    values.append(float(row["potency"]))
    if len(values) < 3:
        raise SystemExit(f"{', '.join(map(str, paths))}: {len(values)} results: a ridge needs 3 or more")
    return Ridge.fitted(np.array(seen), np.array(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+", help="tables of smiles and potency")
    ridge = learned(parser.parse_args().results)
    lines = sys.stdin.read().split("\n")
    seen = [fragments(line.strip()) for line in (lines if lines[-1] else lines[:-1])]
    said = [None if one is None else round(float(ridge.predict(one)), 4) for one in seen]
    print(json.dumps({"version": 1, "payload": {"potency": said}}))


if __name__ == "__main__":
    main()
