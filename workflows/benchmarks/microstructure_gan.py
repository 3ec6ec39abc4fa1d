"""Conditional generators of microstructures beside each other, at equal processor time and on held-out conditions.

    sciencegen data make cahn-hilliard -n 8192 --size 64 --seed 0 -o ch64.npz
    sciencegen data make cahn-hilliard -n 1024 --size 64 --seed 1 -o ch64_test.npz
    python workflows/benchmarks/microstructure_gan.py --data ch64.npz --test ch64_test.npz --runs runs/ch64 \\
        --train relativistic hinge wgan-gp mmd moments physics --seconds 300 --seed 0

Rows named by --train are trained, each for about so many seconds of one core, unless their folder is there; all folders
of --runs are then measured, and what needs no training: a Gaussian field with the fraction and surface asked for, and
the real image whose condition is nearest. Prints a Markdown table.

Every test image gives a condition, and one image is drawn for it. Fraction and surface: mean differences from what was
asked. S2 and conductivity (which no row is told, contrast 20): the means of the images of nine bins of fraction and
surface, against those of the real ones. `W1` is the Wasserstein distance of conductivities in a bin over their mean,
`variance` that of S2 over that of real images, both averaged over bins. --asked says what is asked of a model.
--memory looks for drawn images among those of training, moved in all ways over periodic borders.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.condition import ConditionFields, Continuous
from sciencegen.domains.microstructures.descriptors import conductivity, fraction, painted, specific_surface, two_point
from sciencegen.families.fields import GaussianStart, Quantile
from sciencegen.fit import Fit
from sciencegen.model import load
from sciencegen.recipes import domain_of

GAN, ALONE = "microstructures/gan", "microstructures/matching"
PLAIN = {"r1": 0.0, "r2": 0.0}
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "relativistic": (GAN, {}),
    "gaussian": (GAN, {"net": "gaussian"}),
    "relativistic-no-physics": (GAN, {"physics": 0.0}),
    "hinge": (GAN, {"divergence": "hinge", **PLAIN, "r1": 1.0}),
    "wgan-gp": (GAN, {"divergence": "wasserstein", **PLAIN, "gradient": 10.0, "steps_of_critic": 5, "beta2": 0.9}),
    "mmd": (ALONE, {"by": "mmd"}),
    "moments": (ALONE, {"by": "moments"}),
    "physics": (ALONE, {"by": "physics"}),
}
TRIAL = 12
CONTRAST = 20.0
BINS = 3


def trained(row: str, data: str, folder: Path, seconds: float, seed: int) -> None:
    """Train a row, for as many steps as fit into its time."""
    recipe, options = ROWS[row]
    options = {**options, "precision": "bf16", "seed": seed}
    clock = time.process_time
    trial = iter(Fit(recipe, data, steps=TRIAL, **options))
    next(trial)
    began = clock()
    done = sum(1 for _ in trial)
    steps = max(round(seconds * done / (clock() - began)), 1)
    began = clock()
    for progress in Fit(recipe, data, out=folder, steps=steps, **options):
        if progress.step % 100 == 0:
            print(f"{row} {seed}: {progress.step:,} of {steps:,}, {clock() - began:.0f} s", flush=True)
    (folder / "cost.json").write_text(json.dumps({"seconds": clock() - began, "steps": steps}))


@dataclass(frozen=True)
class Measured:
    """What is measured of images x [n, side, side] of two phases."""

    share: Tensor
    surface: Tensor
    s2: Tensor  # [n, distances]
    conduction: Tensor

    @classmethod
    def of(cls, x: Tensor) -> Measured:
        solved = [conductivity(painted(part, [1 / CONTRAST, 1.0]), periodic=True).mean(1) for part in x.split(128)]
        curve = two_point(x == 1, periodic=True).values.double()
        return cls(
            fraction(x == 1).double(), specific_surface(x == 1, periodic=True).double(), curve, torch.cat(solved)
        )

    def __getitem__(self, rows: Tensor) -> Measured:
        return Measured(self.share[rows], self.surface[rows], self.s2[rows], self.conduction[rows])

    def apart(self, real: Measured) -> dict[str, float]:
        """How far these images are from the real ones of the same conditions."""
        s2, worst, mean, earth, spread = [], 0.0, [], [], []
        for here in real.bins():
            ours, theirs = self[here], real[here]
            s2.append(float((ours.s2.mean(0) - theirs.s2.mean(0)).abs().mean()))
            worst, level = max(worst, s2[-1]), float(theirs.conduction.mean())
            mean.append(abs(float(ours.conduction.mean()) / level - 1))
            between = ours.conduction.sort().values - theirs.conduction.sort().values
            earth.append(float(between.abs().mean()) / level)
            spread.append(float(ours.s2.var(0).mean() / theirs.s2.var(0).mean()))
        away = (self.surface / real.surface - 1).abs().mean()
        return {
            "fraction": float((self.share - real.share).abs().mean()),
            "surface": 100 * float(away),
            "S2": sum(s2) / len(s2),
            "worst": worst,
            "conductivity": 100 * sum(mean) / len(mean),
            "W1": 100 * sum(earth) / len(earth),
            "variance": sum(spread) / len(spread),
        }

    def bins(self) -> list[Tensor]:
        """The rows of bins of fraction and surface that hold twenty or more."""
        parts = []
        for values in (self.share, self.surface):
            edges = values.quantile(torch.linspace(0, 1, BINS + 1, dtype=torch.float64)[1:-1])
            parts.append(torch.bucketize(values, edges))
        found = [(parts[0] == i) & (parts[1] == j) for i in range(BINS) for j in range(BINS)]
        return [rows for rows in found if int(rows.sum()) >= 20]


def pixels(path: str) -> Tensor:
    """The images of a stack."""
    items = domain_of("microstructures").read(Path(path)).items
    return torch.stack([torch.from_numpy(item.pixels) for item in items])


def drawn(folder: Path, real: Measured, lengths: list[float], asked: list[str]) -> tuple[Tensor, float]:
    """One image of a model for each condition, and the milliseconds of processor time it took."""
    model = load(folder, "cpu")
    columns = {"volume_fraction": real.share.tolist(), "surface": real.surface.tolist(), "correlation_length": lengths}
    condition = model.fields.rows({name: columns[name] for name in asked})
    torch.manual_seed(0)
    began, parts = time.process_time(), []
    for i in range(0, len(condition), 128):
        some = condition[i : i + 128]
        parts.append(model.generator.sample(len(some), some)[:, 0] > 0)
    return torch.cat(parts).byte(), 1e3 * (time.process_time() - began) / len(condition)


def gaussian(real: Measured, side: int) -> Tensor:
    """Gaussian fields with the fraction and the surface of real images: nothing is learned."""
    columns = []
    for name, values in (("volume_fraction", real.share), ("surface", real.surface)):
        columns.append(Continuous(name, "", 0.0, 1.0, float(values.min()), float(values.max())))
    fields = ConditionFields(tuple(columns))
    condition = fields.rows({"volume_fraction": real.share.tolist(), "surface": real.surface.tolist()})
    torch.manual_seed(0)
    start = GaussianStart((0, 1), columns[0], columns[1])
    with torch.no_grad():
        field = start(torch.randn(len(real.share), 2, side, side), condition)[:, :1]
        return (Quantile(0, 0.0, 1.0)(field, condition)[:, 0] > 0).byte()


def neighbours(real: Measured, pool: Measured, itself: bool) -> Tensor:
    """The row of `pool` whose fraction and surface are nearest to each of `real`; not `itself` where that is there."""
    scale = torch.stack((real.share.std(), real.surface.std()))
    a, b = (torch.stack((one.share, one.surface), 1) / scale for one in (real, pool))
    far = torch.cdist(a, b)
    if itself:
        far.fill_diagonal_(float("inf"))
    return far.argmin(1)


def alike(ours: Tensor, theirs: Tensor, most: int = 48) -> Tensor:
    """The largest share of pixels in which each of a few images agrees with any of theirs, moved in any way."""
    signs = [torch.fft.rfft2(2.0 * part - 1) for part in (ours[:most].float(), theirs.float())]
    best = []
    for one in signs[0]:
        parts = [torch.fft.irfft2(one.conj() * some).amax((1, 2)).max() for some in signs[1].split(512)]
        best.append((float(torch.stack(parts).max()) / ours[0].numel() + 1) / 2)
    return torch.tensor(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--train", nargs="*", default=[], choices=list(ROWS))
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--asked", nargs="+", default=["volume_fraction", "surface"])
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    for row in given.train:
        folder = given.runs / f"{row}-{given.seed}"
        if not folder.exists():
            trained(row, given.data, folder, given.seconds, given.seed)
    report(given)


def report(given: argparse.Namespace) -> None:
    """Print the table of everything there is."""
    domain = domain_of("microstructures")
    x, seen = pixels(given.test), pixels(given.data)
    real, pool = Measured.of(x), Measured.of(seen)
    lengths = list(domain.measure(domain.read(Path(given.test)).items, ["correlation_length"])["correlation_length"])
    lengths = [float(value) for value in lengths]
    found: dict[str, tuple[Measured, str]] = {
        "real: nearest test image": (real[neighbours(real, real, True)], ""),
        "real: nearest training image": (pool[neighbours(real, pool, False)], ""),
        "Gaussian field, nothing learned": (Measured.of(gaussian(real, x.shape[-1])), ""),
    }
    remembered = {}
    for folder in sorted(path.parent for path in given.runs.glob("*/model.safetensors")):
        images, cost = drawn(folder, real, lengths, given.asked)
        known = folder / "cost.json"
        spent = json.loads(known.read_text()) if known.exists() else {}
        paid = f"{spent['seconds']:.0f} s, {spent['steps']:,} steps" if spent else ""
        found[folder.name] = (Measured.of(images), f"{paid}; {cost:.1f} ms an image")
        if given.memory:
            remembered[folder.name] = alike(images, seen)
    print(f"| | fraction | surface % | S2 (worst bin) | conductivity % | W1 % | S2 variance | cost |\n|{'---|' * 8}")
    for name, (measured, cost) in found.items():
        a = measured.apart(real)
        s2 = f"{a['S2']:.4f} ({a['worst']:.4f})"
        kept = f"{a['conductivity']:.2f} | {a['W1']:.2f} | {a['variance']:.3f}"
        print(f"| {name} | {a['fraction']:.4f} | {a['surface']:.2f} | {s2} | {kept} | {cost} |", flush=True)
    for name, share in {**remembered, **({"real test images": alike(x, seen)} if given.memory else {})}.items():
        print(f"most alike image of training, {name}: {100 * share.mean():.1f} % (highest {100 * share.max():.1f})")


if __name__ == "__main__":
    main()
