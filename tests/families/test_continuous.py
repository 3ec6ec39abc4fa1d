"""Continuous flows: between two normals everything is known, the velocity, where points go and their densities."""

from __future__ import annotations

import itertools
import math
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition, ConditionFields
from sciencegen.core.condition import Continuous as Number
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.families.continuous import Continuous, Solving, solve
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.timed import Timed
from sciencegen.objectives.flow_matching import FlowMatching, optimal

MEAN = torch.tensor([1.0, -2.0], dtype=torch.float64)
COVARIANCE = torch.tensor([[2.0, 0.9], [0.9, 0.5]], dtype=torch.float64)
TARGET = MultivariateNormal(MEAN, COVARIANCE)


class Between(nn.Module):
    """The mean of x_1 - x_0 given x_t, where x_0 is standard normal and x_1 normal: linear in x."""

    def __init__(self, mean: Tensor, covariance: Tensor) -> None:
        super().__init__()
        self.mean, self.covariance = nn.Parameter(mean), nn.Parameter(covariance)

    def forward(self, x: Tensor, t: Tensor, context: Tensor) -> Tensor:
        one, at = torch.eye(len(self.mean), dtype=x.dtype), t[:, None, None]
        spread = (1 - at) ** 2 * one + at**2 * self.covariance
        away = (
            torch.linalg.inv(spread) @ (x - t[:, None] * self.mean)[..., None]
        )  # solve() has wrong second derivatives
        return self.mean + ((at * self.covariance - (1 - at) * one) @ away)[..., 0]


def flow(net: nn.Module | None = None, entries: int = 2, **knobs: float) -> Continuous:
    made = Continuous(Reals((entries,)), net or Between(MEAN, COVARIANCE), Conditioner(ConditionFields()))
    made.knobs = Solving().turned(**knobs)
    return made.double()


@pytest.mark.parametrize(
    ("knobs", "near"),
    [({"tolerance": 1e-9}, 1e-7), ({}, 1e-2), ({"steps": 64}, 1e-4), ({"steps": 64, "order": 2}, 1e-1)],
)
def test_the_density_between_two_normals_is_the_one_known(knobs: dict[str, float], near: float) -> None:
    x = 3 * torch.randn(200, 2, dtype=torch.float64)
    with torch.no_grad():
        assert (flow(**knobs).log_prob(x) - TARGET.log_prob(x)).abs().max() < near


def test_points_go_where_they_are_known_to_go() -> None:
    z = torch.randn(100, 2, dtype=torch.float64)
    values, vectors = torch.linalg.eigh(COVARIANCE)
    exact = MEAN + z @ (vectors * values.sqrt() @ vectors.T)
    made = flow(tolerance=1e-9)
    assert (made.decode(z) - exact).abs().max() < 1e-7
    assert (made.encode(exact) - z).abs().max() < 1e-6


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_samples_come_with_their_density_from_one_solution(temperature: float) -> None:
    made = flow(tolerance=1e-8, temperature=temperature)
    drawn = made.rscored(500)
    colder = MultivariateNormal(MEAN, temperature**2 * COVARIANCE)
    assert (drawn.log_prob - colder.log_prob(drawn.x)).abs().max() < 1e-6
    torch.manual_seed(3)
    alone = made.sample(20)
    torch.manual_seed(3)
    assert (made.rscored(20).x - alone).abs().max() < 1e-6


def test_orders_of_methods_are_what_they_say() -> None:
    torch.manual_seed(0)
    net, x = shaken(Timed(2, [16])), torch.randn(50, 2, dtype=torch.float64)
    exact = flow(net, tolerance=1e-13).encode(x)
    for order in (1, 2, 4):
        missed = [(flow(net, steps=steps, order=order).encode(x) - exact).abs().max() for steps in (64, 128)]
        assert math.log2(missed[0] / missed[1]) == pytest.approx(order, abs=0.35)


def test_steps_as_long_as_the_tolerance_allows_equal_many_short_ones() -> None:
    torch.manual_seed(0)
    made = flow(shaken(Timed(3, [32, 32])), entries=3, tolerance=1e-9)
    x = 2 * torch.randn(100, 3, dtype=torch.float64)
    with torch.no_grad():
        adapted = made.log_prob(x)
        made.knobs = Solving(steps=200)
        assert (adapted - made.log_prob(x)).abs().max() < 1e-6


def shaken(net: nn.Module) -> nn.Module:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return net


def test_a_net_that_knows_nothing_is_a_standard_normal() -> None:
    x = 3 * torch.randn(100, 3, dtype=torch.float64)
    normal = torch.distributions.Normal(0.0, 1.0).log_prob(x).sum(-1)
    assert (flow(Timed(3, [8]), entries=3, tolerance=1e-9).log_prob(x) - normal).abs().max() < 1e-6


def test_random_directions_are_right_on_average() -> None:
    x = torch.randn(20, 2, dtype=torch.float64)
    with torch.no_grad():
        estimate = flow(probes=4000, steps=32).log_prob(x)
        exact = flow(steps=32).log_prob(x)
    assert (estimate - exact).abs().max() < 0.1
    assert Continuous(Reals((100,)), Timed(100, [8]), Conditioner(ConditionFields())).knobs.probes == 1


def test_densities_of_samples_carry_gradients() -> None:
    made = flow(tolerance=1e-8)
    drawn = made.rscored(64)
    to_mean, to_covariance = torch.autograd.grad(drawn.log_prob.mean(), list(made.parameters()), retain_graph=True)
    assert to_mean.abs().max() < 1e-3  # where a normal lies does not change its entropy
    assert (to_covariance + torch.linalg.inv(COVARIANCE) / 2).abs().max() < 0.05
    to_mean, _ = torch.autograd.grad(drawn.x.mean(0).sum(), list(made.parameters()))
    assert (to_mean - 1).abs().max() < 1e-3


def test_rows_that_run_away_are_lost_alone() -> None:
    def field(y: Tensor, time: Tensor) -> Tensor:
        return torch.where(y > 5, torch.full_like(y, float("nan")), -y)

    y = torch.tensor([[1.0], [6.0]], dtype=torch.float64)
    found = solve(field, y, 0.0, 1.0, Solving())
    assert float(found[0]) == pytest.approx(math.exp(-1), abs=1e-4)
    assert torch.isnan(found[1])


def test_a_flow_too_sharp_to_follow_says_so() -> None:
    with pytest.raises(RequestError, match="raise tolerance, or set steps"):
        solve(lambda y, time: 1e7 * (1e7 * time).sin() * torch.ones_like(y), torch.zeros(1, 1), 0.0, 1.0, Solving())


@pytest.mark.parametrize("knobs", [{"order": 3}, {"steps": -1}, {"tolerance": 0}, {"probes": -2}, {"temperature": 0}])
def test_knobs_that_make_no_sense_are_refused(knobs: dict[str, float]) -> None:
    with pytest.raises(RequestError):
        Solving().turned(**knobs)


def test_matching_is_least_where_the_velocity_is_the_one_known() -> None:
    torch.manual_seed(0)
    batch = Batch(TARGET.sample((20_000,)))
    right, wrong = (flow(Between(MEAN + away, COVARIANCE)) for away in (0.0, 0.2))
    (loss,) = FlowMatching().losses(right, batch)
    (off,) = FlowMatching().losses(wrong, batch)
    assert loss.value < off.value
    gradients = torch.autograd.grad(loss.value, list(right.parameters()))
    assert max(float(gradient.abs().max()) for gradient in gradients) < 0.1
    with torch.no_grad():
        missed = FlowMatching().validation(right, batch)
    assert float(missed.mean()) == pytest.approx(loss.value.item(), rel=0.05)


def test_the_optimal_pairing_is_the_best_of_all() -> None:
    pytest.importorskip("scipy")
    torch.manual_seed(0)
    noise, x = torch.randn(6, 2), torch.randn(6, 2)

    def cost(order: tuple[int, ...]) -> float:
        return float((x - noise[list(order)]).square().sum())

    best = min(itertools.permutations(range(6)), key=cost)
    assert optimal(noise, x).tolist() == list(best)


def test_the_optimal_pairing_wants_no_condition_and_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    condition = Condition(torch.zeros(4, 1), torch.ones(4, 1, dtype=torch.bool))
    fields = ConditionFields((Number("heat"),))
    made = Continuous(Reals((2,)), Timed(2, [8], 4), Conditioner(fields, 4))
    with pytest.raises(RequestError, match="draws under a condition would be wrong"):
        next(FlowMatching("optimal").losses(made, Batch(torch.zeros(4, 2), condition)))
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(RequestError, match="needs scipy"):
        optimal(torch.zeros(2, 2), torch.zeros(2, 2))
