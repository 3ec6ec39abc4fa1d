"""Densities fitted to energies: the right gradients, no mode forgotten, and what annealing is worth."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition, ConditionFields
from sciencegen.core.generator import Scored
from sciencegen.core.objective import Ramp
from sciencegen.core.space import Reals
from sciencegen.families.flow import AffineCoupling, Flow, Reverse, SplineCoupling
from sciencegen.nets.conditioner import Conditioner
from sciencegen.objectives.annealed import annealed
from sciencegen.objectives.energies import Bootstrap, ReverseKL

MODES = torch.tensor([[-4.0, 0.0], [4.0, 1.0]])


def two_peaks(x: Tensor, condition: Condition | None) -> Tensor:
    """Two equal normals, far apart: ln Z is 0."""
    far = (x[:, None] - MODES.to(x)).square().sum(-1) / 2
    return math.log(4 * math.pi) - (-far).logsumexp(-1)


def flow(spline: bool = False) -> Flow:
    torch.manual_seed(0)
    layers = [SplineCoupling(2, [16], 0, bins=8, bound=8.0) if spline else AffineCoupling(2, [16]) for _ in range(4)]
    made = [part for layer in layers for part in (layer, Reverse())]
    return Flow(Reals((2,)), made, Conditioner(ConditionFields(), 0))


def shaken(spline: bool = False) -> Flow:
    made = flow(spline)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return made


def gradient(objective: ReverseKL, generator: Flow, seed: int, n: int = 2000) -> Tensor:
    torch.manual_seed(seed)
    (loss,) = objective.losses(generator, Batch(torch.empty(n, 0)))
    parts = torch.autograd.grad(loss.value, list(generator.parameters()))
    return torch.cat([part.flatten() for part in parts])


def test_the_path_gradient_has_the_mean_of_the_whole_one() -> None:
    generator = shaken()
    whole = torch.stack([gradient(ReverseKL(two_peaks), generator, seed) for seed in range(40)])
    path = torch.stack([gradient(ReverseKL(two_peaks, path=True), generator, seed) for seed in range(40)])
    error = ((whole.var(0) + path.var(0)) / 40).sqrt()
    off = (whole.mean(0) - path.mean(0)) / error.clamp_min(1e-9)
    assert off.square().mean() < 2


def test_the_path_gradient_is_still_where_the_fit_is_perfect() -> None:
    generator = flow()  # as it is made it is a standard normal

    def normal(x: Tensor, condition: Condition | None) -> Tensor:
        return x.square().sum(1) / 2

    assert gradient(ReverseKL(normal, path=True), generator, 0).abs().max() < 1e-5
    assert gradient(ReverseKL(normal), generator, 0).abs().max() > 1e-3


def test_the_loss_is_the_free_energy_and_softness_multiplies_the_energy() -> None:
    generator = shaken()
    torch.manual_seed(3)
    drawn = generator.rscored(500)
    for objective, softness in ((ReverseKL(two_peaks), 1.0), (ReverseKL(two_peaks, Ramp(0.25, 1.0, 10)), 0.25)):
        torch.manual_seed(3)
        (loss,) = objective.losses(generator, Batch(torch.empty(500, 0)))
        expected = (drawn.log_prob + softness * two_peaks(drawn.x, None)).mean()
        assert float(loss.value.detach()) == pytest.approx(float(expected.detach()), abs=1e-5)


def test_data_of_the_density_are_learned_from_beside_the_energy() -> None:
    generator, x = shaken(), MODES.repeat(50, 1) + torch.randn(100, 2)
    objective = ReverseKL(two_peaks, likelihood=0.5)
    torch.manual_seed(0)
    (loss,) = objective.losses(generator, Batch(x))
    torch.manual_seed(0)
    (alone,) = ReverseKL(two_peaks).losses(generator, Batch(x))
    nll = -generator.log_prob(x).mean()
    assert float(loss.value.detach()) == pytest.approx(float((alone.value + 0.5 * nll).detach()), abs=1e-5)
    assert objective.validation(generator, Batch(x)) is not None


def test_annealing_weighs_samples_right() -> None:
    def start(x: Tensor) -> Tensor:
        return -x.square().sum(1) / 18 - math.log(2 * math.pi * 9)

    torch.manual_seed(0)
    x = 3 * torch.randn(4000, 2)
    found = annealed(
        Scored(x, start(x)), start, lambda x: -two_peaks(x, None), temperings=4, moves=1, step=torch.tensor(0.8)
    )
    share = found.log_weight.double().softmax(0)
    assert float(found.log_weight.double().logsumexp(0)) - math.log(4000) == pytest.approx(0, abs=0.06)
    assert float((share * (found.x[:, 0] > 0)).sum()) == pytest.approx(0.5, abs=0.05)
    before = (-two_peaks(x, None) - start(x)).double().softmax(0)
    assert 1 / share.square().sum() > 1.2 / before.square().sum()
    assert 0.3 < found.taken < 1


@pytest.mark.slow
def test_the_bootstrap_finds_both_modes_where_reverse_kl_may_keep_one() -> None:
    generator = flow(spline=True)
    objective = Bootstrap(two_peaks)
    optimiser = torch.optim.Adam(generator.parameters(), 5e-3)
    torch.manual_seed(0)
    for _ in range(400):
        (loss,) = objective.losses(generator, Batch(torch.empty(256, 0)))
        optimiser.zero_grad()
        loss.value.backward()
        optimiser.step()
    drawn = generator.rscored(4000)
    right = float((drawn.x[:, 0] > 0).float().mean())
    assert 0.35 < right < 0.65
    log_w = -two_peaks(drawn.x, None) - drawn.log_prob
    assert float(log_w.logsumexp(0).detach()) - math.log(4000) == pytest.approx(0, abs=0.1)
