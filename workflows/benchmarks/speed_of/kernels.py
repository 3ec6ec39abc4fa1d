"""Every method of sampling beside the plain one: the same numbers, with and without the work already done.

The plain way to sample an autoregressive model runs the whole net once for every entry. Ours computes each hidden unit
once (FVSBN, NADE, MADE, the inverse of a masked autoregressive flow), or keeps keys and values (Transformer). The two
must give the same numbers: the largest difference is printed beside the ratio.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Bits, Discrete, Tokens
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.families.flow import MaskedAffine
from sciencegen.families.flow.univariate import soft_clip
from sciencegen.nets.causal import FVSBN, MADE, NADE, CausalNet, Gated, Recurrent, Transformer
from sciencegen.nets.conditioner import Conditioner
from speed_of.report import Options

__all__ = ["kernels", "seconds"]


@dataclass(frozen=True)
class Race:
    """Two ways to do one thing, and how far apart their results are."""

    name: str
    ours: Callable[[], object]
    plain: Callable[[], object]
    difference: Callable[[], float]


def plain_sample(model: Autoregressive, n: int) -> Tensor:
    """One whole pass for every entry, as most libraries do."""
    context = model.conditioner(None, n)
    x = torch.zeros(n, model.space.size, dtype=torch.long)
    for t in range(model.space.size):
        probability = model.space.full(model.net(x, context)[:, t]).softmax(-1)
        x[:, t] = torch.multinomial(probability, 1)[:, 0]
    return x


def step_difference(model: Autoregressive) -> float:
    """How far stepping is from the parallel forward, on the model's own samples."""
    x = model.sample(32).flatten(1)
    context = model.conditioner(None, len(x))
    together, state, worst = model.net(x, context), model.net.start(context), 0.0
    for t in range(x.shape[1]):
        step = model.net.step(state, t, x[:, t - 1] if t else None)
        worst = max(worst, float((step - together[:, t]).abs().max()))
    return worst


def sampling(name: str, space: Discrete, net: CausalNet, n: int) -> Race:
    model = Autoregressive(space, net, Conditioner(ConditionFields()))
    label = f"{name}, {space.size} entries, {n} samples"
    return Race(label, lambda: model.sample(n), lambda: plain_sample(model, n), lambda: step_difference(model))


def inverse(entries: int, n: int, widths: tuple[int, ...], depth: int = 8) -> Race:
    layers = [MaskedAffine(entries, widths) for _ in range(depth)]
    z, context = torch.randn(n, entries), torch.zeros(n, 0)

    def ours(z: Tensor = z) -> Tensor:
        for layer in layers:
            z = layer.to_data(z, context).x.flip(-1)
        return z

    def plain(z: Tensor = z) -> Tensor:
        for layer in layers:
            x = torch.zeros_like(z)
            for _ in range(entries):
                shift, scale = layer.net(x[..., None], context).unbind(-1)
                x = z * torch.exp(soft_clip(scale, layer.bound)) + shift
            z = x.flip(-1)
        return z

    name = f"MAF inverse, {entries} entries, {depth} layers of {'x'.join(map(str, widths))}, {n} samples"
    return Race(name, ours, plain, lambda: float((ours() - plain()).abs().max()))


def races(quick: bool) -> list[Race]:
    size, n, width = (32, 8, 64) if quick else (784, 128, 500)
    dims, length = (8, 12) if quick else (64, 64)
    bits, text = Bits((size,)), Tokens((length,), 40)
    transformer = Transformer(text, 0, 32 if quick else 128, 2 if quick else 4, 4)
    return [
        sampling("FVSBN", bits, FVSBN(bits, 0), n),
        sampling("NADE", bits, NADE(bits, 0, width), n),
        sampling("MADE", bits, MADE(bits, 0, width), n),
        sampling("MADE, two layers", bits, MADE(bits, 0, width, 2), n),
        inverse(dims, 1024 if not quick else 16, (128, 128)),
        inverse(dims, 1024 if not quick else 16, (512, 512)),
        sampling("Transformer 128x4", text, transformer, 256 if not quick else 8),
        sampling("GRU 256", text, Recurrent(text, 0, Gated(), 256), 256 if not quick else 8),
    ]


def seconds(call: Callable[[], object]) -> float:
    """The processor time of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


@torch.no_grad()
def kernels(options: Options) -> dict[str, object]:
    """Ratios of the plain way to ours, by processor time on one thread."""
    rows = []
    print("| sampling | plain, ms | ours, ms | ratio | largest difference |\n|---|---|---|---|---|", flush=True)
    for race in races(options.quick):
        if options.only not in race.name:
            continue
        race.ours()
        times = [(seconds(race.plain), seconds(race.ours)) for _ in range(options.repeats)]
        plain, ours = (1e3 * median(side) for side in zip(*times, strict=True))
        off = race.difference()
        print(f"| {race.name} | {plain:.1f} | {ours:.1f} | {plain / ours:.1f}x | {off:.1e} |", flush=True)
        rows.append({"name": race.name, "plain_ms": plain, "ours_ms": ours, "largest_difference": off})
    return {"rows": rows}
