"""Fields of any size: what is asked for exactly is exact, sizes follow the noise, and what is drawn is periodic."""

from __future__ import annotations

import pytest
import torch

from sciencegen.core.condition import Condition, ConditionFields
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.families.fields import Fields, Quantile
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.fields import PlainMap
from sciencegen.nets.scorer import Scorer, Symmetric


def made(dimensions: int = 2, finish: Quantile | None = None) -> Fields:
    torch.manual_seed(0)
    net = PlainMap(1, [8], 3, 0, dimensions)
    space = Reals((1, *(16,) * dimensions))
    return Fields(space, net, Conditioner(ConditionFields()), finish).eval()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_samples_have_the_size_that_is_asked_for(dimensions: int) -> None:
    fields = made(dimensions)
    assert fields.sample(3).shape == (3, 1, *(16,) * dimensions)
    fields.knobs = fields.knobs.turned(size=24)  # type: ignore[assignment]
    assert fields.sample(2).shape == (2, 1, *(24,) * dimensions)


@pytest.mark.parametrize("size", [15, 1])
def test_sizes_that_noise_cannot_have_are_refused(size: int) -> None:
    fields = made()
    fields.knobs = fields.knobs.turned(size=size)  # type: ignore[assignment]
    with pytest.raises(RequestError, match=f"size={size}x{size}: expected a multiple of 2"):
        fields.sample(1)


def test_moved_noise_gives_the_same_field_moved_round() -> None:
    net = made().net
    noise = torch.randn(2, 3, 8, 8)
    context = torch.zeros(2, 0)
    moved = net(noise.roll((3, 5), (2, 3)), context)
    assert torch.allclose(moved, net(noise, context).roll((6, 10), (2, 3)), atol=1e-5)


def test_the_share_above_zero_is_exactly_what_is_asked() -> None:
    finish = Quantile(0, 0.5, 0.1)
    x = torch.randn(3, 1, 10, 10)
    asked = torch.tensor([0.25, 0.5, 0.9])
    known = torch.tensor([[True], [True], [False]])
    condition = Condition(((asked - 0.5) / 0.1)[:, None], known, {})
    found = (finish(x, condition) > 0).double().mean((1, 2, 3))
    assert found[:2].tolist() == pytest.approx([0.25, 0.5])
    assert torch.equal(finish(x, condition)[2], x[2])
    assert torch.equal(finish(x, None), x)
    one = Condition(torch.tensor([[2.0]]), torch.tensor([[True]]), {})  # one row for all
    assert (finish(x, one) > 0).double().mean((1, 2, 3)).tolist() == pytest.approx([0.7] * 3)


def test_a_field_moved_to_its_share_carries_gradients() -> None:
    finish = Quantile(0, 0.0, 1.0)
    x = torch.randn(2, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    condition = Condition(torch.tensor([[0.25], [0.75]]).double(), torch.ones(2, 1, dtype=torch.bool), {})
    assert torch.autograd.gradcheck(lambda y: finish(y, condition), x)


def test_a_critic_is_moved_about_while_it_learns_and_only_then() -> None:
    torch.manual_seed(0)
    scorer = Scorer(1, [4, 6], 0, 2)
    scorer.layers[0].layer.weight.data[..., 0] += 0.5  # type: ignore[index,union-attr]
    critic, x, context = Symmetric(scorer, ("roll", "flip", "turn")), torch.randn(4, 1, 16, 16), torch.zeros(4, 0)
    assert torch.equal(critic.eval()(x, context), scorer(x, context))
    critic.train()
    assert len({round(critic(x, context)[0].item(), 6) for _ in range(12)}) > 3


def test_the_slope_of_a_critic_has_a_slope() -> None:
    """Penalties on gradients need second derivatives, through convolutions that go on at the other side."""
    scorer, x = Scorer(1, [4, 6], 0, 2).double(), torch.randn(2, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(scorer(x, torch.zeros(2, 0)).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert all(
        p.grad is not None and p.grad.isfinite().all() for n, p in scorer.named_parameters() if "out.bias" not in n
    )
