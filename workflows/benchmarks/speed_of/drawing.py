"""Strings drawn a second: our nets beside the samplers others have, interleaved, by processor time on one thread.

Where both have the same weights the ratio is that of the samplers. The floor is the time of the matrix products of our
draw and nothing else, at the same numbers of rows. Ours ends in strings, as does MOSES; the others in tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.generator import Generator
from sciencegen.core.space import Discrete
from sciencegen.data.workers import usable_cores
from sciencegen.domains.molecules.smiles import Smiles
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.model import load
from sciencegen.nets.causal import Gated, LongShort, Recurrent, Transformer
from speed_of import samplers
from speed_of.forced import MOSES_MEAN, VOCABULARY, Forced, forced, levels, mean_length, products
from speed_of.kernels import seconds
from speed_of.report import Options, Target, say_targets, table

__all__ = ["Contender", "contenders", "drawing", "half_is_quick"]

OURS, MOSES, REINVENT, GPT = "GRU 1x512", "LSTM 3x768", "LSTM 3x512", "Transformer 128x4"


@dataclass(frozen=True)
class Contender:
    """One way to draw: a net, who draws, in which numbers."""

    net: str
    who: str
    kind: str
    draw: Callable[[int], object]
    floor: Callable[[], object] | None = None

    @property
    def name(self) -> str:
        return f"{self.net}, {self.who}, {self.kind}"


def half_is_quick() -> bool:
    """Whether this processor multiplies half precision in one instruction."""
    named = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in named)


def drawing(options: Options) -> dict[str, object]:
    """Strings a second of everybody, and what they come to as ratios."""
    kinds = ["fp32", "bf16"] if half_is_quick() or options.quick else ["fp32"]
    if "bf16" not in kinds:
        print("\nbf16 is left out: this processor has no instruction for it")
    run = [one for one in contenders(options, kinds) if options.only in one.name]
    with torch.no_grad():
        rows = _raced(run, options)
        print(f"\nThe strings of MOSES have {MOSES_MEAN:.1f} tokens on average.")
        table(("net", "who", "numbers", "strings a second", "times the floor", "tokens"), rows)
        wall = {kind: _by_the_clock(one, options) for kind in kinds if (one := _headline(run, kind))}
    rates = {(str(row["net"]), str(row["who"])): 0.0 for row in rows}
    for row in rows:
        key = str(row["net"]), str(row["who"])
        rates[key] = max(rates[key], float(str(row["strings a second"])))
    ratios = _ratios(rates)
    table(("ours", "beside", "ratio"), ratios)
    targets = _targets(ratios, wall)
    say_targets(targets)
    return {"rows": rows, "ratios": ratios, "targets": [one.plain() for one in targets]}


def contenders(options: Options, kinds: Sequence[str]) -> list[Contender]:
    """Everybody who draws, ours first."""
    shrink = 32 if options.quick else 1
    nets: dict[str, Callable[[Discrete], Any]] = {
        OURS: lambda space: Recurrent(space, 0, Gated(), 512 // shrink, 1, embed=128 // shrink),
        MOSES: lambda space: Recurrent(space, 0, LongShort(), 768 // shrink, 3, embed=len(VOCABULARY) + 1),
        REINVENT: lambda space: Recurrent(space, 0, LongShort(), 512 // shrink, 3, embed=256 // shrink),
        GPT: lambda space: Transformer(space, 0, 128 // shrink, 4, 4),
    }
    made = {name: forced(net) for name, net in nets.items()}
    out = [_ours(name, kind, generator) for name, generator in made.items() for kind in kinds]
    out += _shipped(options, kinds)
    out += _moses(made[MOSES], options)
    entries, level, net = len(levels()), levels(), _recurrent(made[REINVENT])
    out.append(Contender(REINVENT, "REINVENT", "fp32", lambda n: samplers.reinvent(net, n, level, entries)))
    try:
        gpt = samplers.hugging_face(128 // shrink, 4, 4, len(VOCABULARY), level, entries)
        out += [Contender(GPT, "Hugging Face", kind, _in(gpt, kind)) for kind in kinds]
    except ImportError:
        print("\nHugging Face is left out: it needs the package transformers (pip install 'sciencegen[bench]')")
    return out


def _in(gpt: Any, kind: str) -> Callable[[int], object]:
    return lambda n: gpt(n, torch.bfloat16 if kind == "bf16" else torch.float32)


def _recurrent(generator: Autoregressive) -> Recurrent:
    assert isinstance(generator.net, Forced)
    assert isinstance(generator.net.net, Recurrent)
    return generator.net.net


def _moses(generator: Autoregressive, options: Options) -> list[Contender]:
    net, level = _recurrent(generator), levels()
    if options.wheel is None:
        return [Contender(MOSES, "MOSES", "fp32", lambda n: samplers.moses(net, n, level, VOCABULARY))]
    own = samplers.moses_of_wheel(options.wheel, net, level, VOCABULARY)
    return [Contender(MOSES, "MOSES", "fp32", own.sample)]


def _ours(name: str, kind: str, generator: Autoregressive) -> Contender:
    drawer = generator if kind == "fp32" else generator.lean()
    assert (next(drawer.net.parameters()).dtype == torch.bfloat16) == (kind == "bf16")
    spelled = Smiles(VOCABULARY, len(levels()))
    return Contender(name, "ours", kind, lambda n: _read(drawer, spelled, n), lambda: _multiply(drawer))


def _shipped(options: Options, kinds: Sequence[str]) -> list[Contender]:
    """The model of a folder, or the one that is shipped, with its own weights and lengths."""
    if not options.model:
        return []
    model = load(options.model, "cpu")
    drawers = {"fp32": model.generator, "bf16": model.generator.lean()}
    name = f"the model {options.model}"
    return [
        Contender(name, "ours", kind, lambda n, drawer=drawers[kind]: _read(drawer, model.representation, n))
        for kind in kinds
    ]


def _read(drawer: Generator, spelled: Any, n: int) -> Tensor:
    rows = drawer.sample(n)
    spelled.texts(rows)
    return rows


def _multiply(drawer: Any) -> None:
    """The matrix products of the last draw, and nothing else."""
    matrices = [matrix.t() for matrix in products(drawer.net.net)]
    most = max(drawer.net.rows)
    inputs = {matrix.shape[0]: matrix.new_ones(most, matrix.shape[0]) for matrix in matrices}
    for n in drawer.net.rows:
        for matrix in matrices:
            torch.mm(inputs[matrix.shape[0]][:n], matrix)


def _raced(run: Sequence[Contender], options: Options) -> list[dict[str, object]]:
    """Medians over rounds in which everybody draws once."""
    lengths = [_length(one.draw(min(options.batch, 256))) for one in run]
    times: list[list[float]] = [[] for _ in run]
    floors: list[list[float]] = [[] for _ in run]
    for _ in range(options.repeats):
        for one, own, floor in zip(run, times, floors, strict=True):
            own.append(seconds(lambda one=one: one.draw(options.batch)))  # type: ignore[misc]
            if one.floor is not None:
                floor.append(own[-1] / seconds(one.floor))
    return [
        {
            "net": one.net,
            "who": one.who,
            "numbers": one.kind,
            "strings a second": options.batch / median(own),
            "times the floor": median(floor) if floor else None,
            "tokens": length,
        }
        for one, own, floor, length in zip(run, times, floors, lengths, strict=True)
    ]


def _length(drawn: object) -> float | None:
    """The mean number of tokens, where they can be counted."""
    return mean_length(drawn) if isinstance(drawn, Tensor) else None


def _headline(run: Sequence[Contender], kind: str) -> Contender | None:
    """The shipped net, in these numbers: the model where one was given, else its size with the lengths of MOSES."""
    ours = [one for one in run if one.who == "ours" and one.kind == kind and one.net not in (MOSES, REINVENT, GPT)]
    return ours[-1] if ours else None


def _by_the_clock(one: Contender, options: Options) -> float:
    """Strings a second on up to two cores, by the clock on the wall: right only where nothing else runs."""
    torch.set_num_threads(min(2, usable_cores()))
    try:
        one.draw(options.batch)
        times = []
        for _ in range(options.repeats):
            start = time.perf_counter()
            one.draw(options.batch)
            times.append(time.perf_counter() - start)
        return options.batch / median(times)
    finally:
        torch.set_num_threads(1)


def _ratios(rates: dict[tuple[str, str], float]) -> list[dict[str, object]]:
    """Ours beside theirs, each in the numbers it is quickest with."""
    shipped = [net for net, who in rates if who == "ours" and net not in (MOSES, REINVENT, GPT)]
    pairs = [(shipped[-1] if shipped else "", GPT, "Hugging Face")]
    pairs += [(net, net, who) for net, who in rates if who != "ours"]
    return [
        {"ours": ours, "beside": f"{net} of {who}", "ratio": rates[ours, "ours"] / rates[net, who]}
        for ours, net, who in pairs
        if (ours, "ours") in rates and (net, who) in rates
    ]


def _targets(ratios: Sequence[dict[str, object]], wall: dict[str, float]) -> list[Target]:
    asked = {f"{GPT} of Hugging Face": 8.0, f"{MOSES} of MOSES": 4.0}
    targets = []
    for row in ratios:
        beside = str(row["beside"])
        if beside in asked and row["ours"] != GPT:
            targets.append(Target(f"{row['ours']} beside {beside}", asked[beside], float(str(row["ratio"]))))
    per_second, cores = {"bf16": 4000.0, "fp32": 2000.0}, min(2, usable_cores())
    for kind, rate in wall.items():
        targets.append(Target(f"strings a second by the clock, {cores} cores, {kind}", per_second[kind], rate))
    return targets
