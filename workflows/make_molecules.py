"""Makes datasets/solubility.csv: molecules drawn from the shipped model, with the solubility a formula gives them.

    python workflows/make_molecules.py [--out datasets]

log S = 0.16 - 0.63 logP - 0.0062 MW + 0.066 (rotatable bonds) - 0.74 (share of aromatic atoms), in mol/l
(ESOL: Estimating Aqueous Solubility Directly from Molecular Structure; Delaney; 2004).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import sciencegen
from sciencegen.domains.molecules.molecule import parsed

ITEMS = 400


def solubility(smiles: str, logp: float, mw: float, rotatable: float) -> float:
    atoms = list(parsed(smiles).GetAtoms())
    aromatic = sum(atom.GetIsAromatic() for atom in atoms) / len(atoms)
    return 0.16 - 0.63 * logp - 0.0062 * mw + 0.066 * rotatable - 0.74 * aromatic


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("datasets"))
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    model = sciencegen.load("molecules", "cpu", "32")
    names = ("logp", "mw", "rotatable")
    found = model.candidates(given.items, seed=given.seed, measure=names, workers=0)
    rows = [f"{one.text},{solubility(one.text, *(float(one.properties[n]) for n in names)):.3f}" for one in found]
    (given.out / "solubility.csv").write_text("\n".join(["smiles,logs", *rows]) + "\n")


if __name__ == "__main__":
    main()
