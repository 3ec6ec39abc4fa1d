"""Batches are found by the number of the step alone."""

from __future__ import annotations

import torch

from sciencegen.core.condition import Condition
from sciencegen.data.batches import InOrder, Shuffled, Unfed


def numbered(n: int) -> tuple[torch.Tensor, Condition]:
    x = torch.arange(n)[:, None]
    return x, Condition(x.float(), torch.ones(n, 1, dtype=torch.bool))


def test_an_epoch_sees_samples_once_and_any_order_is_the_same_order() -> None:
    one, two = Shuffled(*numbered(20), 4, seed=3), Shuffled(*numbered(20), 4, seed=3)
    steps = list(range(15))
    forwards = [one.at(step).x for step in steps]
    backwards = [two.at(step).x for step in reversed(steps)][::-1]
    assert all(torch.equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    assert torch.cat(forwards[:5]).flatten().sort().values.tolist() == list(range(20))
    assert not torch.equal(torch.cat(forwards[:5]), torch.cat(forwards[5:10]))


def test_conditions_stay_with_their_samples() -> None:
    for batches in (Shuffled(*numbered(10), 4), InOrder(*numbered(10), 4)):
        for step in range(6):
            batch = batches.at(step)
            assert batch.condition is not None
            assert torch.equal(batch.condition.values, batch.x.float())


def test_every_sample_is_measured_once() -> None:
    batches = InOrder(*numbered(10), 4)
    assert batches.per_epoch == 3
    assert torch.cat([batches.at(i).x for i in range(3)]).flatten().tolist() == list(range(10))


def test_a_batch_is_no_larger_than_the_data() -> None:
    assert len(Shuffled(*numbered(3), 128).at(7)) == 3


def test_batches_without_data_have_a_length() -> None:
    assert len(Unfed(16).at(0)) == 16
    assert Unfed(16).per_epoch > 0


def test_moving_batches_keeps_whole_numbers_whole() -> None:
    batches = Shuffled(torch.ones(4, 2, dtype=torch.uint8), None, 2).to("cpu", torch.float64)
    assert batches.at(0).x.dtype == torch.uint8
    assert Shuffled(torch.ones(4, 2), None, 2).to("cpu", torch.float64).at(0).x.dtype == torch.float64
