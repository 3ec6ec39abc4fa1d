"""What compiled steps gain: the same draws with and without them, batch beside batch, on one thread and on two.

Seconds are those of the processor on one thread, and of the clock on two. The time it takes to compile, which the first
process pays in full and later ones, who find the kernels on disk, in part, is told apart.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor

from sciencegen.core.generator import Generator
from sciencegen.data.workers import usable_cores
from sciencegen.model import load
from speed_of.drawing import half_is_quick
from speed_of.report import Options, table

__all__ = ["compiling"]

_DRAWS = 30_000


def compiling(options: Options) -> dict[str, object]:
    """Draws a second with and without compiled steps, and their ratio."""
    generator = load(options.model or "molecules", "cpu").generator
    plain = {"fp32": generator}
    if half_is_quick() or options.quick:
        plain["bf16"] = generator.lean()
    compiled = {kind: one.compiled() for kind, one in plain.items()}
    if any(compiled[kind] is one for kind, one in plain.items()):
        print("\nno step of this model is compiled")
        return {"rows": []}
    n = 2 * options.batch if options.quick else _DRAWS
    with torch.no_grad(), tempfile.TemporaryDirectory() as kernels:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = kernels
        rows = [
            _raced(kind, one, compiled[kind], n, options.batch, threads)
            for kind, one in plain.items()
            for threads in (1, 2)
        ]
    table(("numbers", "threads", "plain", "compiled", "ratio", "equal rows", "seconds to compile"), rows)
    return {"draws": n, "rows": rows}


def _raced(kind: str, plain: Generator, compiled: Generator, n: int, batch: int, threads: int) -> dict[str, object]:
    """Both draw the same batches, in turns, and take turns at going first."""
    torch.set_num_threads(min(threads, usable_cores()))
    clock = time.process_time if threads == 1 else time.perf_counter
    times: list[tuple[float, float]] = []
    equal = 0
    try:
        first, again = (_timed(time.perf_counter, compiled, batch, 0)[0] for _ in range(2))
        for seed in range(-(-n // batch)):
            order = (plain, compiled) if seed % 2 else (compiled, plain)
            found = {id(one): _timed(clock, one, batch, seed) for one in order}
            (ours, rows), (theirs, others) = found[id(plain)], found[id(compiled)]
            times.append((ours, theirs))
            equal += int((rows == others).flatten(1).all(1).sum())
    finally:
        torch.set_num_threads(1)
    drawn = batch * len(times)
    return {
        "numbers": kind,
        "threads": threads,
        "plain": drawn / sum(ours for ours, _ in times),
        "compiled": drawn / sum(theirs for _, theirs in times),
        "ratio": median(ours / theirs for ours, theirs in times),
        "equal rows": equal / drawn,
        "seconds to compile": first - again,
    }


def _timed(clock: Callable[[], float], drawer: Generator, batch: int, seed: int) -> tuple[float, Tensor]:
    torch.manual_seed(seed)
    start = clock()
    drawn = drawer.sample(batch)
    return clock() - start, drawn
