"""How fast microstructures are measured: time per image of each descriptor, beside porespy and taufactor.

    python workflows/benchmarks/descriptors.py [--side 64] [--batch 64] [--repeats 5] [--contrast 20]

Prints a Markdown table. Times are processor time of all threads, which a busy machine disturbs little: the median of
the repeats, ours in a batch, theirs one image after the other, on the same level sets of Gaussian fields. porespy takes
chords in every other line only; its lineal path is the distribution of distances to the end of the phase. Rows of
programs that are not installed say so: `pip install porespy` brings the one, `pip install taufactor` the other.
"""

from __future__ import annotations

import argparse
import importlib
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from types import ModuleType

import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors import (
    chords,
    conductivity,
    euler_number,
    fraction,
    labels,
    lineal_path,
    percolates,
    specific_surface,
    tortuosity,
    two_point,
    two_point_cluster,
)


@dataclass(frozen=True)
class Row:
    """What is measured, by us for all images, by another program for one."""

    name: str
    ours: Callable[[Tensor], object]
    program: str = ""
    theirs: Callable[[ModuleType, Tensor], object] | None = None
    at_most: int = 64
    """So many images are enough for the other program."""


def level_sets(n: int, side: int, ell: float = 4.0) -> Tensor:
    """Where periodic Gaussian fields are positive, or a little less."""
    wave = 2 * math.pi * torch.fft.fftfreq(side)
    noise = torch.fft.fft2(torch.randn(n, side, side, generator=torch.Generator().manual_seed(0)))
    smooth = torch.fft.ifft2(noise * torch.exp(-(ell**2) * (wave[:, None].square() + wave.square()) / 4)).real
    return smooth / smooth.std() > -0.3


def porespy_two_point(porespy: ModuleType, x: Tensor) -> object:
    return porespy.metrics.two_point_correlation(x.numpy())


def porespy_lineal_path(porespy: ModuleType, x: Tensor) -> object:
    distances = [porespy.filters.distance_transform_lin(x.numpy(), axis=axis, mode="forward") for axis in range(2)]
    return [porespy.metrics.lineal_path_distribution(one, bins=32) for one in distances]


def porespy_chords(porespy: ModuleType, x: Tensor) -> object:
    lines = [porespy.filters.apply_chords(x.numpy(), axis=axis, spacing=1) for axis in range(2)]
    return [porespy.metrics.chord_length_distribution(one, bins=32) for one in lines]


def skimage_labels(skimage: ModuleType, x: Tensor) -> object:
    return importlib.import_module("skimage.measure").label(x.numpy(), connectivity=1)


def taufactor_tortuosity(taufactor: ModuleType, x: Tensor) -> object:
    return taufactor.Solver(x.numpy().astype(float), device="cpu").solve(verbose=False)


def rows(contrast: float) -> list[Row]:
    def conducting(x: Tensor) -> Tensor:
        return conductivity(torch.where(x, 1.0, 1 / contrast), axes=[0], tolerance=1e-4)

    return [
        Row("volume fraction", fraction),
        Row("two-point correlation", two_point),
        Row("the same, no period", partial(two_point, periodic=False), "porespy", porespy_two_point),
        Row("lineal path", partial(lineal_path, periodic=False), "porespy", porespy_lineal_path),
        Row("chords", partial(chords, periodic=False), "porespy", porespy_chords),
        Row("specific surface", specific_surface),
        Row("Euler number", euler_number),
        Row("clusters", partial(labels, periodic=False), "skimage", skimage_labels),
        Row("percolation", percolates),
        Row("two-point cluster function", two_point_cluster),
        Row(f"conductivity, contrast {contrast:g}, one axis", conducting),
        Row(
            "tortuosity",
            lambda x: tortuosity(x, periodic=False, tolerance=1e-3),
            "taufactor",
            taufactor_tortuosity,
            at_most=4,
        ),
    ]


def timed(action: Callable[[], object], repeats: int) -> float:
    """The median processor time in milliseconds, the first time left out."""
    action()
    found = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        found.append(time.process_time() - start)
    return 1000 * median(found)


def program(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def line(row: Row, x: Tensor, repeats: int) -> str:
    ours = timed(lambda: row.ours(x), repeats) / len(x)
    theirs, ratio = "", ""
    if row.theirs is not None:
        module, some = program(row.program), x[: row.at_most]
        theirs = f"{row.program} is not installed"
        if module is not None:
            other = timed(lambda: [row.theirs(module, one) for one in some], repeats) / len(some)  # type: ignore[misc]
            theirs, ratio = f"{other:.3f} ({row.program})", f"{other / ours:.1f}"
    return f"| {row.name} | {ours:.3f} | {theirs} | {ratio} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=64, help="pixels along the sides of images (64)")
    parser.add_argument("--batch", type=int, default=64, help="how many images are measured together (64)")
    parser.add_argument("--repeats", type=int, default=5, help="each is measured so many times (5)")
    parser.add_argument("--contrast", type=float, default=20, help="of the conductivities of the two phases (20)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    x = level_sets(given.batch, given.side)
    print(f"{given.batch} images of {given.side}x{given.side}, torch {torch.__version__}\n")
    print("| descriptor | ours, ms an image | theirs | times as fast |\n|---|---|---|---|")
    for row in rows(given.contrast):
        print(line(row, x, given.repeats), flush=True)


if __name__ == "__main__":
    main()
