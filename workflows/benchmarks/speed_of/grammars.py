"""What grammars cost: sentences to rules and back, and rules drawn under masks, beside other ways to draw them.

Everybody draws from the same random logits, one thread, interleaved, by processor time. Ours draws rules, all sequences
at once, and every one of them ends in time; so does the decoder with a stack in Python for each sequence, of the kind
that came with the Grammar VAE (Kusner, Paige, Hernández-Lobato; 2017), but for the budget. xgrammar and llguidance
compute masks of tokens, for each sequence its own: they are given the same language, the words our rules write as
tokens, and the same way of drawing. Seconds are for as many sequences as ours draws; the slow ones draw fewer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch
from torch import Tensor

from sciencegen.core.space import Tokens
from sciencegen.domains.molecules.chemistry import Chemistry
from sciencegen.grammar import Grammar, Guard, StackMachine, compiled, guards_of, source_of
from sciencegen.nets.causal.entries import Sharpness, draw_entries
from sciencegen.nets.causal.net import CausalNet
from speed_of.maskers import llguidance, stacks, xgrammar
from speed_of.report import Options, Target, say_targets, table

__all__ = ["Noise", "grammars"]

_LENGTH, _ROWS, _SHARE = 277, 1000, 10
_SLABS, _LATE = 16, 4.0
"""So many sets of logits are taken in turn; ends are made improbable, so that sentences fill their length."""
_DRUGS = (
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "CC(=O)Nc1ccc(O)cc1",
    "CN1CCC[C@H]1c1cccnc1",
    "Clc1ccccc1CN1CCc2sccc2C1",
    "COc1ccc2nc(S(=O)Cc3ncc(C)c(OC)c3C)[nH]c2c1",
    "CC(C)NCC(O)COc1cccc2ccccc12",
    "CN(C)CCC=C1c2ccccc2CCc2ccccc21",
    "O=C1CN=C(c2ccccc2)c2cc(Cl)ccc2N1C",
    "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1",
)


class Noise(CausalNet):
    """Logits drawn beforehand, whatever was drawn before."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits  # [slabs, n, rules + 1]

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self.logits[torch.arange(x.shape[1]) % len(self.logits)].transpose(0, 1)

    def start(self, context: Tensor) -> Tensor:
        return torch.arange(len(context))

    def step(self, state: Tensor, t: int, previous: Tensor | None) -> Tensor:
        slab = self.logits[t % len(self.logits)]
        return slab if len(state) == len(slab) else slab.index_select(0, state)

    def take(self, state: Tensor, rows: Tensor) -> Tensor:
        return state[rows]


@dataclass(frozen=True)
class _Way:
    """A way to draw: how many sequences at once, and how many rules or tokens it drew."""

    who: str
    grammar: str
    rows: int
    draw: Callable[[], int]


def grammars(options: Options) -> dict[str, object]:
    """Sentences a second, and seconds for a batch of sequences."""
    read = _reading(30 if options.quick else 3000, options.repeats)
    table(("what", "a second"), [{"what": name, "a second": rate} for name, rate in read.items()])
    rows, length = (8, 20) if options.quick else (_ROWS, _LENGTH)
    with torch.no_grad():
        found = _raced([way for way in _ways(rows, length) if options.only in way.who], rows, options.repeats)
    print(f"\n{rows:,} sequences of at most {length} rules:")
    table(("grammar", "who", "seconds", "times ours", "microseconds a rule"), found)
    seconds = {(str(row["grammar"]), str(row["who"])): float(str(row["seconds"])) for row in found}
    targets = [
        Target("SMILES to rules, a second", 3000, read["SMILES to rules"]),
        Target("rules to SMILES, a second", 30_000, read["rules to SMILES"]),
        *(
            Target(f"seconds, {grammar}, {who}", asked, seconds[grammar, who], most=True)
            for grammar, who, asked in (("smiles", "ours", 0.25), ("kekule_smiles", "ours, chemistry", 0.6))
            if (grammar, who) in seconds and not options.quick
        ),
    ]
    say_targets(targets)
    return {"reading": read, "rows": found, "targets": [one.plain() for one in targets]}


def _reading(n: int, repeats: int) -> dict[str, float]:
    grammar = _grammar("smiles")
    texts = [_DRUGS[i % len(_DRUGS)] for i in range(n)]
    rules = [grammar.encode(text) for text in texts]
    ways: dict[str, Callable[[], object]] = {
        "SMILES to rules": lambda: [grammar.encode(text) for text in texts],
        "rules to SMILES": lambda: [grammar.decode(one) for one in rules],
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.process_time()
            way()
            times[name].append(time.process_time() - start)
    return {name: n / max(median(taken), 1e-9) for name, taken in times.items()}


def _grammar(name: str) -> Grammar:
    source = source_of(name)
    return compiled(source.text, source.name)


def _ways(rows: int, length: int) -> list[_Way]:
    few = max(1, rows // _SHARE)
    smiles, kekule = _grammar("smiles"), _grammar("kekule_smiles")
    ways = []
    for name, grammar, guarded, guards in (
        ("smiles", smiles, "rings", guards_of(smiles)),
        ("kekule_smiles", kekule, "chemistry", (Chemistry(kekule, length),)),
    ):
        logits = _logits(grammar, rows)
        ways += [
            _ours("ours", name, grammar, (), logits, length),
            _ours(f"ours, {guarded}", name, grammar, guards, logits, length),
            _Way("stacks in Python", name, few, _counted(stacks, grammar, logits[:, :few].numpy(), length)),
        ]
        for who, masker in (("xgrammar", xgrammar), ("llguidance", llguidance)):
            try:
                draw = masker(grammar, few, length, _LATE)
            except ImportError as error:
                print(f"\n{who} is left out of {name}: {error} (pip install 'sciencegen[bench]')")
                continue
            ways.append(_Way(who, name, few, draw))
    return ways


def _logits(grammar: Grammar, rows: int) -> Tensor:
    logits = torch.randn(_SLABS, rows, len(grammar.rules) + 1)
    for name in ("end", "part"):
        logits[:, :, list(grammar.named(name))] -= _LATE
    return logits


def _counted(
    draw: Callable[[Grammar, np.ndarray, int], int], grammar: Grammar, logits: np.ndarray, length: int
) -> Callable[[], int]:
    return lambda: draw(grammar, logits, length)


def _ours(who: str, name: str, grammar: Grammar, guards: tuple[Guard, ...], logits: Tensor, length: int) -> _Way:
    machine = StackMachine(grammar, length, guards)
    space, net = Tokens((length,), machine.end + 1, machine.end, machine), Noise(logits)
    n = logits.shape[1]

    def draw() -> int:
        x = draw_entries(space, net, (torch.zeros(n, 0),), Sharpness()).x
        return int((x != machine.end).sum())

    return _Way(who, name, n, draw)


def _raced(ways: list[_Way], rows: int, repeats: int) -> list[dict[str, object]]:
    times: dict[int, list[float]] = {i: [] for i in range(len(ways))}
    drawn = dict.fromkeys(times, 0)
    for turn in range(repeats + 1):
        for i, way in enumerate(ways):
            start = time.process_time()
            drawn[i] = way.draw()
            if turn:
                times[i].append(time.process_time() - start)
    ours = {way.grammar: median(times[i]) for i, way in enumerate(ways) if way.who == "ours"}
    return [
        {
            "grammar": way.grammar,
            "who": way.who,
            "sequences": way.rows,
            "seconds": (seconds := median(times[i]) * rows / way.rows),
            "times ours": seconds / ours[way.grammar] if way.grammar in ours else None,
            "microseconds a rule": 1e6 * median(times[i]) / max(1, drawn[i]),
        }
        for i, way in enumerate(ways)
    ]
