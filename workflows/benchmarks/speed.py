"""How fast sampling is: every method beside the plain one, interleaved in one run on one thread, medians of CPU time.

    python workflows/benchmarks/speed.py [--repeats 5] [--quick]

The plain way to sample an autoregressive model runs the whole net once for every entry. Ours computes each hidden unit
once (FVSBN, NADE, MADE, the inverse of a masked autoregressive flow), or keeps keys and values (Transformer). The two
must give the same numbers: the largest difference is printed beside the ratio.
"""

from __future__ import annotations

import argparse
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
from sciencegen.families.flow.coupling import soft_clip
from sciencegen.nets.causal import FVSBN, MADE, NADE, CausalNet, Gated, Recurrent, Transformer
from sciencegen.nets.conditioner import Conditioner


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
    start = time.process_time()
    call()
    return time.process_time() - start


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", help="races whose name contains this")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print("| sampling | plain, ms | ours, ms | ratio | largest difference |\n|---|---|---|---|---|", flush=True)
    for race in races(given.quick):
        if given.only and given.only not in race.name:
            continue
        race.ours()
        times = [(seconds(race.plain), seconds(race.ours)) for _ in range(1 if given.quick else given.repeats)]
        plain, ours = (1e3 * median(side) for side in zip(*times, strict=True))
        print(f"| {race.name} | {plain:.1f} | {ours:.1f} | {plain / ours:.1f}x | {race.difference():.1e} |", flush=True)


if __name__ == "__main__":
    main()
