"""Noise is found again of which a generator made what was measured, and draws spread where nothing was."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from sciencegen.core.condition import Condition, ConditionFields, Continuous
from sciencegen.core.generator import Pushforward, Spread
from sciencegen.core.space import Reals
from sciencegen.families.fields import Fields
from sciencegen.families.implicit import Implicit
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.fields import PlainMap
from sciencegen.search.hamiltonian import Walk
from sciencegen.search.inverse import Fit, Inverse, curvature, fitted, perturbed, walked
from sciencegen.search.measurements import Known, projections

SHAPE = (1, 4, 4)


class Linear(Pushforward):
    """Samples that are a matrix times noise, so that the posterior is known in closed form."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.space, self.knobs = Reals(SHAPE), Spread()
        self.matrix = nn.Parameter(torch.randn(16, 5) / 2)

    def prior(self, n: int) -> Tensor:
        return self.noise(n, 5)

    def decoded(self, z: Tensor, condition: Condition | None = None) -> Tensor:
        return (z @ self.matrix.T).view(-1, *SHAPE)

    def sample(self, n: int, condition: Condition | None = None) -> Tensor:
        return self.rsample(n, condition).detach()


def linear(n: int = 1) -> tuple[Inverse, Tensor, Tensor]:
    """An inverse problem of a linear generator, and the mean and covariance of its posterior."""
    known = torch.zeros(4, 4, dtype=torch.bool)
    known.view(-1)[:3] = True
    generator, measurement = Linear(), Known(known)
    y, noise = measurement.measure(generator.sample(n)), torch.full((n,), 0.2)
    rows = generator.matrix.detach()[:3]
    covariance = torch.linalg.inv(torch.eye(5) + rows.T @ rows / 0.04)
    return Inverse(generator, measurement, y, noise), y @ rows / 0.04 @ covariance, covariance


def textures(seed: int = 0) -> Fields:
    torch.manual_seed(seed)
    space, fields = Reals((1, 8, 8)), ConditionFields((Continuous("share"),))
    made = Fields(space, PlainMap(1, [6], 2, 4, 2), Conditioner(fields, 4)).eval()
    for parameter in made.parameters():
        parameter.requires_grad_(False)
        parameter.mul_(2.0)  # untrained nets hardly look at their noise
    return made


def test_the_best_fit_of_a_linear_generator_is_the_mean_of_the_posterior() -> None:
    inverse, mean, _ = linear(3)
    assert torch.allclose(fitted(inverse, Fit(steps=40, wander=20)), mean, atol=1e-3)


def test_perturbed_draws_of_a_linear_generator_are_of_the_posterior() -> None:
    inverse, mean, covariance = linear()
    z = perturbed(inverse, 2000, Fit(steps=30), fitted(inverse, Fit()))
    assert torch.allclose(z.mean(0), mean[0], atol=0.1)
    assert torch.allclose(z.T.cov(), covariance, atol=0.1)


def test_chains_tend_to_the_posterior_wherever_they_begin() -> None:
    inverse, mean, covariance = linear()
    several = inverse.repeated(2000)
    chain = walked(several, 3 * torch.ones(2000, 5), Walk(moves=40, leaps=8, length=0.3))
    assert torch.allclose(chain.z.mean(0), mean[0], atol=0.1)
    assert torch.allclose(chain.z.T.cov(), covariance, atol=0.1)
    assert 0.5 < chain.accepted.mean() <= 1


def test_the_curvature_is_that_of_the_energy() -> None:
    inverse, mean, covariance = linear()
    found = curvature(inverse, mean, probes=4000)
    assert torch.allclose(found[0], torch.linalg.inv(covariance).diagonal(), rtol=0.1)


@pytest.mark.parametrize("kind", ["projections", "known"])
def test_an_image_the_generator_made_is_recovered(kind: str) -> None:
    generator = textures()
    x = generator.sample(1)
    most = torch.rand(8, 8, generator=torch.Generator().manual_seed(0)) < 0.9
    measurement = projections((1, 8, 8), 1.0) if kind == "projections" else Known(most)
    inverse = Inverse(generator, measurement, measurement.measure(x), torch.full((1,), 1e-3))
    found = inverse.samples(fitted(inverse, Fit(starts=3, wander=100)))
    assert (found - x).square().mean() < 0.02 * x.square().mean()


def test_draws_agree_where_something_was_measured_and_differ_elsewhere() -> None:
    generator = textures()
    x = generator.sample(1)
    known = torch.ones(8, 8, dtype=torch.bool)
    known[:, 2:] = False
    inverse = Inverse(generator, Known(known), Known(known).measure(x), torch.full((1,), 0.01))
    fit = Fit(steps=80, wander=40)
    draws = inverse.repeated(6).samples(perturbed(inverse, 6, fit, fitted(inverse, fit)))
    spread, usual = draws.std(0)[0], generator.sample(200).std(0)[0]
    assert spread[known].mean() < 0.2 * usual.mean()
    assert spread[:, 4:6].mean() > 3 * spread[known].mean()


def test_what_is_known_besides_is_told_to_the_generator() -> None:
    generator = textures()
    condition = Condition(torch.tensor([[2.0], [-1.0]]), torch.ones(2, 1, dtype=torch.bool), {})
    inverse = Inverse(generator, projections((1, 8, 8), 0.6), torch.zeros(2, 38), torch.ones(2), condition)
    z = generator.prior(2)
    assert torch.equal(inverse.samples(z), generator.decoded(z, condition))
    twice = inverse.repeated(2).samples(z.repeat_interleave(2, 0))
    assert torch.allclose(twice, inverse.samples(z).repeat_interleave(2, 0), atol=1e-4)


class Dense(nn.Module):
    """Noise through a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 16)

    def forward(self, z: Tensor, context: Tensor) -> Tensor:
        return torch.tanh(self.layer(z))


def test_implicit_models_have_noise_that_can_be_held() -> None:
    generator = Implicit(Reals(SHAPE), Dense(), (3,), Conditioner(ConditionFields()))
    z = generator.prior(4)
    assert generator.decoded(z).shape == (4, *SHAPE)
    assert torch.equal(generator.decoded(z), generator.decoded(z))
