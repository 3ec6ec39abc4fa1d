"""Priors of latents: a learned one is a density, draws what it says, and is what the evidence is bound with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sciencegen.core.generator import Variational
from sciencegen.core.normal import log_normal
from sciencegen.errors import RequestError
from sciencegen.families.flow import AffineCoupling, Reverse
from sciencegen.families.vae import Carried, Diagonal, Prior, Standard
from tests.conformance.tiny import Tiny, points, tiny


def _carried(context: int = 3, shaken: bool = True) -> Carried:
    torch.manual_seed(0)
    layers = [(AffineCoupling(2, [16], context), Reverse()) for _ in range(3)]
    prior = Carried([part for layer in layers for part in layer])
    for parameter in prior.parameters() if shaken else ():
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    return prior.double()


def test_a_carried_prior_is_a_density() -> None:
    line = torch.linspace(-25, 25, 601, dtype=torch.float64)
    z = torch.cartesian_prod(line, line)
    for context in torch.randn(3, 3, dtype=torch.float64):
        with torch.no_grad():
            log_p = _carried().log_prob(z, context.expand(len(z), -1))
        assert float(log_p.exp().sum() * (line[1] - line[0]) ** 2) == pytest.approx(1, abs=2e-3)


def test_a_carried_prior_draws_what_it_says() -> None:
    """The density at a draw is that of its noise over the change of volume, as autograd finds it."""
    prior = _carried()
    noise, context = torch.randn(5, 2, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    z = prior.to_latents(noise, context)
    for i in range(5):
        jacobian = torch.autograd.functional.jacobian(
            lambda one, i=i: prior.to_latents(one[None], context[i : i + 1])[0], noise[i]
        )
        expected = log_normal(noise[i]) - torch.linalg.slogdet(jacobian)[1]
        assert torch.allclose(prior.log_prob(z[i : i + 1], context[i : i + 1]), expected, rtol=0, atol=1e-9)


def test_several_draws_of_each_row_read_the_context_of_their_row() -> None:
    prior = _carried()
    z, context = torch.randn(4, 5, 2, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    together = prior.log_prob(z, context)
    assert together.shape == (4, 5)
    assert torch.allclose(together, torch.stack([prior.log_prob(one, context) for one in z]))


@pytest.mark.parametrize("prior", [Standard(), _carried(0, shaken=False)], ids=["standard", "carried"])
def test_rates_are_the_distance_to_the_prior(prior: Prior) -> None:
    """Transforms that have learned nothing move nothing: both rates are that to a standard normal."""
    torch.manual_seed(2)
    posterior, h = Diagonal(4, 2).double(), torch.randn(3, 4, dtype=torch.float64)
    draw, context = posterior(h, 20_000), torch.zeros(3, 0, dtype=torch.float64)
    assert torch.allclose(prior.rate(draw, context), draw.rate, atol=0.05)
    assert (draw.rate > 0.01).all()


def test_probabilities_under_a_learned_prior_sum_to_one() -> None:
    generator = tiny("sentences/grammar-vae", prior="flow", shaken=False).generator
    assert isinstance(generator, Variational)
    with torch.no_grad():
        for parameter in generator.latent_prior.parameters():  # type: ignore[union-attr]
            parameter.add_(0.05 * torch.randn_like(parameter))
        weights = generator.log_weights(points(generator.space), None, 2_000).double()  # type: ignore[arg-type]
    assert weights.exp().mean(0).sum() == pytest.approx(1, abs=0.05)


def test_what_is_asked_moves_latents_of_a_learned_prior_alone() -> None:
    for prior, moves in (("normal", False), ("flow", True)):
        made = tiny("molecules/grammar-vae", prior=prior)
        found = []
        for value in (0.0, 3.0):
            torch.manual_seed(4)
            found.append(made.generator.prior(8, made.fields.row({made.fields.names[0]: value})))  # type: ignore[operator]
        assert bool((found[0] != found[1]).any()) is moves


def test_a_model_with_a_normal_prior_goes_on_with_a_learned_one(tmp_path: Path) -> None:
    first = tiny("sentences/grammar-vae", out=tmp_path / "first")
    for _ in first.fit:
        pass
    second = tiny("sentences/grammar-vae", prior="flow", start=tmp_path / "first", shaken=False)
    before, after = first.generator.state_dict(), second.generator.state_dict()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert any(name.startswith("latent_prior") for name in after)


@pytest.mark.parametrize("name", ["sentences/grammar-vae", "molecules/graph-vae"])
def test_a_prior_that_learns_alone_moves_nothing_else(name: str) -> None:
    made = tiny(name, prior="flow", learn="prior", steps=30, rate=0.01)
    before = {name: weight.clone() for name, weight in made.generator.state_dict().items()}
    rates = [_rate(made)]
    for _ in made.fit:
        pass
    rates.append(_rate(made))
    moved = {name for name, weight in made.generator.state_dict().items() if not torch.equal(weight, before[name])}
    assert moved
    assert all(name.startswith("latent_prior") for name in moved)
    assert rates[1] < rates[0]


def _rate(made: Tiny) -> float:
    """What latents of a batch cost in the middle: far ones cost much now and then."""
    batch = made.batch()
    torch.manual_seed(3)
    with torch.no_grad():
        return float(made.generator.rate(batch.x, batch.condition).median())  # type: ignore[operator]


@pytest.mark.parametrize("name", ["sentences/grammar-vae", "molecules/graph-vae"])
def test_a_normal_prior_has_nothing_to_learn(name: str) -> None:
    with pytest.raises(RequestError, match=r"learn=prior: .* set prior=flow"):
        tiny(name, learn="prior")


def test_where_others_are_blind_the_prior_alone_is_told() -> None:
    made = tiny("molecules/grammar-vae", prior="flow", blind=True)
    generator, condition, x = made.generator, made.batch().condition, made.batch().x
    assert torch.equal(generator.encode(x, condition), generator.encode(x))  # type: ignore[operator]
    z = generator.prior(len(x))  # type: ignore[operator]
    assert torch.equal(generator.decode(z, condition), generator.decode(z))  # type: ignore[operator]
    found = []
    for asked in (condition, None):
        torch.manual_seed(5)
        found.append(generator.prior(len(x), asked))  # type: ignore[operator]
    assert not torch.equal(*found)


def test_guidance_goes_on_from_where_nothing_was_asked_through_what_was() -> None:
    made = tiny("molecules/grammar-vae", prior="flow")
    generator, asked = made.generator, made.fields.row({made.fields.names[0]: 3.0})
    found = {}
    for guidance in (0.0, 1.0, 3.0):
        generator.knobs = generator.knobs.turned(guidance=guidance)
        torch.manual_seed(6)
        found[guidance] = generator.prior(8, asked)  # type: ignore[operator]
    torch.manual_seed(6)
    assert torch.allclose(found[0.0], generator.prior(8))  # type: ignore[operator]
    assert torch.allclose(found[3.0], 3 * found[1.0] - 2 * found[0.0], atol=1e-5)


def test_guidance_of_a_prior_that_is_told_nothing_is_refused() -> None:
    generator = tiny("molecules/grammar-vae").generator
    generator.knobs = generator.knobs.turned(guidance=2.0)
    with pytest.raises(RequestError, match=r"guidance=2: .* the same whatever is asked"):
        generator.sample(2)
