"""Scores molecules by their predicted solubility: SMILES on standard input, numbers on standard output.

    python score.py model.json < molecules.smi

Answers {"version": 1, "payload": {...}} with lists in the order of the input: `logs`, log10 of the solubility in mol/l;
`logs_sd`, the standard deviation of the prediction; `similarity` and `nearest`, the training molecule most like this
one; `in_domain`, 1 where that is near enough, else 0. What is no single molecule is null, with the reason on standard
error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from features import Unreadable, features
from model import BadModel, Model

__all__ = ["KEYS", "main"]

KEYS = ("logs", "logs_sd", "similarity", "nearest", "in_domain")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="what train.py wrote")
    given = parser.parse_args()
    try:
        model = Model.read(given.model)
    except BadModel as error:
        parser.exit(1, f"{error}\n")
    process = model.process()
    payload: dict[str, list[float | str | None]] = {key: [] for key in KEYS}
    lines = sys.stdin.buffer.read().decode("utf-8", "replace").split("\n")
    for number, line in enumerate(lines if lines[-1] else lines[:-1], 1):
        row: tuple[float | str | None, ...] = (None,) * len(KEYS)
        try:
            found = process.predict(features(line.removesuffix("\r")))
            nearest = model.smiles[found.nearest]
            row = (round(found.value, 4), round(found.sd, 4), round(found.similarity, 4), nearest, int(found.in_domain))
        except Unreadable as reason:
            print(f"molecule {number}, {line[:80]}: {reason}", file=sys.stderr)
        for key, cell in zip(KEYS, row, strict=True):
            payload[key].append(cell)
    print(json.dumps({"version": 1, "payload": payload}))


if __name__ == "__main__":
    main()
