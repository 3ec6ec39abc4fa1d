"""Batches are found by the number of the step alone."""

from __future__ import annotations

import torch

from sciencegen.core.condition import Condition
from sciencegen.data.batches import Bucketed, InOrder, Shuffled, Unfed


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


def sequences(n: int) -> tuple[torch.Tensor, Condition]:
    """Rows of tokens that say their own number and end, with 0, after as many as its last digit says."""
    x = torch.arange(1, n + 1)[:, None].repeat(1, 12)
    for row in x:
        row[1 + int(row[0]) % 10 :] = 0
    return x, Condition(x[:, :1].float(), torch.ones(n, 1, dtype=torch.bool))


def test_sequences_of_like_length_go_together_and_none_is_lost() -> None:
    batches = Bucketed(*sequences(200), 10, 0, end=0)
    seen = []
    for step in range(batches.per_epoch):
        batch = batches.at(step)
        lengths = (batch.x != 0).sum(1) + 1
        assert batch.x.shape[1] == lengths.max()
        assert lengths.max() - lengths.min() <= 1
        assert batch.condition is not None
        assert torch.equal(batch.condition.values, batch.x[:, :1].float())
        seen += batch.x[:, 0].tolist()
    assert sorted(seen) == list(range(1, 201))
    firsts = [int(batches.at(step).x.shape[1]) for step in range(batches.per_epoch)]
    assert firsts != sorted(firsts)
    again = Bucketed(*sequences(200), 10, 0, end=0)
    assert all(torch.equal(again.at(step).x, batches.at(step).x) for step in (27, 3, 41))


def test_measuring_cuts_sequences_where_the_longest_ends() -> None:
    x, condition = sequences(9)
    assert [InOrder(x, condition, 3, end=0).at(i).x.shape[1] for i in range(3)] == [5, 8, 11]
