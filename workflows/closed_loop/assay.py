"""The simulated assay: what takes the place of the laboratory, and the one part of the loop to replace by it.

    python assay.py RUN -o assay.csv --seed 0

Reads the plate map of a campaign and what was picked, and writes a row for every well: what is in it, plate, well, and
the potency that was read there, as a pIC50. A potency that nobody can see is worked out for every molecule (`potency`);
a well reads it with noise, and some wells fail and stay empty. Control wells hold two reference compounds, in turn.

A laboratory writes such a table from its reader: an id, or a plate and a well, and a number or nothing.

The potency is a stand-in we made up, of two halves that weigh about the same:

    potency = 4 + 5 / (1 + exp(-(A + P + F)))
    P = sum over motifs of weight * (1 - exp(-count))            what a target would like: see MOTIFS and PAIR
    F = sum over fragments of w * log(1 + count), over its norm  every Morgan fragment (radius 1, 1024 places) has a
                                                                 weight w of a normal distribution, with a fixed seed

Nothing of it may be asked of the shipped model. A sets the share of hits: about 1 in 100 of what the model draws.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sciencegen.core.files import atomic
from sciencegen.domains.molecules.molecule import Molecule, parsed
from sciencegen.errors import DataError, SciencegenError

__all__ = ["CONTROLS", "HIT", "LIKELY_FAILED", "MOTIFS", "NOISE", "PAIR", "measured", "potency", "wells_of", "write"]

HIT = 7.0
"""A compound of at least this potency is a hit."""
NOISE = 0.3
"""The standard deviation of what a well reads."""
LIKELY_FAILED = 0.05
"""The chance that a well fails."""
MOTIFS = {
    "basic amine": ("[NX3;!$(N-[C,S,P]=[O,S,N]);!$(N-[c,n]);!$(N-[N,O])]", 0.7),
    "secondary amide": ("[CX3](=O)[NX3;H1]", 0.5),
    "aryl halide": ("c[F,Cl,Br]", 0.5),
    "nitrile or nitro": ("[$(C#N),$([N+](=O)[O-])]", -0.6),
    "carboxylic acid": ("[CX3](=O)[OX2H1]", -1.0),
}
"""Substructures the target likes, or does not, and their weights."""
PAIR = ("[NX3;!$(N-[C,S,P]=[O,S,N]);!$(N-[c,n]);!$(N-[N,O])]", "[nX2]", range(4, 8), 1.3)
"""A pharmacophore: an amine and an aromatic nitrogen so many bonds apart, and its weight."""
CONTROLS = ("high", 8.0), ("low", 4.5)
"""The reference compounds of the control wells, and their potencies."""
_LEVEL = -1.33
_FRAGMENTS, _SCALE, _SEED = 1024, 0.6, 7
_COLUMNS = ("id", "plate", "well", "potency")


def potency(molecule: Molecule) -> float:
    """The potency of a molecule, from 4 to 9, which no command of the loop ever sees."""
    return float(4 + 5 / (1 + np.exp(-(_LEVEL + liking(molecule) + _SCALE * fit(molecule)))))


def liking(molecule: Molecule) -> float:
    """P: what the motifs of a molecule add up to; the second of a kind adds less than the first."""
    mol = parsed(molecule)
    counts = [(len(mol.GetSubstructMatches(_query(smarts))), weight) for smarts, weight in MOTIFS.values()]
    left, right, bonds, weight = PAIR
    ends = [[match[0] for match in mol.GetSubstructMatches(_query(smarts))] for smarts in (left, right)]
    if all(ends):
        from rdkit.Chem import GetDistanceMatrix

        apart = GetDistanceMatrix(mol)
        counts.append((sum(apart[i, j] in bonds for i in ends[0] for j in ends[1]), weight))
    return float(sum(weight * (1 - np.exp(-count)) for count, weight in counts))


def fit(molecule: Molecule) -> float:
    """F: how a molecule's fragments fit, each with a weight of its own."""
    found = np.log1p(_generator().GetCountFingerprintAsNumPy(parsed(molecule)).astype(float))
    return float(found @ _weights() / max(float(np.linalg.norm(found)), 1e-9))


@cache
def _query(smarts: str) -> Any:
    from rdkit import Chem

    return Chem.MolFromSmarts(smarts)


@cache
def _generator() -> Any:
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=1, fpSize=_FRAGMENTS)


@cache
def _weights() -> Any:
    return np.random.RandomState(_SEED).standard_normal(_FRAGMENTS)  # its numbers never change, by promise


def wells_of(run: Path) -> list[dict[str, str]]:
    """The wells of a campaign's plates, each with the molecule that is in it, or none."""
    molecules = {row["id"]: row["smiles"] for row in _rows(run / "picked.csv")}
    return [{**row, "smiles": molecules.get(row["id"], "")} for row in _rows(run / "plate_map.csv")]


def measured(wells: Iterable[Mapping[str, str]], seed: int) -> Iterator[dict[str, str]]:
    """What the assay reads in every well: a number with two decimals, or nothing where it failed."""
    random = np.random.default_rng(seed)
    turn = 0
    for well in wells:
        if well["smiles"]:
            name, true = well["id"], potency(well["smiles"])
        else:
            name, true = CONTROLS[turn % len(CONTROLS)]
            turn += 1
        noise, luck = random.normal(0, NOISE), random.random()
        said = "" if luck < LIKELY_FAILED else f"{true + noise:.2f}"
        yield {"id": name, "plate": well["plate"], "well": well["well"], "potency": said}


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}; give the folder of a campaign") from error


def write(run: Path, out: Path, seed: int) -> None:
    """Measure the plates of a campaign, and write what was read."""
    with atomic(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(measured(wells_of(run), seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of a campaign with plates")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the table of results to write")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        write(given.run, given.out, given.seed)
    except SciencegenError as error:
        parser.exit(error.exit_code, f"error: {error}\n")


if __name__ == "__main__":
    main()
