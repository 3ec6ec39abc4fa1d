"""Translation of microstructures, measured on held-out pairs: pix2pix that learned pairs, CycleGAN that learned none.

    sciencegen data make coarsening -n 2000 --size 64 --seed 0 -o coarsening.npz
    sciencegen data make coarsening -n 200 --size 64 --seed 1 -o coarsening_test.npz
    python workflows/benchmarks/translation.py --data coarsening.npz --test coarsening_test.npz --runs runs/coarsening

and the same of `micrographs`. Rows of --train are trained unless their folder is there; then every source of the test
file is translated, and each answer compared with the image that belongs to it. Prints a Markdown table.

Fraction, surface, S2 and lineal path of phase 1: mean absolute differences, of S2 and lineal path over all distances to
half of a side. Grey images are parted into two phases by Otsu's method first. `pixels`: the share that differs, or the
mean difference of grey levels; `contrast` and `grain`, of grey images: mean absolute differences of the standard
deviation of their grey levels, and of the mean step from pixel to pixel. Beside the models stand the source itself,
unchanged, and the image of the next pair: real, but of something else. The second table is of the way back, images into
sources. `seconds` are those of one processor core that a training took.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sciencegen.asking import whole_items
from sciencegen.core.generator import Translating
from sciencegen.domains.microstructures.descriptors import fraction, lineal_path, specific_surface, two_point
from sciencegen.domains.microstructures.domain import Microstructures
from sciencegen.domains.microstructures.item import GREY, Microstructure
from sciencegen.domains.microstructures.segmenting import parted, thresholds
from sciencegen.fit import Fit
from sciencegen.model import Model, load

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "pix2pix": ("microstructures/pix2pix", {"steps": 500}),
    "cyclegan": ("microstructures/cyclegan", {"steps": 400}),
}
SOURCE = "source"


def trained(row: str, data: str, folder: Path, seed: int, changed: dict[str, str]) -> None:
    """Train a row."""
    recipe, options = ROWS[row]
    run = Fit(recipe, data, out=folder, holdout=0.0, **{**options, "precision": "bf16", "seed": seed, **changed})
    began = time.process_time()
    for progress in run:
        if progress.step % 100 == 0:
            shown = "  ".join(f"{name} {value:.3g}" for name, value in (progress.losses | progress.report).items())
            print(
                f"{row}: {progress.step:,} of {progress.total:,}, {time.process_time() - began:.0f} s  {shown}",
                flush=True,
            )
    (folder / "seconds.txt").write_text(f"{time.process_time() - began:.0f}\n")


def stacked(items: Sequence[Microstructure]) -> Tensor:
    return torch.from_numpy(np.stack([item.pixels for item in items]))


def phases(items: Sequence[Microstructure]) -> Tensor:
    """Where phase 1 is; grey images are parted each by itself."""
    if items[0].phases != GREY:
        return stacked(items) == 1
    return torch.from_numpy(np.stack([parted(item.pixels, thresholds([item.pixels], 2)) for item in items])) == 1


def grain(x: Tensor) -> Tensor:
    """The mean step from a pixel to the next along the axes, [n]."""
    steps = [x.diff(dim=axis).abs().flatten(1).mean(1) for axis in range(1, x.ndim)]
    return torch.stack(steps).mean(0)


def errors(ours: Sequence[Microstructure], theirs: Sequence[Microstructure], periodic: bool) -> dict[str, float]:
    """How far images are from those they should be, on average."""
    a, b = phases(ours), phases(theirs)

    def apart(left: Tensor, right: Tensor) -> float:
        return float((left.double() - right.double()).abs().mean())

    found = {
        "fraction": apart(fraction(a), fraction(b)),
        "surface": apart(specific_surface(a, periodic=periodic), specific_surface(b, periodic=periodic)),
        "S2": apart(two_point(a, periodic=periodic).values, two_point(b, periodic=periodic).values),
        "lineal path": apart(lineal_path(a, periodic=periodic).values, lineal_path(b, periodic=periodic).values),
    }
    if theirs[0].phases != GREY:
        return found | {"pixels": float((a != b).double().mean())}
    x, y = (stacked(side).double() * (255 if side[0].phases else 1) for side in (ours, theirs))
    return found | {
        "pixels": apart(x, y),
        "contrast": apart(x.flatten(1).std(1), y.flatten(1).std(1)),
        "grain": apart(grain(x), grain(y)),
    }


def answered(model: Model[Any], sources: Sequence[Microstructure], seed: int) -> tuple[list[Microstructure], list[int]]:
    """An answer for each source, and which of them had a valid one."""
    found = list(model.answers({SOURCE: sources}, seed=seed))
    kept = [i for i, one in enumerate(found) if one is not None]
    return [one.item for one in found if one is not None], kept


def spent(folder: Path) -> dict[str, float]:
    """The processor time a run took, where it is known."""
    path = folder / "seconds.txt"
    return {"seconds": float(path.read_text())} if path.exists() else {}


def table(rows: dict[str, dict[str, float]]) -> str:
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for row, values in rows.items():
        lines.append(
            f"| {row} | " + " | ".join(f"{values[name]:.3g}" if name in values else "" for name in names) + " |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--train", nargs="*", default=["pix2pix", "cyclegan"], choices=list(ROWS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], help="option=value, for every row that is trained")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for row in asked.train:
        if not (asked.runs / row).exists():
            trained(row, asked.data, asked.runs / row, asked.seed, dict(one.split("=", 1) for one in asked.set))
    test = Microstructures().read(Path(asked.test), [SOURCE])
    x, sources = list(test.items), [one for one in whole_items(Microstructures(), test.columns[SOURCE]) if one]
    rows = {
        "source, unchanged": errors(sources, x, x[0].periodic),
        "another pair's": errors([*x[1:], x[0]], x, x[0].periodic),
    }
    back = {
        "back: image, unchanged": errors(x, sources, x[0].periodic),
        "back: another pair's": errors([*sources[1:], sources[0]], sources, x[0].periodic),
    }
    for folder in sorted(path.parent for path in asked.runs.glob("*/model.safetensors")):
        model = load(folder, "cpu")
        ours, kept = answered(model, sources, asked.seed)
        rows[folder.name] = errors(ours, [x[i] for i in kept], x[0].periodic) | spent(folder)
        if isinstance(model.generator, Translating):
            ours, kept = answered(model.reversed(), x, asked.seed)
            back[f"back: {folder.name}"] = errors(ours, [sources[i] for i in kept], x[0].periodic)
    print(table(rows) + "\n")
    print(table(back))


if __name__ == "__main__":
    main()
