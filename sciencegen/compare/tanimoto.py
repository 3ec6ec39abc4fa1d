"""Tanimoto similarities |x and y| / |x or y| of many sets of bits at once, by matrix products.

Rows of bits come packed, eight to a byte. How many bits two rows share is a whole number that bfloat16 holds exactly up
to 256, and products of bfloat16 run several times faster than those of float32 on machines made for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cache

import torch
from torch import Tensor

__all__ = ["mean_similarity", "nearest", "nearest_other"]

_ROWS = 4096
"""How many rows of each side are compared at once."""
_EXACT = 256
"""The whole numbers that bfloat16 holds without rounding."""


def nearest(a: Tensor, b: Tensor) -> Tensor:
    """For each row of `a` the similarity to the row of `b` that is most like it.

    Among rows of `b` with equally many bits the nearest is the one that shares the most, so that only one number for
    each such group is ever divided.
    """
    ours, theirs = _counts(a), _counts(b)
    dtype = _dtype(ours, theirs)
    best = torch.zeros(len(a), dtype=torch.float64, device=a.device)
    for first in range(0, len(a), 8 * _ROWS):
        part = _unpacked(a[first : first + 8 * _ROWS], dtype)
        for count, rows in _groups(theirs):
            bits = _unpacked(b[rows], dtype).t()
            shared = torch.cat([(some @ bits).amax(1) for some in part.split(_ROWS)]).double()
            mine = slice(first, first + len(part))
            best[mine] = torch.maximum(best[mine], _ratio(shared, ours[mine] + count))
    return best


def nearest_other(a: Tensor) -> Tensor:
    """For each row the similarity to the other row that is most like it; 0 where there is no other."""
    best = torch.zeros(len(a), dtype=torch.float32, device=a.device)
    for rows, columns, similarity in _pairs(a):
        if rows == columns:
            similarity.fill_diagonal_(0)
        best[rows] = torch.maximum(best[rows], similarity.amax(1))
        best[columns] = torch.maximum(best[columns], similarity.amax(0))
    return best.double()


def mean_similarity(a: Tensor, powers: Sequence[int] = (1,)) -> list[Tensor]:
    """For each row the mean over all rows, itself included, of the similarity to a power, and the root of that."""
    totals = [torch.zeros(len(a), dtype=torch.float64, device=a.device) for _ in powers]
    for rows, columns, similarity in _pairs(a):
        for total, power in zip(totals, powers, strict=True):
            raised = similarity if power == 1 else similarity.pow(power)
            total[rows] += raised.sum(1)
            if rows != columns:
                total[columns] += raised.sum(0)
    return [(total / len(a)) ** (1 / power) for total, power in zip(totals, powers, strict=True)]


def _pairs(a: Tensor) -> Iterator[tuple[slice, slice, Tensor]]:
    """The similarities of all pairs, a block of rows and columns at a time; each pair of blocks once."""
    counts = _counts(a)
    dtype = _dtype(counts, counts)
    blocks = [slice(i, min(i + _ROWS, len(a))) for i in range(0, len(a), _ROWS)]
    for i, columns in enumerate(blocks):
        bits = _unpacked(a[columns], dtype).t()
        for rows in blocks[: i + 1]:
            shared = (_unpacked(a[rows], dtype) @ bits).float()
            yield rows, columns, _ratio(shared, counts[rows, None].float() + counts[columns].float())


def _ratio(shared: Tensor, both: Tensor) -> Tensor:
    """The similarity of rows that have so many bits together; two rows without a bit are equal."""
    similarity = shared / (both - shared).clamp_min_(1)
    return similarity.masked_fill_(both == 0, 1) if not both.all() else similarity


def _groups(counts: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Rows with equally many bits, a few thousand at a time."""
    order = counts.argsort(stable=True)
    present, sizes = counts[order].unique_consecutive(return_counts=True)
    for count, rows in zip(present.tolist(), order.split(sizes.tolist()), strict=True):
        for some in rows.split(_ROWS):
            yield int(count), some


def _counts(packed: Tensor) -> Tensor:
    of_byte = torch.tensor([i.bit_count() for i in range(256)], dtype=torch.float64, device=packed.device)
    return torch.cat([of_byte[some.long()].sum(1) for some in packed.split(_ROWS)]) if len(packed) else of_byte[:0]


def _unpacked(packed: Tensor, dtype: torch.dtype) -> Tensor:
    places = torch.arange(8, dtype=torch.uint8, device=packed.device)
    return (packed[:, :, None] >> places & 1).flatten(1).to(dtype)


def _dtype(ours: Tensor, theirs: Tensor) -> torch.dtype:
    """The fastest kind of numbers that counts the shared bits exactly."""
    if not len(ours) or not len(theirs) or min(float(ours.max()), float(theirs.max())) > _EXACT:
        return torch.float32
    return torch.bfloat16 if ours.is_cuda or _bfloat16_is_faster() else torch.float32


@cache
def _bfloat16_is_faster() -> bool:
    """Whether this machine's processor multiplies bfloat16 in hardware, found by trying."""
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.ones(512, 512, dtype=dtype)
        x @ x
        start = time.perf_counter()
        x @ x
        seconds[dtype] = time.perf_counter() - start
    return seconds[torch.bfloat16] < seconds[torch.float32]
