"""The board of the MOSES benchmark: the published rows, and beside them ours.

    python workflows/benchmarks/moses_board.py --from FOLDER --train-row [--whole] [--sample 30000]
    python workflows/benchmarks/moses_board.py --from FOLDER --model molecules -n 30000
    python workflows/benchmarks/moses_board.py --from FOLDER --file hits.csv

FOLDER holds train, test and test_scaffolds as .csv.gz, .csv or .smi; without --from they are taken from the data store.

--train-row shows that the metrics are those of the board: it judges a sample of the train set, as if a model had drawn
it. The board's own train row seems to have looked at the whole train set. For metrics that are means over molecules
(SNN, IntDiv, Filters) a sample gives the same number within its error; Scaf and FCD depend on the size of the sample,
so --whole counts the scaffolds of all 1.58 million molecules, and FCD stays that of the sample. The board prints 1 for
the novelty of the train set, which is 0 by its definition.

The published rows: the train set, CharRNN, VAE and JTN-VAE from the README of the MOSES repository (30,000 draws, means
of three seeds); MolGPT from its paper (MolGPT: Molecular Generation Using a Transformer-Decoder Model; Bagal, Aggarwal,
Vinod, Priyakumar; 2022), and as others found it when they trained it again with three seeds at temperature 1; DiGress
from a later paper (FragFM, tables 1 and 8: 25,000 draws, all beside TestSF).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from sciencegen.compare.histograms import cosine
from sciencegen.domains.molecules.metrics import Moses
from sciencegen.domains.molecules.metrics.draws import spelled
from sciencegen.domains.molecules.metrics.sets import find
from sciencegen.domains.molecules.metrics.traits import recalled
from sciencegen.evaluate import drawn
from sciencegen.model import load

COLUMNS = (
    *("valid", "unique@1000", "unique@10000", "FCD/Test", "FCD/TestSF", "SNN/Test", "SNN/TestSF", "Frag/Test"),
    *("Frag/TestSF", "Scaf/Test", "Scaf/TestSF", "IntDiv", "IntDiv2", "Filters", "Novelty"),
)
PUBLISHED: dict[str, dict[str, float]] = {
    "train set": {
        "valid": 1, "unique@10000": 1, "FCD/Test": 0.008, "FCD/TestSF": 0.4755, "SNN/Test": 0.6419,
        "SNN/TestSF": 0.5859, "Frag/Test": 1.0, "Scaf/Test": 0.9907, "Scaf/TestSF": 0, "IntDiv": 0.8567,
        "IntDiv2": 0.8508, "Filters": 1, "Novelty": 1,
    },
    "CharRNN": {
        "valid": 0.9748, "unique@10000": 0.9994, "FCD/Test": 0.0732, "FCD/TestSF": 0.5204, "SNN/Test": 0.6015,
        "SNN/TestSF": 0.5649, "Frag/Test": 0.9998, "Scaf/Test": 0.9242, "Scaf/TestSF": 0.1101, "IntDiv": 0.8562,
        "IntDiv2": 0.8503, "Filters": 0.9943, "Novelty": 0.8419,
    },
    "VAE": {
        "valid": 0.9767, "unique@10000": 0.9984, "FCD/Test": 0.0990, "FCD/TestSF": 0.567, "SNN/Test": 0.6257,
        "SNN/TestSF": 0.578, "Frag/Test": 0.9994, "Scaf/Test": 0.9386, "Scaf/TestSF": 0.0588, "IntDiv": 0.8558,
        "IntDiv2": 0.8498, "Filters": 0.997, "Novelty": 0.6949,
    },
    "JTN-VAE": {
        "valid": 1, "unique@10000": 0.9996, "FCD/Test": 0.3954, "FCD/TestSF": 0.9382, "SNN/Test": 0.5477,
        "SNN/TestSF": 0.519, "Frag/Test": 0.9965, "Scaf/Test": 0.8964, "Scaf/TestSF": 0.1009, "IntDiv": 0.8551,
        "IntDiv2": 0.8493, "Filters": 0.976, "Novelty": 0.9143,
    },
    "MolGPT": {"valid": 0.994, "Novelty": 0.797},
    "MolGPT, trained again": {
        "valid": 0.9945, "unique@10000": 0.999, "FCD/Test": 0.571, "SNN/Test": 0.624, "Scaf/Test": 0.883,
        "Filters": 0.998, "Novelty": 0.785,
    },
    "DiGress": {
        "valid": 0.857, "FCD/TestSF": 1.19, "SNN/TestSF": 0.52, "Scaf/TestSF": 0.148, "Filters": 0.971,
        "Novelty": 0.950,
    },
}  # fmt: skip


def row(name: str, metrics: Mapping[str, float]) -> str:
    cells = [f"{metrics[column]:.4g}" if column in metrics else "-" for column in COLUMNS]
    return f"| {name} | {' | '.join(cells)} |"


def whole_scaffolds(smiles: Sequence[str], folder: Path | None) -> dict[str, float]:
    """Scaf of the whole train set."""
    ours = recalled(smiles, ("scaffolds",)).counts["scaffolds"]
    found = {}
    for name, part in (("Scaf/Test", "test"), ("Scaf/TestSF", "test_scaffolds")):
        reference = find("moses", part, folder, ("moses",))
        if reference is not None:
            found[name] = cosine(ours, recalled(reference.smiles, ("scaffolds",)).counts["scaffolds"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="the folder of the MOSES sets")
    ours = parser.add_mutually_exclusive_group(required=True)
    ours.add_argument("--train-row", action="store_true", help="judge the train set")
    ours.add_argument("--model", help="judge draws of a model: a folder, or a shipped model")
    ours.add_argument("--file", type=Path, help="judge a file of draws")
    parser.add_argument("-n", type=int, default=30_000, help="how many draws of a model")
    parser.add_argument("--sample", type=int, default=30_000, help="how many molecules of the train set")
    parser.add_argument("--whole", action="store_true", help="scaffolds of the whole train set")
    parser.add_argument("--without-fcd", action="store_true", help="leave out the longest part")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="a sampling knob of the model, such as top_p=0.98")
    given = parser.parse_args()
    protocol = Moses(distance=not given.without_fcd)
    if given.model:
        knobs = {knob: float(value) for knob, value in (one.split("=") for one in given.set)}
        name, draws = given.model, drawn(load(given.model).turn(**knobs), given.n, given.seed)
    elif given.file:
        name, draws = given.file.name, protocol.read(given.file)
    else:
        train = find("moses", "train", given.folder, ("moses",))
        if train is None:
            parser.error(f"--from {given.folder}: there is no train set")
        order = torch.randperm(len(train.smiles), generator=torch.Generator().manual_seed(given.seed))
        name, draws = "train set, ours", spelled([train.smiles[i] for i in order[: given.sample].tolist()])
    verdict = protocol.judge(draws, given.folder)
    metrics = dict(verdict.metrics)
    if given.train_row and given.whole:
        metrics |= whole_scaffolds(train.smiles, given.folder)
    print(f"| model | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
    rows = {"train set": PUBLISHED["train set"]} if given.train_row else PUBLISHED
    print("\n".join(row(*one) for one in (*rows.items(), (name, metrics))))
    print(json.dumps({"draws": len(draws), "seed": given.seed, "sets": verdict.sets, "missing": verdict.missing}))


if __name__ == "__main__":
    main()
