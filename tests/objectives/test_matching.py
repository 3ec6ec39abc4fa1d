"""Matching features: what was asked binds, what was not is free, and batches are compared as batches."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Pathwise, Spread
from sciencegen.core.objective import Ramp
from sciencegen.core.space import Reals
from sciencegen.objectives.matching import Matched, Matching


class Constant(Pathwise):
    """Draws the same number for ever."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.space, self.knobs = Reals((1,)), Spread()
        self.value = nn.Parameter(torch.tensor(value))

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.value.expand(n, 1)

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition).detach()


def batch(known: list[bool]) -> Batch:
    x = torch.tensor([[0.0], [2.0]])
    return Batch(x, Condition(x.clone(), torch.tensor(known)[:, None]))


def test_only_rows_whose_field_is_known_count() -> None:
    generator, fake = Constant(1.0), torch.full((2, 1), 5.0)
    bound = Matched(lambda x: x, 2.0, column=0)
    assert float(bound(generator, batch([True, True]), fake)) == pytest.approx(2 * (25 + 9) / 2)
    assert float(bound(generator, batch([True, False]), fake)) == pytest.approx(2 * 25 / 2)
    assert float(bound(generator, batch([False, False]), fake)) == 0


def test_means_of_batches_say_nothing_of_single_draws() -> None:
    generator, fake = Constant(1.0), torch.tensor([[1.5], [0.5]])
    assert float(Matched(lambda x: x, 1.0)(generator, batch([True, True]), fake)) == pytest.approx((2.25 + 2.25) / 2)
    assert float(Matched(lambda x: x, 1.0, together=True)(generator, batch([True, True]), fake)) == pytest.approx(0)


def test_a_weight_may_come_up_with_the_steps() -> None:
    ramp = Ramp(0.0, 4.0, 10)
    bound, fake = Matched(lambda x: x, ramp), torch.ones(2, 1)
    assert float(bound(Constant(1.0), batch([True, True]), fake)) == 0
    ramp.advance(5)
    assert float(bound(Constant(1.0), batch([True, True]), fake)) == pytest.approx(2)


def test_matching_alone_lowers_what_it_says() -> None:
    generator, objective = Constant(3.0), Matching(lambda x: x)
    optimizer = torch.optim.SGD(generator.parameters(), 0.2)
    for _ in range(40):
        (loss,) = objective.losses(generator, batch([True, True]))
        optimizer.zero_grad()
        loss.value.backward()
        optimizer.step()
    assert float(generator.value.detach()) == pytest.approx(1.0, abs=1e-3)
    assert objective.validation(generator, batch([True, True])) is None
