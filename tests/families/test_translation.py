"""Maps made of maps: what is given decides, noise makes several, and there and back are two nets."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from sciencegen.core.condition import Condition, ConditionFields, Given
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.families.translation import Direction, Kept, Mapped, Translation
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.unet import UNet


def direction(before: int = 1, after: int = 1, noise: int = 1) -> Direction:
    net = UNet(before + noise, 2 * after if noise else after, [6, 8], 0, 2, normalised=True)
    return Direction(net, after, noise, Conditioner(ConditionFields()), Kept(after, 2) if before == after else None)


def source(channels: int = 1, side: int = 8) -> Given:
    return Given("source", Reals((channels, side, side)))


def given(x: torch.Tensor) -> Condition:
    return Condition(torch.zeros(len(x), 0), torch.zeros(len(x), 0, dtype=torch.bool), {"source": x})


def test_noise_makes_several_answers_and_without_it_there_is_one() -> None:
    torch.manual_seed(0)
    one = given(torch.randn(1, 1, 8, 8))
    several = Mapped(Reals((1, 8, 8)), source(), direction(noise=2)).sample(4, one)
    assert several.unique(dim=0).shape[0] == 4
    single = Mapped(Reals((1, 8, 8)), source(), direction(noise=0)).sample(4, one)
    assert torch.allclose(single, single[:1].expand(4, -1, -1, -1), atol=1e-6)


def test_temperature_scales_the_noise() -> None:
    torch.manual_seed(0)
    made = Mapped(Reals((1, 8, 8)), source(), direction())
    one, spread = given(torch.randn(1, 1, 8, 8)), []
    for temperature in (1.0, 0.1):
        made.knobs = made.knobs.turned(temperature=temperature)  # type: ignore[assignment]
        spread.append(float(made.sample(50, one).std(0).mean()))
    assert spread[1] < 0.5 * spread[0]


def test_the_same_noise_gives_the_same_answer_and_carries_gradients_to_the_source() -> None:
    torch.manual_seed(0)
    made, x = Mapped(Reals((1, 8, 8)), source(), direction()), torch.randn(2, 1, 8, 8, requires_grad=True)
    z = made.prior(2)
    answers = [made.decoded(z, given(x)) for _ in range(2)]
    assert torch.equal(*answers)
    answers[0].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().min() > 0


def test_there_and_back_are_exchanged_by_reversing() -> None:
    torch.manual_seed(0)
    made = Translation(Reals((3, 8, 8)), source(1), direction(1, 3, 0), direction(3, 1, 0))
    other = made.reversed()
    maps, x = torch.randn(2, 1, 8, 8), torch.randn(2, 3, 8, 8)
    assert (other.space, other.source.space) == (made.source.space, made.space)
    assert torch.equal(other.across(x), made.back(x))
    assert torch.equal(other.back(maps), made.across(maps))
    assert torch.equal(other.reversed().sample(2, given(maps)), made.sample(2, given(maps)))
    assert made.sample(2, given(maps)).shape == (2, 3, 8, 8)


@pytest.mark.parametrize("both", [False, True])
def test_samples_of_nothing_are_refused(both: bool) -> None:
    made = (
        Translation(Reals((1, 8, 8)), source(), direction(), direction())
        if both
        else Mapped(Reals((1, 8, 8)), source(), direction())
    )
    three = given(torch.randn(3, 1, 8, 8))
    for condition in (None, replace(three, given={})):
        with pytest.raises(RequestError, match="source is missing"):
            made.sample(2, condition)
    with pytest.raises(RequestError, match="source: 3 of them cannot serve 2 samples: give 1 or 2"):
        made.sample(2, three)


def test_sizes_a_net_cannot_have_are_refused() -> None:
    with pytest.raises(RequestError, match="source has 16x16 pixels, what is made of it 8x8: expected one size"):
        Mapped(Reals((1, 8, 8)), source(side=16), direction())
    with pytest.raises(RequestError, match="size=10x10: expected a multiple of 4 pixels"):
        Mapped(Reals((1, 10, 10)), source(side=10), direction())
