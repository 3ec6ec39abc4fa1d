"""Scores of patches: local, under the context, and with slopes of their own."""

from __future__ import annotations

import pytest
import torch

from sciencegen.core.condition import Condition, ConditionFields, Continuous
from sciencegen.errors import RequestError
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.patches import PairCritic, Patches
from sciencegen.objectives.adversarial import R1


def given(x: torch.Tensor) -> Condition:
    return Condition(torch.zeros(len(x), 0), torch.zeros(len(x), 0, dtype=torch.bool), {"source": x})


@pytest.mark.parametrize("dimensions", [2, 3])
def test_every_patch_has_a_score_that_far_pixels_do_not_move(dimensions: int) -> None:
    torch.manual_seed(0)
    side = 32
    net = Patches(1, [4, 6], 0, dimensions)
    x = torch.randn(1, 1, *(side,) * dimensions)
    other = x.clone()
    other[0, 0, side // 2] += 5.0
    scores = [net(one, torch.zeros(1, 0)).reshape(-1, (side // 4) ** (dimensions - 1)) for one in (x, other)]
    assert scores[0].numel() == (side // 4) ** dimensions
    moved = (scores[0] != scores[1]).any(1)
    assert moved[side // 8]
    assert not moved[0]
    assert not moved[-1]


def test_a_pair_is_judged_by_both_and_by_what_is_asked() -> None:
    torch.manual_seed(0)
    fields = ConditionFields((Continuous("heat"),))
    conditioner = Conditioner(fields, 6)
    critic = PairCritic(Patches(2, [4], 6, 2), "source", conditioner)
    x, source = torch.randn(3, 1, 8, 8), torch.randn(3, 1, 8, 8)

    def scores(source: torch.Tensor, heat: float) -> torch.Tensor:
        asked = fields.row({"heat": heat})
        found: torch.Tensor = critic(
            x, Condition(asked.values.expand(3, 1), asked.known.expand(3, 1), {"source": source})
        )
        return found

    assert scores(source, 1.0).shape == (3 * 16,)
    assert not torch.allclose(scores(source, 1.0), scores(source.flip(0), 1.0))
    assert not torch.allclose(scores(source, 1.0), scores(source, 2.0))
    with pytest.raises(RequestError, match="source is missing: a pair is judged with it"):
        critic(x, None)


def test_the_slope_of_a_sample_is_that_of_the_mean_of_its_patches() -> None:
    torch.manual_seed(0)
    critic = PairCritic(Patches(2, [4], 0, 2), "source", Conditioner(ConditionFields())).double()
    x, source = torch.randn(3, 1, 8, 8).double(), torch.randn(3, 1, 8, 8).double()
    found = R1(2.0)(critic, x, x, given(source))
    leaf = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(leaf, given(source)).view(3, -1).mean(1).sum(), leaf)
    assert found.item() == pytest.approx(float(slope.square().flatten(1).sum(1).mean()), rel=1e-6)
