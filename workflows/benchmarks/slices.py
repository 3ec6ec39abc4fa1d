"""Volumes learned from images, beside the images and, where there is one, the volume they were cut from.

    python workflows/benchmarks/slices.py --from data/microstructures --runs runs/slices --only berea copolymer

Volumes of two phases are asked for the fraction that the images have. In the folder: `berea.zip` (micro-CT of a
sandstone, 400^3, PorousMediaGan) and 256 x 256 micrographs such as `copolymer_resized.npy` (MCRpy). Of the sandstone
three slices are learned from, through the middle of each axis; of the others the one image there is. What is trained is
found again in --runs, and what was stopped goes on.

The first table compares slices of drawn volumes, across all axes, with the images: fractions and surface of the phase
that is furthest off, the mean difference of S2 of all phases up to 32 pixels, over its range. Beside them stand level
sets of Gaussian fields with the fraction and surface of the image, for which nothing is learned, and the right half of
the image beside the left one. The second compares drawn volumes with cubes of the sandstone; a half of these cubes is
beside the other half. Conductivity is that of pores 20 times better than grains. `stretched` is a level set of a
Gaussian field twice as long along z, made here, of which one slice across each axis is learned from: the third table
says over which length it is correlated along every axis. Prints Markdown.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import islice, product
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciencegen.core.domain import Items
from sciencegen.domains.microstructures.descriptors import (
    along,
    conductivity,
    euler_number,
    fraction,
    fractions,
    largest_share,
    painted,
    specific_surface,
    two_point,
    two_point_map,
)
from sciencegen.domains.microstructures.item import Microstructure
from sciencegen.domains.microstructures.physics import level_sets
from sciencegen.fit import Fit
from sciencegen.model import load

RECIPE = "microstructures/slices"
ROCK = "berea"
STRETCHED, PLANES = "stretched", ("xy", "xz", "yz")
MICROGRAPHS = ("copolymer", "alloy", "composite", "carbonate")
APART = 8
"""Slices of one volume are so far apart, in pixels."""
CONTRAST = 20.0
SHARE = "volume_fraction"
Pixels = NDArray[np.uint8]


def rock(folder: Path) -> Pixels:
    """The sandstone with its pores as 1, unpacked in memory."""
    from PIL import Image

    with ZipFile(folder / "berea.zip") as packed, Image.open(BytesIO(packed.read("berea.tif"))) as image:
        pages = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            pages.append(np.asarray(image) > 0)
    return np.stack(pages).astype(np.uint8)


def middles(volume: Pixels) -> list[Pixels]:
    """The slices through the middle of a volume, across each axis."""
    return [np.moveaxis(volume, axis, 0)[side // 2].copy() for axis, side in enumerate(volume.shape)]


def crops(images: list[Pixels], side: int, stride: int) -> list[Microstructure]:
    """Squares cut out of images, those of more than one phase."""
    phases = 1 + max(int(image.max()) for image in images)
    found = [
        Microstructure(image[i : i + side, j : j + side].copy(), phases)
        for image in images
        for i, j in product(*(range(0, length - side + 1, stride) for length in image.shape))
    ]
    return [one for one in found if one.pixels.min() < one.pixels.max()]


def stretched(side: int, n: int = 1, seed: int = 0) -> Tensor:
    """Volumes that are correlated over 4 pixels, and over 8 along z."""
    source = torch.Generator().manual_seed(seed)
    return level_sets(n, (side,) * 3, source, fraction=0.4, length=4.0, stretch=2.0).images


def two_phased(images: list[Pixels]) -> bool:
    """Whether there are two phases: then their fraction is met to the voxel where it is asked for."""
    return max(int(image.max()) for image in images) == 1


def trained(name: str, images: list[Pixels], given: argparse.Namespace) -> None:
    """Train on crops of images, or go on with what was begun."""
    settings = {"steps": given.steps, "precision": given.precision, "seed": given.seed, "width": given.width}
    cut = [crops([image], given.side, given.stride) for image in images]
    planes = [plane for plane, some in zip(PLANES, cut, strict=False) for _ in some]
    data: Any = Items([one for some in cut for one in some], {"plane": planes})
    ask = [*(["plane"] if name == STRETCHED else []), *([SHARE] if two_phased(images) else [])]
    fit = Fit(RECIPE, data, out=given.runs / name, ask=ask, holdout=0.0, resume=True, device="cpu", **settings)
    start = time.process_time()
    for progress in fit:
        if progress.step % 50 == 0:
            said = " ".join(f"{key} {value:.3f}" for key, value in {**progress.losses, **progress.report}.items())
            print(f"{name}: step {progress.step}, {time.process_time() - start:.0f} s: {said}", flush=True)


def drawn(name: str, images: list[Pixels], given: argparse.Namespace) -> Tensor:
    """Volumes of a trained model, [n, side, side, side], asked for the fraction of the images where they have one."""
    model = load(given.runs / name, "cpu").turn(size=given.size)
    where = {SHARE: float(np.mean([image.mean() for image in images]))} if two_phased(images) else {}
    found = islice(model.stream(where, seed=1, measure=()), given.volumes)
    return torch.stack([torch.from_numpy(one.item.pixels) for one in found if one is not None])


def gaussian(images: list[Pixels], shape: tuple[int, ...], n: int) -> Tensor | None:
    """Level sets of Gaussian fields with the fraction and surface of images of two phases."""
    if max(int(image.max()) for image in images) > 1:
        return None
    seen = Described.of([torch.from_numpy(image)[None] for image in images], 2)
    share, line = float(seen.shares[1]), float(seen.surfaces[1])
    level = math.sqrt(2) * torch.erfinv(torch.tensor(1 - 2 * share)).item()
    length = math.exp(-(level**2) / 2) / (2 * line)
    return level_sets(n, shape, torch.Generator().manual_seed(1), fraction=share, length=length).images


def slices(volumes: Tensor) -> list[Tensor]:
    """Slices across every axis, [n, side, side] each."""
    return [volumes.movedim(axis, 1)[:, ::APART].flatten(0, 1) for axis in (1, 2, 3)]


@dataclass(frozen=True)
class Described:
    """What is known of images or volumes that end, phase by phase, on average."""

    shares: Tensor  # [phases]
    surfaces: Tensor  # [phases]
    correlation: Tensor  # [phases, reach]

    @classmethod
    def of(cls, parts: list[Tensor], phases: int, reach: int = 1) -> Described:
        """Of images or volumes, [n, *sides] each, which count by their pixels; S2 at as many distances as `reach`."""
        weights = torch.tensor([float(part.numel()) for part in parts])
        weights /= weights.sum()

        def mean(measure: Callable[[Tensor], Tensor]) -> Tensor:
            means = [torch.stack([_mean(part == phase, measure) for phase in range(phases)]) for part in parts]
            return (torch.stack(means).movedim(0, -1) * weights).sum(-1)

        shares = (torch.stack([fractions(part, phases).mean(0) for part in parts]) * weights[:, None]).sum(0)
        surfaces = mean(lambda x: specific_surface(x, periodic=False))
        return cls(shares, surfaces, mean(lambda x: two_point(x, periodic=False, bins=reach).values))

    def apart(self, other: Described) -> tuple[float, float, float]:
        """Relative differences of fractions and surface, those of the phase furthest off, and that of S2 over its
        range, on average."""
        share = ((self.shares - other.shares) / other.shares).abs().max()
        surface = ((self.surfaces - other.surfaces) / other.surfaces).abs().max()
        spread = other.correlation[:, :1] - other.correlation[:, :1].square()
        correlation = ((self.correlation - other.correlation) / spread).abs().mean()
        return float(share), float(surface), float(correlation)


def _mean(x: Tensor, measure: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean of what is measured, a few images at a time."""
    return torch.cat([measure(some) for some in x.split(max(1, (1 << 21) // x[0].numel()))]).mean(0)


def compared(name: str, images: list[Pixels], volumes: Tensor, reach: int) -> None:
    """Print rows of the first table."""
    phases = 1 + max(int(image.max()) for image in images)
    real = Described.of([torch.from_numpy(image)[None] for image in images], phases, reach)
    rows = {"learned": Described.of(slices(volumes), phases, reach)}
    fields = gaussian(images, tuple(volumes.shape[1:]), len(volumes))
    if fields is not None:
        rows["Gaussian field"] = Described.of(slices(fields), phases, reach)
    halves = [[torch.from_numpy(half.copy())[None] for half in np.array_split(image, 2, 1)] for image in images]
    left, right = (Described.of([pair[side] for pair in halves], phases, reach) for side in (0, 1))
    for label, (share, surface, correlation) in {
        **{label: one.apart(real) for label, one in rows.items()},
        "one half of the image beside the other": right.apart(left),
    }.items():
        print(f"| {name} | {label} | {share:.1%} | {surface:.1%} | {correlation:.3f} |", flush=True)


def cubes(volume: Pixels, side: int) -> Tensor:
    """All whole cubes of a volume, in an order that mixes those near and far."""
    starts = list(product(*(range(0, length - side + 1, side) for length in volume.shape)))
    starts = [starts[i] for i in torch.randperm(len(starts), generator=torch.Generator().manual_seed(0)).tolist()]
    boxes = [tuple(slice(first, first + side) for first in start) for start in starts]
    return torch.stack([torch.from_numpy(volume[box].copy()) for box in boxes])


def beside_rock(volume: Pixels, volumes: Tensor, images: list[Pixels], given: argparse.Namespace) -> None:
    """Print the second table."""
    true = cubes(volume, volumes.shape[1])
    half = len(true) // 2
    fields = gaussian(images, tuple(volumes.shape[1:]), len(volumes))
    assert fields is not None
    reference = Described.of([true], 2, given.reach)
    print("\n| volumes | fraction of pores | surface | S2 | Euler number per 100^3 | in one piece | conductivity |")
    print("|---|---|---|---|---|---|---|")
    rows = {"rock": true, "learned": volumes, "Gaussian field": fields, "a half of the rock": true[:half]}
    for label, x in rows.items():
        other = Described.of([true[half:]], 2, given.reach) if label == "a half of the rock" else reference
        _, _, correlation = Described.of([x], 2, given.reach).apart(other)
        pores, few = x == 1, x[: given.solved]
        measures = {
            "fraction": fraction(pores),
            "surface": specific_surface(pores, periodic=False),
            "euler": euler_number(pores, periodic=False).double() / x[0].numel() * 1e6,
            "piece": largest_share(pores, periodic=False),
            "conductivity": conductivity(
                painted(few, [1 / CONTRAST, 1.0]), periodic=False, axes=[0], tolerance=1e-3
            ).flatten(),
        }
        said = {key: f"{float(v.mean()):.3g} ± {float(v.std()):.2g}" for key, v in measures.items()}
        order = [said["fraction"], said["surface"], f"{correlation:.3f}" if label != "rock" else "-"]
        print(f"| {label} | {' | '.join([*order, said['euler'], said['piece'], said['conductivity']])} |", flush=True)


def lengths(volumes: Tensor) -> list[float]:
    """Over how many pixels volumes are correlated, to 1/e, along every axis."""
    line = along(two_point_map(volumes == 1, periodic=False), periodic=False).mean(0)  # [axes, bins]
    part = (line - line[:, :1].square()) / (line[:, :1] - line[:, :1].square())
    found = []
    for curve in part.tolist():
        after = next(i for i, value in enumerate(curve) if value < 1 / math.e)
        found.append(after - (1 / math.e - curve[after]) / (curve[after - 1] - curve[after]))
    return found


def directions(volumes: Tensor) -> None:
    """Print the third table."""
    print("\n| volumes | correlation length along z | along y | along x |\n|---|---|---|---|")
    for label, x in {"true": stretched(volumes.shape[1], len(volumes), seed=1), "learned": volumes}.items():
        print(f"| {label} | {' | '.join(f'{one:.2f}' for one in lengths(x))} |", flush=True)


def timed(name: str, given: argparse.Namespace) -> None:
    """Print how long volumes take."""
    print("\n| side | precision | processor seconds for a volume |\n|---|---|---|")
    for side, precision in product(given.sides, ("32", "bf16")):
        model = load(given.runs / name, "cpu", precision).turn(size=side)
        stream = model.stream(measure=(), batch=1)
        next(stream)
        start = time.process_time()
        next(stream)
        print(f"| {side} | {precision} | {time.process_time() - start:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[ROCK, *MICROGRAPHS], choices=[ROCK, STRETCHED, *MICROGRAPHS])
    parser.add_argument("--side", type=int, default=64, help="of the squares learned from")
    parser.add_argument("--long", type=int, default=192, help="the side of the stretched volume")
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--volumes", type=int, default=8, help="drawn of every model")
    parser.add_argument("--size", type=int, default=128, help="of the volumes drawn")
    parser.add_argument("--reach", type=int, default=33, help="at how many distances S2 is compared")
    parser.add_argument("--solved", type=int, default=4, help="of how many volumes the conductivity is solved for")
    parser.add_argument("--sides", type=int, nargs="+", default=[64, 128])
    given = parser.parse_args()
    torch.set_num_threads(1)
    whole = rock(given.folder) if ROCK in given.only else np.zeros((0, 0, 0), np.uint8)
    sets: dict[str, list[Pixels]] = {}
    for name in given.only:
        if name in (ROCK, STRETCHED):
            sets[name] = middles(whole if name == ROCK else stretched(given.long)[0].numpy())
        else:
            sets[name] = [np.load(given.folder / f"{name}_resized.npy")]
    for name, images in sets.items():
        trained(name, images, given)
    print("\n| material | slices of | fraction | surface | S2 |\n|---|---|---|---|---|")
    for name, images in sets.items():
        compared(name, images, drawn(name, images, given), given.reach)
    if ROCK in sets:
        beside_rock(whole, drawn(ROCK, sets[ROCK], given), sets[ROCK], given)
    if STRETCHED in sets:
        directions(drawn(STRETCHED, sets[STRETCHED], given))
    timed(given.only[0], given)


if __name__ == "__main__":
    main()
