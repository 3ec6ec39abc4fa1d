"""Cycle consistency: pairs carry no information, and what comes back unchanged costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition, Given
from sciencegen.core.generator import Knobs, Translating
from sciencegen.core.objective import Loss
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.objectives import R1, CycleConsistency, LeastSquares, Moved, Relativistic
from sciencegen.objectives.adversarial import Adversarial


class Scaled(Translating):
    """x = a s, and s = b x."""

    def __init__(self, a: float, b: float) -> None:
        super().__init__()
        self.space, self.source, self.knobs = Reals((1, 4, 4)), Given("source", Reals((1, 4, 4))), Knobs()
        self.a, self.b = nn.Parameter(torch.tensor(a)), nn.Parameter(torch.tensor(b))

    def across(self, source: Tensor, condition: Condition | None = None) -> Tensor:
        return self.a * source

    def back(self, x: Tensor) -> Tensor:
        return self.b * x

    def reversed(self) -> Scaled:
        return Scaled(float(self.b), float(self.a))

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        assert condition is not None
        return self.across(condition.given["source"])

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition)


class Mean(nn.Module):
    """A critic that knows the mean of squares alone."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.7))

    def forward(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        return self.weight * x.square().flatten(1).mean(1)


def batch(x: Tensor, source: Tensor) -> Batch:
    n = len(x)
    return Batch(x, Condition(torch.zeros(n, 0), torch.zeros(n, 0, dtype=torch.bool), {"source": source}))


def losses(objective: CycleConsistency | Moved, generator: Translating, some: Batch) -> Sequence[Loss]:
    torch.manual_seed(0)
    return list(objective.losses(generator, some))


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(6, 1, 4, 4), 2 * torch.randn(6, 1, 4, 4)


def test_who_came_together_says_nothing() -> None:
    x, source = data()
    objective = CycleConsistency(Mean(), Mean(), LeastSquares(), penalties=[R1()], identity=0.5)
    for other in (source.roll(2, 0), source.flip(0)):
        one = losses(objective, Scaled(0.4, 2.2), batch(x, source))
        two = losses(objective, Scaled(0.4, 2.2), batch(x, other))
        assert [loss.name for loss in one] == ["critics", "generator"]
        for left, right in zip(one, two, strict=True):
            assert left.value.item() == pytest.approx(right.value.item(), rel=1e-5)


def test_pairs_of_a_divergence_that_compares_are_drawn_anew() -> None:
    x, source = data()
    objective = CycleConsistency(Mean(), Mean(), Relativistic())
    values = set()
    for seed in range(5):
        torch.manual_seed(seed)
        values.add(round(next(iter(objective.losses(Scaled(0.4, 2.2), batch(x, source)))).value.item(), 6))
    assert len(values) == 5


def test_what_comes_back_unchanged_costs_nothing() -> None:
    x, source = data()
    objective = CycleConsistency(Mean(), Mean(), LeastSquares(), cycle=3.0)
    assert losses(objective, Scaled(0.5, 2.0), batch(x, source))[1].report["cycle"].item() == pytest.approx(0, abs=1e-5)
    lossy = losses(objective, Scaled(0.5, 1.0), batch(x, source))[1].report["cycle"].item()
    assert lossy == pytest.approx(3 * 0.5 * float(x.abs().mean() + source.abs().mean()), rel=1e-4)


def test_identity_is_what_an_image_of_the_other_kind_already_loses() -> None:
    x, source = data()
    objective = CycleConsistency(Mean(), Mean(), LeastSquares(), identity=2.0)
    lost = losses(objective, Scaled(0.5, 2.0), batch(x, source))[1].report["identity"].item()
    assert lost == pytest.approx(2 * float(0.5 * x.abs().mean() + source.abs().mean()), rel=1e-4)


def test_a_veil_hides_what_is_small() -> None:
    x, source = data()
    found = [
        losses(CycleConsistency(Mean(), Mean(), LeastSquares(), veil=veil), Scaled(0.001, 1000.0), batch(x, source))[1]
        for veil in (0.0, 0.1)
    ]
    assert found[0].report["cycle"] < 0.1
    assert found[1].report["cycle"] > 100


def test_every_part_moves_only_its_own_weights() -> None:
    x, source = data()
    objective, generator = CycleConsistency(Mean(), Mean(), LeastSquares()), Scaled(0.4, 2.2)
    critics, made = objective.losses(generator, batch(x, source))
    assert all(p is not None for p in torch.autograd.grad(critics.value, list(objective.critics.parameters())))
    assert torch.autograd.grad(critics.value, list(generator.parameters()), allow_unused=True) == (None, None)
    assert set(made.updates.parameters()) == set(generator.parameters())


@pytest.mark.parametrize("option", ["cycle", "identity", "veil"])
def test_weights_below_nothing_are_refused(option: str) -> None:
    with pytest.raises(RequestError, match=f"{option}=-1.0: expected 0 or more"):
        CycleConsistency(Mean(), Mean(), LeastSquares(), **{option: -1.0})


class Looking(Adversarial):
    """Remembers what it was shown."""

    shown: Batch

    def losses(self, generator: object, batch: Batch):  # type: ignore[no-untyped-def,override] # noqa: ANN201
        self.shown = batch
        return iter(())


def test_a_pair_is_moved_as_one_and_otherwise_every_time() -> None:
    x = torch.arange(48.0).reshape(3, 1, 4, 4)
    objective = Moved(looking := Looking(Mean(), LeastSquares()), ("roll", "flip", "turn"))
    seen = set()
    for seed in range(20):
        torch.manual_seed(seed)
        list(objective.losses(Scaled(1.0, 1.0), batch(x, -x)))
        assert looking.shown.condition is not None
        assert torch.equal(looking.shown.x, -looking.shown.condition.given["source"])
        assert torch.equal(looking.shown.x.flatten(1).sort(1).values, x.flatten(1))
        seen.add(tuple(looking.shown.x[0].flatten().tolist()))
    assert len(seen) > 10


def test_what_may_not_be_moved_is_not() -> None:
    x, source = data()
    objective = Moved(looking := Looking(Mean(), LeastSquares()), ())
    list(objective.losses(Scaled(1.0, 1.0), batch(x, source)))
    assert torch.equal(looking.shown.x, x)
