"""Drawing entries: as often as they are probable, and with what constraints take away written down."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sciencegen.core.space import Tokens
from sciencegen.grammar import StackMachine, compiled, guards_of
from sciencegen.nets.causal.entries import Sharpness, _pick, draw_entries
from sciencegen.nets.causal.net import CausalNet


class Fixed(CausalNet):
    """The same logits for every row, at every entry its own."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self.logits[: x.shape[1]].expand(len(x), -1, -1)

    def start(self, context: Tensor) -> int:
        return len(context)

    def step(self, state: int, t: int, previous: Tensor | None) -> Tensor:
        return self.logits[t].expand(state, -1)

    def take(self, state: int, rows: Tensor) -> int:
        return len(rows)


@pytest.mark.parametrize("categories", [2, 5, 95, 96, 100, 128, 363])
def test_categories_are_drawn_as_often_as_they_weigh(categories: int) -> None:
    weights = torch.randn(categories).exp() * (torch.rand(categories) < 0.3)
    weights[[0, 1, -1]] = torch.tensor([0.5, 1.0, 0.0]) if categories > 2 else torch.tensor([0.5, 1.0, 1.0])
    n = 50_000
    found = torch.bincount(_pick(weights.expand(n, -1).clone()), minlength=categories) / n
    chance = weights / weights.sum()
    assert ((found - chance).abs() <= 5 * (chance * (1 - chance) / n).sqrt() + 3 / n).all()
    assert found[chance == 0].sum() == 0


@pytest.mark.parametrize("categories", [40, 96, 363])
def test_the_only_category_is_drawn_however_light(categories: int) -> None:
    alone = torch.eye(categories) * 1e-25
    assert torch.equal(_pick(alone), torch.arange(categories))


GRAMMAR = compiled('//! count a 1..2\nstart: "a" start -> a | "b" start -> b | "c" start -> c | -> end', "letters.lark")


@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize("scale", [1.0, 60.0])
def test_what_guards_take_is_counted_entry_by_entry(temperature: float, scale: float) -> None:
    """Above and below what a float can hold: sharp nets leave almost nothing to what guards allow."""
    machine = StackMachine(GRAMMAR, 9, guards_of(GRAMMAR))
    space, logits = Tokens((9,), 5, machine.end, machine), scale * torch.randn(9, 5)
    drawn = draw_entries(space, Fixed(logits), (torch.zeros(200, 0),), Sharpness(temperature), masked=False)
    expected, state = torch.zeros(200, dtype=torch.double), machine.start(200)
    for t, token in enumerate(drawn.x.unbind(1)):
        tempered = (logits[t].double() / temperature).expand(200, -1)
        within = tempered.masked_fill(~machine.syntax(state), -torch.inf)
        kept = within.masked_fill(~machine.mask(state), -torch.inf)
        expected += within.logsumexp(1) - kept.logsumexp(1)
        state = machine.advance(state, token)
    assert drawn.removed_logmass is not None
    assert torch.allclose(drawn.removed_logmass.double(), expected, rtol=1e-4, atol=1e-4)
    assert machine.accepts(drawn.x).all()


def test_syntax_takes_nothing_away() -> None:
    machine = StackMachine(GRAMMAR, 9)
    space = Tokens((9,), 5, machine.end, machine)
    drawn = draw_entries(space, Fixed(torch.randn(9, 5)), (torch.zeros(50, 0),), Sharpness(), masked=False)
    assert drawn.removed_logmass is None or not drawn.removed_logmass.any()
    assert machine.accepts(drawn.x).all()


def test_entries_that_are_given_stay_and_are_weighed() -> None:
    machine = StackMachine(GRAMMAR, 6)
    space, logits = Tokens((6,), 5, machine.end, machine), torch.randn(6, 5)
    x, known = torch.zeros(300, 6, dtype=torch.long), torch.zeros(300, 6, dtype=torch.bool)
    x[:, 0], known[:, 0] = 1, True
    drawn = draw_entries(space, Fixed(logits), (torch.zeros(300, 0),), Sharpness(), False, x, known)
    assert (drawn.x[:, 0] == 1).all()
    allowed = machine.syntax(machine.start(1))[0]
    exact = logits[0].masked_fill(~allowed, -torch.inf).log_softmax(0)[1]
    assert torch.allclose(drawn.log_weight, exact.expand(300))
