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

from sciencegen.evaluate import evaluate
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


def small(rate: float = 1e-3, epochs: int = 100, patience: int = 30, **options: Any) -> dict[str, Any]:
    return {"rate": rate, "epochs": epochs, "batch": 100, "patience": patience, "hide": 0.0, **options}


MNIST = {"batch": 100, "hide": 0.0, "precision": "bf16"}
ROWS = [
    Row("mnist", "fvsbn", "arrays/fvsbn", "97.45", MNIST | {"rate": 3e-3, "epochs": 30, "decay": 0.02, "ema": 0.999, "precision": "32"}),
    Row("mnist", "made", "arrays/made", "88.40", MNIST | {"width": 8000, "epochs": 25, "rate": 5e-4, "ema": 0.999, "decay": 0.1}),
    Row("mnist", "nade", "arrays/nade", "88.33", MNIST | {"width": 500, "epochs": 30, "precision": "32"}),
    Row("mnist", "vae", "arrays/vae", "89.9", MNIST | {"width": 500, "latent": 40, "epochs": 150}),
    Row("mnist", "iwae", "arrays/iwae", "87.1", MNIST | {"width": 300, "latent": 50, "draws": 10, "epochs": 100}),
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
    report = evaluate(fit.model, list(split["test"]), n=0, draws=draws)["likelihood"]
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
