"""Nets of random weights that draw strings as long as those of MOSES: speed asks for lengths, not for chemistry."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Discrete, Tokens
from sciencegen.domains.molecules.smiles import Smiles
from sciencegen.domains.molecules.strings import END
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.nets.causal import CausalNet
from sciencegen.nets.conditioner import Conditioner

__all__ = ["MOSES_MEAN", "VOCABULARY", "Forced", "forced", "levels", "mean_length", "products"]

VOCABULARY = ("", *"#()-123456789=CFINOPScnops", *("Br", "Cl", "[H]", "[nH]"))
_FIRST = 16
_COUNTS = (
    *(1, 0, 1, 1, 5, 7, 13, 25, 36, 57, 104, 171, 270, 352, 478, 559, 654, 690, 760, 745, 797, 796, 795, 736, 651, 501),
    *(355, 223, 123, 55, 22, 11, 2, 1),
)
"""How many of 10,000 molecules of MOSES have 16, 17, ... tokens."""
MOSES_MEAN = sum(_COUNTS[i] * (_FIRST + i) for i in range(len(_COUNTS))) / sum(_COUNTS)
_NEVER, _ALWAYS = -1e4, 1e4


def levels(vocabulary: int = len(VOCABULARY)) -> list[float]:
    """The logit of the end at each entry that gives strings the lengths of MOSES, where other tokens are near 0."""
    out, left = [_NEVER] * _FIRST, sum(_COUNTS)
    for count in _COUNTS:
        share = count / left
        odds = math.log(share / (1 - share)) if 0 < share < 1 else (_ALWAYS if share else _NEVER)
        out.append(math.log(vocabulary - 1) + odds)
        left -= count
    return out


class Forced(CausalNet):
    """A net with the end of strings decided by `levels`; it notes how many rows each step was asked for."""

    halves = True

    def __init__(self, net: CausalNet) -> None:
        super().__init__()
        self.net, self.level = net, levels()
        self.rows: list[int] = []

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        logits: Tensor = self.net(x, context)
        logits[..., END] = torch.tensor(self.level[: x.shape[1]], dtype=logits.dtype)
        return logits

    def start(self, context: Tensor) -> Any:
        self.rows.clear()
        return self.net.start(context)

    def step(self, state: Any, t: int, previous: Tensor | None) -> Tensor:
        logits = self.net.step(state, t, previous)
        logits[:, END] = self.level[t]
        self.rows.append(len(logits))
        return logits

    def take(self, state: Any, rows: Tensor) -> Any:
        return self.net.take(state, rows)


def forced(make: Callable[[Discrete], CausalNet]) -> Autoregressive:
    """A generator of strings by a net of random weights."""
    space = Smiles(VOCABULARY, len(levels())).space
    assert isinstance(space, Tokens)
    net = make(space)
    assert isinstance(net.head, nn.Linear)
    with torch.no_grad():  # so that the others are near 0
        net.head.weight.mul_(0.1)
        net.head.bias.zero_()
    return Autoregressive(space, Forced(net), Conditioner(ConditionFields())).eval()


def mean_length(rows: Tensor) -> float:
    """How many tokens the strings have on average, the end not counted."""
    return float(((rows == END).long().cumsum(1) == 0).sum(1).float().mean())


def products(net: nn.Module) -> list[Tensor]:
    """The matrices that a step multiplies by every row; the first layer's input is looked up, not multiplied."""
    skipped = ("embed", "position", "weight_ih_l0", "inject", "begin")
    named = net.named_parameters()
    return [p.detach() for name, p in named if p.dim() == 2 and not any(part in name for part in skipped)]
