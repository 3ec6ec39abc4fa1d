"""What the latent space of a trained model is worth: reconstruction, validity, and the score told from the code.

    python workflows/expressions/data.py -o held.csv --items 5000 --seed 1
    python workflows/expressions/judge.py runs/expressions --train expressions.csv --held held.csv

Held-out expressions that are among those of training are left out, and counted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from latent import Codes

from sciencegen.errors import RequestError, SciencegenError
from sciencegen.model import load

__all__ = ["main"]


def main(arguments: argparse.Namespace) -> None:
    if arguments.draws < 1:
        raise RequestError(f"--draws {arguments.draws}: expected 1 or more")
    codes = Codes(load(arguments.model, "cpu"))
    domain = codes.model.domain
    seen = domain.read(arguments.train).items
    known, held = set(seen), domain.read(arguments.held).items
    apart = [item for item in dict.fromkeys(held) if item not in known]
    if not apart:
        raise RequestError(f"--held {arguments.held}: all of its expressions are among those of {arguments.train}")
    print(f"{len(held) - len(apart):,} of {len(held):,} held-out expressions left out: known from training")
    print("\n".join(codes.worth(apart, seen, arguments.draws, arguments.seed).lines()))


def parser() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("model", type=Path, help="a folder that was trained with expressions/grammar-vae")
    asked.add_argument("--train", type=Path, required=True, help="what it was trained on")
    asked.add_argument("--held", type=Path, required=True, help="other expressions, drawn with another seed")
    asked.add_argument("--draws", type=int, default=5000)
    asked.add_argument("--seed", type=int, default=0)
    return asked


if __name__ == "__main__":
    try:
        main(parser().parse_args())
    except SciencegenError as error:
        sys.exit(f"error: {error}")
