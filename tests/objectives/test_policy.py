"""A policy learns to draw what is worth more, from every judgement several times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import torch
from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Tokens
from sciencegen.data.batches import Unfed
from sciencegen.errors import RequestError
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.nets.causal import Gated, Recurrent
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.policy import AugmentedLikelihood, Judged, Memory, Practice
from sciencegen.train.loop import train
from sciencegen.train.settings import Settings

LENGTH = 6


def words(seed: int = 0) -> Autoregressive:
    """Words of three letters and an end, equally likely."""
    torch.manual_seed(seed)
    space, conditioner = Tokens((LENGTH,), 4, 0), Conditioner(ConditionFields(()), 0)
    net = Recurrent(space, conditioner.width, Gated(), 16, 1)
    made = Autoregressive(space, net, conditioner, masked=False)
    with torch.no_grad():
        net.head.weight.mul_(0.1)
    return made


class Letters:
    """Judges words by the share of their letters that are a 1; words without letters are no items."""

    def __init__(self, breeds: bool = False) -> None:
        self.breeds, self.spelled_with, self.bred_from = breeds, list[int | None](), list[tuple[str, ...]]()
        self.known: dict[str, float] = {}

    @property
    def asked(self) -> int:
        return len(self.known)

    def judged(self, x: Tensor) -> list[Judged | None]:
        texts = ["".join(str(token) for token in row if token) for row in x.tolist()]
        return [self._judged(text) if text else Judged("", 0.0) for text in texts]

    def _judged(self, text: str) -> Judged:
        self.known[text] = text.count("1") / LENGTH
        return Judged(text, self.known[text], text[0])

    def bred(self, parents: Sequence[str], n: int, seed: int) -> list[Judged]:
        self.bred_from.append(tuple(parents))
        return [self._judged((text + "1")[-LENGTH:]) for text in parents[:n]] if self.breeds else []

    def spelled(self, texts: Sequence[str], seed: int | None) -> Tensor:
        self.spelled_with.append(seed)
        return torch.tensor([[int(letter) for letter in text.ljust(LENGTH, "0")] for text in texts])


PRACTICE = Practice(sigma=20.0, updates=2, replay=16, bred=0)


def steps(objective: AugmentedLikelihood, made: Autoregressive, count: int, **more: int) -> Iterator[object]:
    settings = Settings(batch=16, rate=1e-2, clip=10.0, steps=count, **more)  # type: ignore[arg-type]
    return train(made, objective, Unfed(16), settings)


def mean_score(made: Autoregressive) -> float:
    torch.manual_seed(1)
    return float((made.sample(500) == 1).float().mean())


@pytest.mark.parametrize("end", [None, 0])
def test_a_policy_learns_what_is_worth_more(end: int | None) -> None:
    made = words()
    before = mean_score(made)
    list(steps(AugmentedLikelihood(made, Letters(), PRACTICE, end), made, 25))
    assert before < 0.35
    assert mean_score(made) > 0.6


def test_the_prior_stays_where_it_was_and_is_not_saved() -> None:
    made = words()
    objective = AugmentedLikelihood(made, Letters(), PRACTICE)
    x = torch.tensor([[1, 2, 3, 0, 0, 0]])
    before = made.log_prob(x)
    list(steps(objective, made, 5))
    (prior,) = objective._prior
    assert torch.equal(prior.log_prob(x), before)
    assert not torch.equal(made.log_prob(x), before)
    assert set(objective.state_dict()) == {"asked"}
    assert not list(objective.parameters())


def test_the_loss_is_the_square_of_what_a_log_probability_is_off() -> None:
    made, other = words(), words(1)
    objective = AugmentedLikelihood(made, Letters(), Practice(sigma=7.0, updates=0, bred=0))
    torch.manual_seed(3)
    (loss,) = objective.losses(other, Batch(torch.empty(8, 0)))
    torch.manual_seed(3)
    torch.randint(1 << 62, ())
    x = other.sample(8)
    off = made.log_prob(x) + 7.0 * (x == 1).float().mean(1) - other.log_prob(x)
    assert loss.value.item() == pytest.approx(off.square().mean().item(), rel=1e-5)
    assert loss.report["score"].item() == pytest.approx((x == 1).float().mean().item(), rel=1e-5)


@pytest.mark.parametrize("respell", [False, True])
def test_every_judgement_is_learned_from_several_times_and_in_other_spellings_if_asked(respell: bool) -> None:
    made, bench = words(), Letters()
    objective = AugmentedLikelihood(made, bench, Practice(updates=3, bred=0, respell=respell))
    torch.manual_seed(0)
    names = [loss.name for loss in objective.losses(made, Batch(torch.empty(16, 0)))]
    assert names == ["drawn", "remembered", "remembered", "remembered"]
    assert len(bench.spelled_with) == 3
    assert len(set(bench.spelled_with)) == (3 if respell else 1)
    assert (None in bench.spelled_with) != respell
    assert objective.asked.item() == bench.asked


def test_what_is_bred_is_remembered() -> None:
    made, bench = words(), Letters(breeds=True)
    objective = AugmentedLikelihood(made, bench, Practice(updates=0, bred=4, parents=6))
    torch.manual_seed(0)
    list(objective.losses(made, Batch(torch.empty(16, 0))))
    (parents,) = bench.bred_from
    assert len(set(parents)) == 6
    bred = {(text + "1")[-LENGTH:] for text in parents[:4]}
    assert bred <= {one.text for one in objective.memory.best}


def test_what_nobody_judges_any_more_is_not_learned_from() -> None:
    class Silent(Letters):
        def judged(self, x: Tensor) -> list[Judged | None]:
            return [None] * len(x)

    made = words()
    objective = AugmentedLikelihood(made, Silent(), PRACTICE)
    assert not list(objective.losses(made, Batch(torch.empty(8, 0))))


def test_the_best_are_remembered_once_each() -> None:
    memory = Memory(3)
    memory.add([Judged("a", 0.1), Judged("b", 0.9), Judged("", 1.0), Judged("b", 0.9)])
    memory.add([Judged("c", 0.5), Judged("d", 0.9), Judged("e", 0.2)])
    assert [one.text for one in memory.best] == ["b", "d", "c"]


def test_the_better_are_drawn_more_often() -> None:
    memory = Memory(100)
    memory.add([Judged(str(i), i / 100) for i in range(100)])
    torch.manual_seed(0)
    draws = [memory.draw(10, 0.01) for _ in range(200)]
    assert all(len({one.text for one in some}) == 10 for some in draws)
    mean = sum(one.score for some in draws for one in some) / 2000
    assert 0.7 < mean < 0.95
    flat = [one.score for _ in range(200) for one in memory.draw(10, 100.0)]
    assert 0.45 < sum(flat) / len(flat) < 0.55
    assert len(memory.draw(1000, 0.01)) == 100
    assert Memory(3).draw(2, 0.01) == []


def test_a_group_that_is_full_is_forgotten_and_worth_nothing() -> None:
    memory = Memory(100, quota=2)
    memory.add(
        [Judged("a", 0.9, "x"), Judged("b", 0.8, "x"), Judged("c", 0.1, "y"), Judged("d", 0.2), Judged("e", 0.3)]
    )
    assert memory.worth(Judged("a", 0.9, "x")) == 0.9
    memory.add([Judged("f", 0.7, "x")])
    assert [one.text for one in memory.best] == ["e", "d", "c"]
    assert memory.worth(Judged("a", 0.9, "x")) == 0
    assert memory.worth(Judged("d", 0.2)) == 0.2


def test_a_memory_is_the_same_when_it_is_put_in_order_again() -> None:
    made = words()
    objective = AugmentedLikelihood(made, Letters(), Practice(quota=3, bred=0))
    some = [Judged(str(i), (i * 37 % 100) / 100, "abc"[i % 3]) for i in range(12)]
    for one in some:
        objective.memory.add([one])
    best = list(objective.memory.best)
    objective.recall(some)
    assert list(objective.memory.best) == best


@pytest.mark.parametrize(("name", "value"), [("sigma", 0.0), ("updates", -1), ("parents", 1), ("greed", -1.0)])
def test_what_cannot_be_practised_is_refused(name: str, value: float) -> None:
    with pytest.raises(RequestError, match=f"{name}={value}"):
        Practice(**{name: value})  # type: ignore[arg-type]
