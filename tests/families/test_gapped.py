"""Rows with gaps: what is missing is drawn as the density has it given the rest, where that is known exactly."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Normal

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition, ConditionFields
from sciencegen.core.condition import Continuous as Number
from sciencegen.core.generator import Scored, Spread, Tractable
from sciencegen.core.space import Reals
from sciencegen.families.flow.tails import HeavyTails
from sciencegen.families.gapped import Copula, Gapped
from sciencegen.objectives.gaps import ObservedLikelihood

COVARIANCE = torch.tensor([[1.0, 0.8, 0.3], [0.8, 1.5, -0.4], [0.3, -0.4, 2.0]])
NAN = float("nan")


class Known(Tractable):
    """A density that is known; a condition moves it along the first axis."""

    def __init__(self, distribution: MultivariateNormal | MixtureSameFamily) -> None:
        super().__init__()
        self.distribution, self.space = distribution, Reals(tuple(distribution.event_shape))
        self.still, self.knobs = nn.Parameter(torch.zeros(())), Spread()

    def rscored(self, n: int, condition: Condition | None = None) -> Scored:
        x = self.distribution.sample((n,)) + self._moved(condition)
        return Scored(x, self.log_prob(x, condition))

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rscored(n, condition).x

    def log_prob(self, x: Tensor, condition: Condition | None = None) -> Tensor:
        found: Tensor = self.distribution.log_prob(x - self._moved(condition)) + self.still
        return found

    def _moved(self, condition: Condition | None) -> Tensor:
        first = torch.eye(self.space.size)[0]
        return first * (0.0 if condition is None else condition.values[:, :1].expand(-1, self.space.size))


def test_what_is_missing_of_a_normal_is_normal_given_the_rest() -> None:
    torch.manual_seed(0)
    normal = Known(MultivariateNormal(torch.zeros(3), COVARIANCE))
    x = torch.tensor([[1.0, NAN, NAN]]).expand(4000, -1)
    found = Gapped(normal).complete(x, ~x.isnan(), particles=32)
    assert torch.equal(found.x[:, 0], x[:, 0])
    there, rest = COVARIANCE[:1, 1:], COVARIANCE[1:, 1:]
    mean, spread = there[0] / COVARIANCE[0, 0], rest - there.T @ there / COVARIANCE[0, 0]
    assert (found.x[:, 1:].mean(0) - mean).abs().max() < 0.08
    assert (torch.cov(found.x[:, 1:].T) - spread).abs().max() < 0.12
    assert (found.log_weight.mean() - Normal(0.0, 1.0).log_prob(torch.tensor(1.0))).abs() < 0.05


def two_wells() -> Known:
    """Two narrow hills, along a diagonal: given one entry that lies between, the other has two values."""
    hills = MultivariateNormal(
        torch.tensor([[-2.0, -2.0], [2.0, 2.0], [0.0, 3.0], [0.0, -3.0]]), 0.09 * torch.eye(2).expand(4, 2, 2)
    )
    return Known(MixtureSameFamily(Categorical(torch.tensor([0.2, 0.3, 0.4, 0.1])), hills))


def test_what_may_be_two_things_is_each_as_often_as_it_should() -> None:
    torch.manual_seed(0)
    x = torch.tensor([[0.0, NAN]]).expand(2000, -1)
    found = Gapped(two_wells()).complete(x, ~x.isnan(), particles=64).x[:, 1]
    assert float((found > 0).float().mean()) == pytest.approx(0.8, abs=0.04)
    assert float(found[found > 0].mean()) == pytest.approx(3, abs=0.03)
    assert float(found[found > 0].std()) == pytest.approx(0.3, abs=0.03)


def test_the_likelihood_of_what_is_there_sums_over_the_rest() -> None:
    torch.manual_seed(0)
    made = Gapped(Known(MultivariateNormal(torch.zeros(3), COVARIANCE)), particles=512)
    x = torch.tensor([[0.5, -1.0, 1.0], [0.5, NAN, 1.0], [NAN, -1.0, NAN]])
    exact = [
        MultivariateNormal(torch.zeros(3), COVARIANCE).log_prob(x[0]),
        MultivariateNormal(torch.zeros(2), COVARIANCE[[0, 2]][:, [0, 2]]).log_prob(x[1, [0, 2]]),
        Normal(0.0, 1.5**0.5).log_prob(x[2, 1]),
    ]
    assert (made.log_prob(x) - torch.stack(exact)).abs().max() < 0.05


def test_a_row_without_anything_is_a_sample_and_its_condition_counts() -> None:
    torch.manual_seed(0)
    made = Gapped(Known(MultivariateNormal(torch.zeros(3), COVARIANCE)))
    x = torch.full((3000, 3), NAN)
    condition = ConditionFields((Number("heat"),)).row({"heat": 5.0}).repeat(3000)
    found = made.complete(x, ~x.isnan(), condition, particles=16)
    assert (found.x.mean(0) - torch.tensor([5.0, 0.0, 0.0])).abs().max() < 0.15
    assert (torch.cov(found.x.T) - COVARIANCE).abs().max() < 0.2
    assert found.log_weight.abs().mean() < 0.3


def test_curves_of_a_copula_go_back_and_forth() -> None:
    torch.manual_seed(0)
    draws = torch.randn(2000, 2).exp()
    copula, x = Copula.of(draws), 2 * torch.rand(50, 2) + 0.1
    z = copula.normal(x)
    back, log_slope = copula.values(z)
    assert (back - x).abs().max() < 1e-4
    ahead, _ = copula.values(z + 1e-3)
    assert ((ahead - back) / 1e-3 - log_slope.exp()).abs().median() < 0.02


def test_the_gradient_of_gaps_is_that_of_what_is_there() -> None:
    torch.manual_seed(0)
    made = Gapped(Known(MultivariateNormal(torch.zeros(3), COVARIANCE)))
    batch = Batch(torch.tensor([[1.0, NAN, 0.0], [1.0, 2.0, 3.0]]))
    (loss,) = ObservedLikelihood().losses(made, batch)
    assert torch.isfinite(loss.value)
    assert torch.equal(batch.x[0].isnan(), torch.tensor([False, True, False]))  # the data stay as they are
    (gradient,) = torch.autograd.grad(loss.value, list(made.parameters()))
    assert float(gradient) == pytest.approx(-1)
    assert torch.isfinite(ObservedLikelihood().validation(made, batch)).all()


def test_tails_go_back_and_forth_far_out_and_their_slopes_are_those_of_autograd() -> None:
    torch.manual_seed(0)
    tails = HeavyTails(3).double()
    with torch.no_grad():
        tails.lean.copy_(torch.tensor([0.5, 0.0, -1.0]))
        tails.log_weight.copy_(torch.tensor([-0.7, 0.0, 0.3]))
    x = (10.0 ** torch.linspace(-3, 6, 19, dtype=torch.float64))[:, None] * torch.tensor([1.0, -1.0, 1.0])
    x, nothing = x.double(), torch.zeros(19, 0)
    there = tails.to_noise(x, nothing)
    back = tails.to_data(there.x, nothing)
    assert ((back.x - x) / x).abs().max() < 1e-6
    assert (there.log_volume + back.log_volume).abs().max() < 1e-6
    jacobian = torch.autograd.functional.jacobian(lambda one: tails.to_noise(one, nothing).x.sum(0), x)
    slopes = jacobian.diagonal(dim1=0, dim2=2)  # [n, d]: entries do not mix
    assert (slopes.log().sum(-1) - there.log_volume).abs().max() < 1e-6
    assert torch.equal(HeavyTails(3).to_noise(torch.zeros(2, 3), nothing[:2]).x, torch.zeros(2, 3))


def test_tails_do_not_overflow_in_single_precision() -> None:
    tails = HeavyTails(1)
    x = torch.tensor([[0.0], [1e9], [-1e9], [1e30]], requires_grad=True)
    mapped = tails.to_noise(x, torch.zeros(4, 0))
    (mapped.x.sum() + mapped.log_volume.sum()).backward()
    assert torch.isfinite(mapped.x).all()
    assert torch.isfinite(mapped.log_volume).all()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
