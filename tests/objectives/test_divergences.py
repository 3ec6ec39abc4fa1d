"""Divergences: conjugates, bounds, and what the losses are smallest at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from sciencegen.errors import RequestError, UnknownName
from sciencegen.objectives.divergences import (
    DIVERGENCES,
    F_GENERATORS,
    Divergence,
    FDivergence,
    LeastSquares,
    Minimax,
    NonSaturating,
    RatioMatching,
    divergence,
)
from sciencegen.objectives.f_divergences import (
    Alpha,
    FGenerator,
    Jeffrey,
    KullbackLeibler,
    Neyman,
    Pearson,
    ReverseKullbackLeibler,
    SquaredHellinger,
    log_omega,
)
from sciencegen.objectives.jensen_shannon import GAN, JensenShannon, WeightedJensenShannon

INFINITY = math.inf
ALPHAS = (-1.0, -0.3, 0.5, 0.9, 1.5, 3.0)
GENERATORS: dict[str, FGenerator] = {
    **F_GENERATORS,
    **{f"alpha({alpha})": Alpha(alpha) for alpha in ALPHAS},
    "weighted-jensen-shannon(0.8)": WeightedJensenShannon(0.8),
}
each = pytest.mark.parametrize("f", GENERATORS.values(), ids=GENERATORS)


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def supremum(f: FGenerator, t: Tensor) -> Tensor:
    """sup_u u t - f(u), over a grid fine enough for u in [1e-7, 1e7]; Pearson's u may be negative."""
    u = torch.logspace(-7, 7, 400_001, dtype=torch.float64)
    if isinstance(f, Pearson):
        u = torch.linspace(-50, 50, 400_001, dtype=torch.float64)
    return torch.stack([(u * one - f.f(u)).max() for one in t])


@each
def test_the_conjugate_is_the_supremum_it_stands_for(f: FGenerator) -> None:
    u = numbers(0.02, 0.3, 0.7, 1.0, 1.6, 4.0, 20.0)
    t = f.slope(u) * (1 - 1e-9)
    assert f.conjugate(t).sub(supremum(f, t)).abs().max() < 1e-5


def test_the_conjugate_of_an_alpha_above_one_is_flat_where_no_ratio_is_left() -> None:
    f, t = Alpha(1.5), numbers(-2.5, -4.0, -30.0)
    assert torch.allclose(f.conjugate(t), supremum(f, t), atol=1e-6)


@each
def test_slopes_are_derivatives(f: FGenerator) -> None:
    u = numbers(0.03, 0.5, 1.5, 7.0).requires_grad_()
    (derivative,) = torch.autograd.grad(f.f(u).sum(), u)
    assert torch.allclose(f.slope(u), derivative)


@each
def test_fenchel_holds_with_equality_at_the_slope(f: FGenerator) -> None:
    u = torch.logspace(-2, 2, 41, dtype=torch.float64)
    t = f.slope(u)
    assert torch.allclose(f.conjugate(t), u * t - f.f(u), atol=1e-9)


@each
def test_composed_forms_equal_their_definition(f: FGenerator) -> None:
    v = torch.linspace(-6, 6, 49, dtype=torch.float64)
    assert torch.allclose(f.fake(v), f.conjugate(f.real(v)), rtol=1e-6, atol=1e-9)


@each
def test_the_activation_rises_and_reaches_every_best_t(f: FGenerator) -> None:
    v = torch.linspace(-70, 70, 4001, dtype=torch.float64)
    t = f.real(v)
    best = f.slope(torch.logspace(-1, 1, 21, dtype=torch.float64))
    assert (t.diff() >= 0).all()
    assert t.min() <= best.min() + 1e-9
    assert t.max() >= best.max() - 1e-9


@each
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_scores_of_fifty_have_finite_values_and_gradients(f: FGenerator, dtype: torch.dtype) -> None:
    if f == Alpha(0.9):
        pytest.skip("grows as exp(9 v)")
    v = torch.tensor([-50.0, -20.0, 0.0, 20.0, 50.0], dtype=dtype, requires_grad=True)
    for form in (f.real, f.fake):
        value = form(v)
        (slope,) = torch.autograd.grad(value.sum(), v)
        assert value.isfinite().all()
        assert slope.isfinite().all()
        assert (slope >= 0).all() or isinstance(f, Pearson)


@each
def test_scores_of_any_size_give_no_nan(f: FGenerator) -> None:
    v = torch.tensor([-1e4, -200.0, 200.0, 1e4], requires_grad=True)
    for form in (f.real, f.fake):
        value = form(v)
        (slope,) = torch.autograd.grad(value.sum(), v)
        assert not value.isnan().any()
        assert not slope.isnan().any()


def test_log_omega_solves_its_equation_and_knows_two_derivatives() -> None:
    z = torch.cat((torch.linspace(-60, 60, 241), torch.tensor([0.999, 1.0, 1.001, 1e4]))).double().requires_grad_()
    y = log_omega(z)
    assert torch.allclose(y.exp() + y, z, rtol=1e-12, atol=1e-12)
    (first,) = torch.autograd.grad(y.sum(), z, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), z)
    w = y.detach().exp()
    assert torch.allclose(first, 1 / (1 + w))
    assert torch.allclose(second, -w / (1 + w) ** 3)


@dataclass(frozen=True)
class Pair:
    """Two normals on a line, p and q, and a grid to integrate over."""

    x: Tensor
    p: Tensor
    q: Tensor

    def integral(self, values: Tensor) -> float:
        return float(torch.trapezoid(values, self.x))

    def divergence(self, f: FGenerator) -> float:
        return self.integral(self.q * f.f(self.p / self.q))

    def bound(self, f: FGenerator, t: Tensor) -> float:
        return self.integral(self.p * t - self.q * f.conjugate(t))


MEAN, STD = 0.5, 1.1  # of q; p is standard


def normal(x: Tensor, mean: float, std: float) -> Tensor:
    return torch.exp(-0.5 * ((x - mean) / std).square()) / (std * math.sqrt(2 * math.pi))


@pytest.fixture(scope="module")
def pair() -> Pair:
    x = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
    return Pair(x, normal(x, 0, 1), normal(x, MEAN, STD))


def test_divergences_of_two_normals_are_the_known_formulas(pair: Pair) -> None:
    kl = math.log(STD) + (1 + MEAN**2) / (2 * STD**2) - 0.5
    reverse = -math.log(STD) + (STD**2 + MEAN**2) / 2 - 0.5
    overlap = math.sqrt(2 * STD / (1 + STD**2)) * math.exp(-0.25 * MEAN**2 / (1 + STD**2))
    mixed = (pair.p + pair.q) / 2
    js = pair.integral(pair.p * (pair.p / mixed).log() + pair.q * (pair.q / mixed).log()) / 2
    known = {
        KullbackLeibler(): kl,
        ReverseKullbackLeibler(): reverse,
        Jeffrey(): kl + reverse,
        SquaredHellinger(): 2 - 2 * overlap,
        Pearson(): pair.integral(pair.p**2 / pair.q) - 1,
        Neyman(): pair.integral(pair.q**2 / pair.p) - 1,
        JensenShannon(): 2 * js,
        WeightedJensenShannon(0.5): js,
        GAN(): 2 * js - math.log(4),
        F_GENERATORS["total-variation"]: pair.integral((pair.p - pair.q).abs()) / 2,
        Alpha(2.0): pair.integral(pair.p**2 / pair.q) / 2 - 0.5,
    }
    for f, value in known.items():
        assert pair.divergence(f) == pytest.approx(value, abs=1e-6), f


def test_the_weighted_jensen_shannon_measures_both_sides_from_their_mixture(pair: Pair) -> None:
    mixed = 0.2 * pair.p + 0.8 * pair.q
    expected = pair.integral(0.2 * pair.p * (pair.p / mixed).log() + 0.8 * pair.q * (pair.q / mixed).log())
    assert pair.divergence(WeightedJensenShannon(0.2)) == pytest.approx(expected, abs=1e-6)


@each
def test_the_best_critic_attains_the_divergence_and_any_other_less(f: FGenerator, pair: Pair) -> None:
    u, exact = pair.p / pair.q, pair.divergence(f)
    assert pair.bound(f, f.slope(u)) == pytest.approx(exact, abs=1e-7)
    for bump in (torch.sin(2 * pair.x), -torch.exp(-pair.x.square()), torch.full_like(u, 0.5)):
        assert pair.bound(f, f.slope(u * bump.exp())) < exact - 1e-5


def quantiles(mean: float, std: float, n: int = 4000) -> Tensor:
    """An even sample of a normal, whose means are integrals."""
    at: Tensor = torch.special.ndtri((torch.arange(n, dtype=torch.float64) + 0.5) / n)
    return mean + std * at


def ratio(x: Tensor) -> Tensor:
    return normal(x, 0, 1) / normal(x, MEAN, STD)


def inverse_softplus(r: Tensor) -> Tensor:
    return r + (1 - torch.exp(-r)).log()


BUMPS: list[Callable[[Tensor], Tensor]] = [
    torch.sin,
    torch.cos,
    lambda x: torch.exp(-x.square()),
    lambda x: -torch.exp(-x.square()),
]
BEST_SCORES: dict[str, Callable[[Tensor], Tensor]] = {
    "minimax": lambda r: r.log(),
    "non-saturating": lambda r: r.log(),
    "least-squares": lambda r: r / (1 + r),
    "lsif": inverse_softplus,
    "kliep": inverse_softplus,
    "logistic-ratio": inverse_softplus,
    "kl": lambda r: 1 + r.log(),
    "reverse-kl": lambda r: r.log(),
    "gan": lambda r: r.log(),
    "jensen-shannon": lambda r: r.log(),
    "pearson": lambda r: 2 * (r - 1),
    "hellinger": lambda r: r.log() / 2,
    "neyman": lambda r: 2 * r.log(),
}


@pytest.mark.parametrize("name", BEST_SCORES)
def test_the_true_ratio_is_what_a_critic_ends_at(name: str) -> None:
    real, fake = quantiles(0, 1), quantiles(MEAN, STD)
    loss, best = divergence(name), BEST_SCORES[name]
    least = loss.critic(best(ratio(real)), best(ratio(fake)))
    for bump in BUMPS:
        other = loss.critic(best(ratio(real)) + 0.1 * bump(real), best(ratio(fake)) + 0.1 * bump(fake))
        assert other > least + 1e-5


@pytest.mark.parametrize("f", [KullbackLeibler(), ReverseKullbackLeibler(), Pearson(), GAN()], ids=repr)
def test_ratio_matching_moves_a_generator_as_the_exact_divergence_would(f: FGenerator) -> None:
    mean = torch.tensor(MEAN, dtype=torch.float64, requires_grad=True)
    x = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
    q = torch.exp(-0.5 * ((x - mean) / STD) ** 2) / (STD * math.sqrt(2 * math.pi))
    exact = torch.trapezoid(q * f.f(normal(x, 0, 1) / q), x)
    fake = quantiles(0, STD) + mean
    scores = inverse_softplus(normal(fake, 0, 1) / normal(fake, MEAN, STD))
    ours = RatioMatching(Pearson(), f).generator(scores, scores)
    (wanted,), (given,) = torch.autograd.grad(exact, mean), torch.autograd.grad(ours, mean)
    assert given.item() == pytest.approx(wanted.item(), rel=5e-3)


@pytest.mark.parametrize("name", F_GENERATORS)
def test_a_saturating_generator_lowers_what_the_critic_raises(name: str) -> None:
    loss = FDivergence(F_GENERATORS[name], saturating=True)
    real, fake = torch.randn(9), torch.randn(9)
    shared = loss.critic(real, fake) + loss.generator(real, fake)
    assert torch.allclose(shared, loss.critic(real, fake + 1) + loss.generator(real, fake + 1), atol=1e-4)


def test_the_gan_divergence_is_the_original_game() -> None:
    real, fake = torch.randn(50), torch.randn(50)
    pairs: list[tuple[Divergence, Divergence]] = [
        (FDivergence(GAN(), saturating=True), Minimax()),
        (FDivergence(GAN()), NonSaturating()),
    ]
    for ours, known in pairs:
        assert torch.allclose(ours.critic(real, fake), known.critic(real, fake))
        assert torch.allclose(ours.generator(real, fake), known.generator(real, fake))


@pytest.mark.parametrize("name", DIVERGENCES)
def test_a_critic_wants_real_above_fake_and_a_generator_wants_fake_up(name: str) -> None:
    real, fake = torch.full((8,), 0.3, requires_grad=True), torch.full((8,), 0.3, requires_grad=True)
    loss = divergence(name)
    by_real, by_fake = torch.autograd.grad(loss.critic(real, fake), (real, fake))
    (by_generator,) = torch.autograd.grad(loss.generator(real.detach(), fake), fake)
    assert (by_real < 0).all()
    assert (by_fake > 0).all()
    assert (by_generator < 0).all()


def test_least_squares_aims_where_it_is_told() -> None:
    loss, scores = LeastSquares(a=-1, b=1, c=0), torch.zeros(4)
    assert loss.generator(scores, scores) == 0
    assert loss.critic(scores + 1, scores - 1) == 0
    assert loss.critic(scores, scores) == 1


def test_names_that_do_not_exist_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'wasserstein'"):
        divergence("waserstein")


@pytest.mark.parametrize("wrong", [lambda: Alpha(1), lambda: Alpha(0), lambda: WeightedJensenShannon(1.0)])
def test_parameters_without_a_divergence_are_refused(wrong: Callable[[], FGenerator]) -> None:
    with pytest.raises(RequestError, match=r"expected|name of its own"):
        wrong()
