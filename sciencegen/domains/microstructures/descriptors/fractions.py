"""How much of an image each phase takes up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sciencegen.domains.microstructures.descriptors.indicator import soft
from sciencegen.errors import DataError, RequestError

__all__ = ["fraction", "fractions", "painted"]


def fraction(x: Tensor) -> Tensor:
    """The share of every image that lies in the phase, [n]."""
    return soft(x).flatten(1).mean(1)


def fractions(images: Tensor, phases: int | None = None) -> Tensor:
    """The share of every phase of images whose entries are the numbers of phases, [n, phases].

    >>> fractions(torch.tensor([[[0, 2], [2, 1]]]))
    tensor([[0.2500, 0.2500, 0.5000]])
    """
    count = _phases(images) if phases is None else phases
    if phases is not None and _phases(images) > phases:
        raise DataError(f"images with phase {_phases(images) - 1}: expected {phases} phases, counted from 0")
    flat = images.flatten(1).long()
    first = count * torch.arange(len(flat), device=flat.device)[:, None]
    counts = torch.bincount((flat + first).flatten(), minlength=count * len(flat))
    return counts.view(len(flat), count).to(torch.get_default_dtype()) / flat.shape[1]


def painted(images: Tensor, values: Sequence[float]) -> Tensor:
    """Every phase replaced by a value of its own, such as its conductivity, in double precision."""
    if _phases(images) > len(values):
        raise RequestError(f"{len(values)} values for images with phase {_phases(images) - 1}: expected one for each")
    return torch.tensor(values, dtype=torch.float64, device=images.device)[images.long()]


def _phases(images: Tensor) -> int:
    if images.is_floating_point() or images.ndim not in (3, 4) or not images.numel():
        shape = "x".join(map(str, images.shape))
        raise DataError(f"images of {images.dtype} and shape {shape}: expected [n, h, w] or [n, d, h, w] whole numbers")
    if images.min() < 0:
        raise DataError(f"images with entry {int(images.min())}: expected phases counted from 0")
    return int(images.max()) + 1
