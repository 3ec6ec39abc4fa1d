"""Test likelihoods on binary data with published answers: fixed-split binarised MNIST, DNA, mushrooms, NIPS-0-12.

    python workflows/benchmarks/binary.py --from FOLDER [--only mnist/made ...] [--out runs/binary]

FOLDER holds binarized_mnist_fixed.npz (train, valid, test; rows packed with numpy.packbits) and made_uci_binary.npz
(dna_train, ..., nips-0-12_test), or binarized_mnist_{train,valid,test}.amat as text with a row an image. Every run is
resumable: the same command goes on where it stopped. Prints one line of a table for every run that is done.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sciencegen.evaluate import report as evaluated
from sciencegen.fit import Fit

Split = dict[str, NDArray[np.uint8]]


@dataclass(frozen=True)
class Row:
    """A run, and the figures it is held against, in nats."""

    data: str
    name: str
    recipe: str
    published: str
    options: dict[str, Any]


PLAIN: dict[str, Any] = {"batch": 100, "hide": 0.0}
MNIST = PLAIN | {"precision": "bf16", "ema": 0.999}
DROPPED = PLAIN | {"dropout": 0.5}
SMALL = DROPPED | {"batch": 20}
TEXT = PLAIN | {"width": 32}
ROWS = [
    Row("mnist", "fvsbn", "arrays/fvsbn", "97.45", PLAIN | {"rate": 3e-3, "epochs": 30, "decay": 0.02, "ema": 0.999}),
    Row("mnist", "nade", "arrays/nade", "88.33", PLAIN | {"width": 500, "epochs": 30}),
    Row("mnist", "made", "arrays/made", "88.40", MNIST | {"width": 8000, "epochs": 25, "rate": 5e-4, "decay": 0.1}),
    Row("mnist", "vae", "arrays/vae", "89.9", MNIST | {"width": 500, "latent": 40, "epochs": 70, "decay": 0.03}),
    Row("mnist", "iwae", "arrays/iwae", "87.1", MNIST | {"width": 200, "latent": 50, "draws": 10, "epochs": 80}),
    Row("dna", "fvsbn", "arrays/fvsbn", "83.64", PLAIN | {"epochs": 500, "decay": 0.1, "rate": 3e-3}),
    Row(
        "dna",
        "nade",
        "arrays/nade",
        "84.81",
        DROPPED | {"width": 100, "epochs": 300, "decay": 0.2} | {"rate": 1e-2, "ema": 0.99},
    ),
    Row(
        "dna",
        "made",
        "arrays/made",
        "83.63",
        DROPPED | {"width": 100, "dropout": 0.8, "epochs": 500} | {"rate": 3e-3, "decay": 0.12},
    ),
    Row("dna", "transformer", "arrays/transformer", "-", TEXT | {"epochs": 20, "dropout": 0.2}),
    Row("dna", "vae", "arrays/vae", "-", DROPPED | {"latent": 8, "epochs": 100}),
    Row("dna", "iwae", "arrays/iwae", "-", DROPPED | {"latent": 8, "epochs": 60}),
    Row("mushrooms", "fvsbn", "arrays/fvsbn", "10.27", PLAIN | {"epochs": 300, "decay": 0.003, "rate": 1e-2}),
    Row("mushrooms", "nade", "arrays/nade", "9.81", DROPPED | {"epochs": 200, "decay": 0.01, "rate": 5e-3}),
    Row(
        "mushrooms",
        "made",
        "arrays/made",
        "9.68",
        PLAIN | {"width": 1000, "dropout": 0.6, "epochs": 200} | {"rate": 5e-3, "decay": 0.2, "ema": 0.995},
    ),
    Row("mushrooms", "transformer", "arrays/transformer", "-", TEXT | {"epochs": 30, "dropout": 0.1}),
    Row("mushrooms", "vae", "arrays/vae", "-", PLAIN | {"latent": 16, "epochs": 200, "dropout": 0.2}),
    Row("mushrooms", "iwae", "arrays/iwae", "-", PLAIN | {"latent": 16, "epochs": 100, "dropout": 0.2}),
    Row(
        "nips",
        "fvsbn",
        "arrays/fvsbn",
        "276.88",
        PLAIN | {"batch": 5, "epochs": 100, "decay": 0.2} | {"rate": 2e-4, "ema": 0.98},
    ),
    Row(
        "nips",
        "nade",
        "arrays/nade",
        "273.08",
        SMALL | {"width": 200, "epochs": 60, "decay": 1.0} | {"rate": 5e-3, "ema": 0.98},
    ),
    Row("nips", "made", "arrays/made", "280.25", SMALL | {"epochs": 60, "decay": 1.0}),
    Row("nips", "transformer", "arrays/transformer", "-", TEXT | {"batch": 20, "epochs": 20, "dropout": 0.5}),
    Row("nips", "vae", "arrays/vae", "-", SMALL | {"latent": 8, "epochs": 60}),
    Row("nips", "iwae", "arrays/iwae", "-", SMALL | {"latent": 8, "epochs": 60}),
]


def load(folder: Path) -> dict[str, Split]:
    """The sets of a folder."""
    sets: dict[str, Split] = {}
    packed = folder / "binarized_mnist_fixed.npz"
    parts = ("train", "valid", "test")
    if packed.exists():
        with np.load(packed) as file:
            images = {part: np.unpackbits(file[part], axis=1)[:, :784] for part in parts}
        sets["mnist"] = {part: x.reshape(-1, 28, 28) for part, x in images.items()}
    elif (folder / "binarized_mnist_train.amat").exists():
        texts = {part: np.loadtxt(folder / f"binarized_mnist_{part}.amat", dtype=np.uint8) for part in parts}
        sets["mnist"] = {part: x.reshape(-1, 28, 28) for part, x in texts.items()}
    tables = folder / "made_uci_binary.npz"
    if tables.exists():
        with np.load(tables) as file:
            for name in sorted({key.rsplit("_", 1)[0] for key in file.files}):
                sets[name] = {part: file[f"{name}_{part}"] for part in parts}
    if not sets:
        raise SystemExit(f"{folder}: found neither binarized_mnist_fixed.npz nor made_uci_binary.npz")
    return sets


def run(row: Row, sets: dict[str, Split], out: Path, draws: int, quick: bool) -> str:
    split, folder = sets[row.data], out / row.data / row.name
    options = row.options | ({"epochs": 1} if quick else {})
    if quick:
        split = {part: x[:200] for part, x in split.items()}
    started = time.perf_counter()
    fit = Fit(
        row.recipe,
        list(split["train"]),
        valid=list(split["valid"]),
        ask=[],
        out=folder,
        resume=folder.exists(),
        save=120.0,
        **options,
    )
    for progress in fit:
        if progress.validation is not None:
            print(f"  {row.data}/{row.name} epoch {progress.epoch:.0f}: valid {progress.validation:.3f}", flush=True)
    seconds = time.perf_counter() - started
    report = evaluated(fit.model, list(split["test"]), n=0, draws=draws).numbers["likelihood"]
    how = "" if report["how"] == "exact" else f" ({draws} draws)"
    figure = f"{report['nll']:.2f} ± {report['standard_error']:.2f}{how}"
    return f"| {row.data} | {row.name} | {figure} | {row.published} | {seconds:.0f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--only", nargs="*", help="data/name of rows, or data alone")
    parser.add_argument("--out", type=Path, default=Path("runs/binary"))
    parser.add_argument("--draws", type=int, default=500, help="importance samples where there is a bound only")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one epoch of 200 items, to see that it runs")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    sets = load(given.folder)
    rows = [row for row in ROWS if row.data in sets]
    if given.only:
        rows = [row for row in rows if f"{row.data}/{row.name}" in given.only or row.data in given.only]
    lines = []
    for row in rows:
        lines.append(run(row, sets, given.out, given.draws, given.quick))
        print(lines[-1], flush=True)
    print("\n| data | model | test nats | published | seconds |\n|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
