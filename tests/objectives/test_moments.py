"""Matching without a critic: estimates, kernels and conditions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition, ConditionFields, Continuous
from sciencegen.core.generator import Pathwise
from sciencegen.core.objective import Objective
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.families.implicit import Implicit
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.mlp import MLP
from sciencegen.objectives.moments import (
    MMD,
    EnergyKernel,
    GaussianKernel,
    Kernel,
    MedianScaled,
    MomentMatching,
    RationalQuadraticKernel,
)

KERNELS = [
    GaussianKernel(),
    RationalQuadraticKernel(),
    EnergyKernel(),
    MedianScaled(GaussianKernel()),
    MedianScaled(EnergyKernel()),
]
each = pytest.mark.parametrize("kernel", KERNELS, ids=repr)


class Shifted(Pathwise):
    """Standard normal samples moved by a shift, scaled, and by a slope times the first field."""

    def __init__(self, shift: float = 0.0, scale: float = 1.0, slope: float = 0.0) -> None:
        super().__init__()
        self.space = Reals((2,))
        self.shift, self.scale = nn.Parameter(torch.tensor(shift)), nn.Parameter(torch.tensor(scale))
        self.slope = nn.Parameter(torch.tensor(slope))

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        follow = 0 if condition is None else self.slope * condition.values.sum(1, keepdim=True)
        return self.shift + follow + self.scale * self.noise(n, 2)

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition).detach()


class Fixed(Shifted):
    """The same samples every time."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.x = x

    def rsample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.x[:n] + self.shift


def value(objective: Objective, generator: Pathwise, batch: Batch) -> Tensor:
    (loss,) = objective.losses(generator, batch)
    assert loss.updates is generator
    return loss.value


def gradient(objective: Objective, generator: Shifted, batch: Batch, name: str) -> float:
    (slope,) = torch.autograd.grad(value(objective, generator, batch), generator.get_parameter(name))
    return slope.item()


@each
def test_the_unbiased_estimate_is_zero_on_average_for_equal_distributions(kernel: Kernel) -> None:
    torch.manual_seed(0)
    draws = torch.stack([value(MMD(kernel), Shifted(), Batch(torch.randn(40, 2))) for _ in range(300)])
    error = draws.std() / len(draws) ** 0.5
    assert draws.mean().abs() < 4 * error
    assert (draws < 0).any()


@each
def test_the_biased_estimate_is_never_negative_and_zero_for_equal_samples(kernel: Kernel) -> None:
    x = torch.randn(30, 2)
    biased = MMD(kernel, unbiased=False)
    assert value(biased, Fixed(x), Batch(x)).item() == pytest.approx(0, abs=1e-5)
    assert value(biased, Fixed(torch.randn(30, 2)), Batch(x)) > 1e-4


@each
def test_a_shift_is_seen_and_undone(kernel: Kernel) -> None:
    torch.manual_seed(0)
    batch = Batch(torch.randn(200, 2))
    values = [value(MMD(kernel), Shifted(shift), batch).item() for shift in (0.0, 0.7, 1.5)]
    assert values[0] < values[1] < values[2]
    assert gradient(MMD(kernel), Shifted(0.7), batch, "shift") > 0
    assert gradient(MMD(kernel), Shifted(-0.7), batch, "shift") < 0


@each
def test_the_estimate_is_the_sum_over_pairs_that_defines_it(kernel: Kernel) -> None:
    x, y = torch.randn(7, 2).double(), torch.randn(7, 2).double()
    similar = kernel(torch.cdist(torch.cat((x, y)), torch.cat((x, y))).square())
    total = 0.0
    for i in range(7):
        for j in range(7):
            within = similar[i, j] + similar[7 + i, 7 + j] if i != j else 0.0
            total += float(within / 42 - 2 * similar[i, 7 + j] / 49)
    assert value(MMD(kernel), Fixed(y), Batch(x)).item() == pytest.approx(total, abs=1e-6)


def test_the_energy_kernel_gives_the_energy_distance() -> None:
    x, y = torch.randn(50, 2).double(), torch.randn(50, 2).double()
    energy = 2 * torch.cdist(x, y).mean() - torch.cdist(x, x).mean() - torch.cdist(y, y).mean()
    ours = value(MMD(EnergyKernel(1e-9), unbiased=False), Fixed(y), Batch(x))
    assert ours.item() == pytest.approx(energy.item(), abs=1e-5)


@each
def test_equal_samples_give_finite_gradients(kernel: Kernel) -> None:
    x = torch.zeros(8, 2)
    (slope,) = torch.autograd.grad(value(MMD(kernel), still := Fixed(x), Batch(x)), still.shift)
    assert slope.isfinite()


def test_the_median_makes_the_estimate_forget_the_unit() -> None:
    x, y = torch.randn(60, 2), torch.randn(60, 2) + 1
    kernel = MedianScaled(GaussianKernel())
    here, there = (value(MMD(kernel), Fixed(unit * y), Batch(unit * x)) for unit in (1.0, 1000.0))
    assert here.item() == pytest.approx(there.item(), rel=1e-3)


def test_small_distances_survive_a_large_common_value() -> None:
    x, y = torch.randn(60, 2), torch.randn(60, 2) + 1
    here, there = (value(MMD(GaussianKernel()), Fixed(y + far), Batch(x + far)) for far in (0.0, 1e4))
    assert here.item() == pytest.approx(there.item(), abs=0.02)


def test_held_out_scores_average_to_the_discrepancy_and_point_at_what_is_missing() -> None:
    torch.manual_seed(0)
    objective, generator = MMD(GaussianKernel()), Shifted()
    missed = Batch(torch.cat((torch.randn(90, 2), torch.randn(10, 2) + 6)))
    torch.manual_seed(1)
    scores = objective.validation(generator, missed)
    torch.manual_seed(1)
    assert scores.mean().item() == pytest.approx(value(objective, generator, missed).item(), abs=1e-6)
    assert scores[90:].mean() > scores[:90].mean()


def test_moments_give_no_score_to_a_sample() -> None:
    objective: Objective = MomentMatching()
    assert objective.validation(Shifted(), Batch(torch.randn(4, 2))) is None


FIELDS = ConditionFields((Continuous("dose"),))


@pytest.mark.parametrize("objective", [MMD(GaussianKernel()), MomentMatching()], ids=["mmd", "moments"])
def test_a_condition_that_is_ignored_is_seen(objective: Objective) -> None:
    torch.manual_seed(0)
    dose = torch.randn(400, 1)
    condition = FIELDS.rows({"dose": dose[:, 0].tolist()})
    batch = Batch(dose + 0.5 * torch.randn(400, 2), condition)
    deaf = Shifted(scale=(1 + 0.25) ** 0.5)  # the marginal of the data, whatever the dose
    hears = Shifted(scale=0.5, slope=1.0)
    assert value(objective, hears, batch) < 0.5 * value(objective, deaf, batch)
    assert gradient(objective, deaf, batch, "slope") < 0


def test_unknown_values_do_not_matter() -> None:
    x, known = torch.randn(20, 2), torch.zeros(20, 1, dtype=torch.bool)
    batches = [Batch(x, Condition(values, known)) for values in (torch.zeros(20, 1), torch.randn(20, 1))]
    one, other = (value(MMD(GaussianKernel()), Fixed(x + 1), batch) for batch in batches)
    assert one == other


def test_tensors_that_are_given_cannot_be_matched() -> None:
    condition = Condition(torch.zeros(4, 0), torch.zeros(4, 0, dtype=torch.bool), {"image": torch.zeros(4, 9)})
    with pytest.raises(RequestError, match="given image"):
        value(MMD(GaussianKernel()), Shifted(), Batch(torch.randn(4, 2), condition))


def test_one_sample_makes_no_pair() -> None:
    with pytest.raises(RequestError, match="2 samples or more"):
        value(MMD(GaussianKernel()), Shifted(), Batch(torch.randn(1, 2)))


@pytest.mark.parametrize("order", [1, 2, 4])
def test_equal_samples_have_equal_moments(order: int) -> None:
    x = torch.randn(30, 2)
    assert value(MomentMatching(order), Fixed(x), Batch(x)) == 0


def test_each_order_sees_what_the_lower_ones_cannot() -> None:
    torch.manual_seed(0)
    n = 20_000
    normal = torch.randn(n, 2)
    wide = 2 * normal
    skewed = (torch.rand(n, 2).log() + 1).neg()  # mean 0, spread 1, skewness 2
    mixed = torch.stack((normal[:, 0], normal[:, 0]), 1)  # covariance only
    flat = (torch.rand(n, 2) - 0.5) * 12**0.5  # fourth moment only
    for other, order in ((normal + 1, 1), (wide, 2), (mixed, 2), (skewed, 3), (flat, 4)):
        lower = value(MomentMatching(order - 1), Fixed(other), Batch(normal)) if order > 1 else torch.zeros(())
        assert lower < 0.01
        assert value(MomentMatching(order), Fixed(other), Batch(normal)) > 0.3


def test_moments_do_not_depend_on_units_and_constants_have_none() -> None:
    x, y = torch.randn(100, 2).double(), torch.randn(100, 2).double() * 1.3 + 0.2
    unit = torch.tensor([1e-3, 1e3]).double()
    here, there = (value(MomentMatching(3), Fixed(y * u), Batch(x * u)) for u in (torch.ones(2), unit))
    assert here.item() == pytest.approx(there.item(), rel=1e-6)
    x[:, 0] = 0.1
    assert value(MomentMatching(3), Fixed(y), Batch(x)).item() < 10


def test_moments_move_a_generator_the_right_way() -> None:
    batch = Batch(torch.randn(500, 2))
    assert gradient(MomentMatching(1), Shifted(0.5), batch, "shift") > 0
    assert gradient(MomentMatching(2), Shifted(scale=0.5), batch, "scale") < 0
    assert gradient(MomentMatching(2), Shifted(scale=2.0), batch, "scale") > 0


def test_features_are_what_is_compared() -> None:
    class Radius(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.square().sum(-1, keepdim=True).sqrt()

    x = torch.randn(200, 2)
    turned = Fixed(x.flip(1) * torch.tensor([1.0, -1.0]))
    assert value(MomentMatching(3, Radius()), turned, Batch(x)) < 1e-9
    assert value(MMD(GaussianKernel(), unbiased=False, features=Radius()), turned, Batch(x)).abs() < 1e-5


def test_an_order_of_nothing_is_refused() -> None:
    with pytest.raises(RequestError, match="order=0"):
        MomentMatching(0)


@pytest.mark.parametrize("objective", [MMD(), MomentMatching(3)], ids=["mmd", "moments"])
def test_every_parameter_of_a_net_gets_a_gradient(objective: Objective) -> None:
    conditioner = Conditioner(FIELDS, 4)
    generator = Implicit(Reals((2,)), MLP(3, 2, (8,), conditioner.width), (3,), conditioner)
    condition = FIELDS.rows({"dose": [0.1, None] * 16})
    value(objective, generator, Batch(torch.randn(32, 2), condition)).backward()
    assert all(p.grad is not None and (p.grad != 0).any() for p in generator.parameters())
