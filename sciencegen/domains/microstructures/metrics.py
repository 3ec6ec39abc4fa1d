"""How far two sets of microstructures are apart: their descriptors, and what real images differ by among themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from sciencegen.compare.histograms import wasserstein
from sciencegen.core.domain import Curve as Band
from sciencegen.domains.microstructures.descriptors import Curve, lineal_path, two_point
from sciencegen.domains.microstructures.item import GREY, Microstructure
from sciencegen.domains.microstructures.properties import PROPERTIES, measured
from sciencegen.errors import DataError

__all__ = ["bands", "compare", "curves", "nearest"]

_MOST = 1000
"""Curves of so many images say enough."""
_AT_ONCE = 256


def compare(ours: Sequence[Microstructure], theirs: Sequence[Microstructure]) -> dict[str, float]:
    """Differences of mean S2 and lineal path, the ratio of their variances, Wasserstein distances of properties over
    the standard deviation of theirs, and how near ours come to an image of theirs.

    Beside the first stand those of two halves of theirs: what real images differ by.
    """
    one, other = ours[:_MOST], theirs[:_MOST]
    report: dict[str, float] = {}
    if one[0].phases != GREY and other[0].phases != GREY:
        report |= _curves_apart(one, other)
    names = [name for name, known in PROPERTIES.items() if not known.slow]
    left, right = measured(one, names), measured(other, names)
    for name in names:
        a, b = (torch.tensor([v for v in side[name] if np.isfinite(v)], dtype=torch.float64) for side in (left, right))
        if len(a) and len(b) > 1 and float(b.std()):
            report[f"{name} (Wasserstein / std)"] = wasserstein(a, b) / float(b.std())
    if one[0].shape == other[0].shape:
        report["pixels unlike the nearest"] = float(nearest(one, other).mean())
        if len(other) > 1:
            half = len(other) // 2
            report["pixels unlike the nearest (data among themselves)"] = float(
                nearest(other[:half], other[half:]).mean()
            )
    return report


def curves(items: Sequence[Microstructure]) -> Mapping[str, Curve]:
    """S2 and the lineal path of phase 1 of every image, images of one size and kind."""
    kind = items[0]
    for item in items:
        if (item.shape, item.periodic) != (kind.shape, kind.periodic):
            raise DataError(f"images of {item.shape} and {kind.shape} pixels have no curves in common: cut them alike")
    found: dict[str, list[Curve]] = {"S2": [], "lineal path": []}
    for i in range(0, len(items), _AT_ONCE):
        x = torch.from_numpy(np.stack([item.pixels for item in items[i : i + _AT_ONCE]])) == 1
        found["S2"].append(two_point(x, periodic=kind.periodic))
        found["lineal path"].append(lineal_path(x, periodic=kind.periodic))
    return {
        name: Curve(parts[0].distance * kind.pixel_size, torch.cat([part.values for part in parts]))
        for name, parts in found.items()
    }


def bands(items: Sequence[Microstructure]) -> dict[str, Band]:
    """S2 and the lineal path of phase 1: the median over images, and between which nine of ten lie."""
    kind = items[0]
    some = [item for item in items[:_MOST] if (item.shape, item.periodic) == (kind.shape, kind.periodic)]
    if kind.phases == GREY:
        return {}
    levels = torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64)
    found = {}
    for name, curve in curves(some).items():
        low, middle, high = curve.values.double().quantile(levels, 0).tolist()
        found[f"{name} ({kind.unit})"] = Band(curve.distance.tolist(), low, middle, high)
    return found


def nearest(ours: Sequence[Microstructure], theirs: Sequence[Microstructure]) -> Tensor:
    """The share of pixels in which each image differs from the nearest of theirs, or by how much grey levels do; moved
    along periodic axes an image counts as another."""
    a, b = (torch.from_numpy(np.stack([item.pixels for item in side])).flatten(1) for side in (ours, theirs))
    if ours[0].phases == GREY:
        return torch.cdist(a.float() / 255, b.float() / 255, p=1).amin(1) / a.shape[1]
    same = sum((a == phase).float() @ (b == phase).float().T for phase in range(ours[0].phases))
    assert isinstance(same, Tensor)
    return 1 - same.amax(1) / a.shape[1]


def _curves_apart(ours: Sequence[Microstructure], theirs: Sequence[Microstructure]) -> dict[str, float]:
    if (ours[0].shape, ours[0].periodic) != (theirs[0].shape, theirs[0].periodic):
        return {}
    report: dict[str, float] = {}
    left, right = curves(ours), curves(theirs)
    for name, mine in left.items():
        yours = right[name].values
        half = len(yours) // 2
        report[f"{name}, mean difference"] = _apart(mine.values, yours)
        report[f"{name}, mean difference (halves of the data)"] = _apart(yours[:half], yours[half:])
        spread = float(yours.var(0).mean()) if len(yours) > 1 else 0.0
        report[f"{name}, ratio of variances"] = float(mine.values.var(0).mean()) / spread if spread else float("nan")
    return report


def _apart(a: Tensor, b: Tensor) -> float:
    return float((a.mean(0) - b.mean(0)).abs().mean()) if len(a) and len(b) else float("nan")
