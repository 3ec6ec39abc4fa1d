"""Compiled splines: the same flow, drawn quicker."""

from __future__ import annotations

import shutil

import pytest
import torch

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Reals
from sciencegen.families.flow import AffineCoupling, Flow, Reverse, SplineCoupling
from sciencegen.nets.conditioner import Conditioner


def flow(*kinds: type[AffineCoupling] | type[SplineCoupling]) -> Flow:
    torch.manual_seed(0)
    layers = [part for kind in kinds for part in (kind(4, [8]), Reverse())]
    made = Flow(Reals((4,)), layers, Conditioner(ConditionFields(), 0))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return made.eval()


def test_a_flow_without_splines_has_nothing_to_compile() -> None:
    made = flow(AffineCoupling, AffineCoupling)
    assert made.compiled() is made


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler (g++) here")
def test_a_compiled_flow_draws_the_same_samples_and_shares_its_weights() -> None:
    made = flow(SplineCoupling, AffineCoupling, SplineCoupling)
    made.knobs = made.knobs.turned(temperature=0.7)  # type: ignore[assignment]
    copied = made.compiled()
    assert copied is not made
    assert {id(one) for one in copied.parameters()} == {id(one) for one in made.parameters()}
    found = []
    for one in (made, copied):
        torch.manual_seed(3)
        with torch.no_grad():
            found.append(one.rscored(64))
    assert torch.allclose(found[0].x, found[1].x, atol=1e-4)
    assert torch.allclose(found[0].log_prob, found[1].log_prob, atol=1e-3)
    with torch.no_grad():
        assert torch.allclose(made.log_prob(found[0].x), copied.log_prob(found[0].x), atol=1e-3)
