"""Gaussian fields that begin with what was asked for: their level sets have it, in two and three dimensions."""

from __future__ import annotations

import pytest
import torch

from sciencegen.core.condition import ConditionFields, Continuous
from sciencegen.domains.microstructures.descriptors import fraction, specific_surface
from sciencegen.families.fields import GaussianStart

FIELDS = (Continuous("volume_fraction", "", 0.5, 0.1, 0.2, 0.8), Continuous("surface", "", 0.12, 0.03, 0.05, 0.2))


@pytest.mark.parametrize(("dimensions", "side"), [(2, 128), (3, 40)])
@pytest.mark.parametrize(("share", "surface"), [(0.35, 0.1), (0.5, 0.15)])
def test_the_level_set_has_the_fraction_and_surface(dimensions: int, side: int, share: float, surface: float) -> None:
    torch.manual_seed(0)
    start = GaussianStart((0, 1), *FIELDS)
    condition = ConditionFields(FIELDS).row({"volume_fraction": share, "surface": surface})
    with torch.no_grad():
        x = start(torch.randn(8, 2, *(side,) * dimensions), condition)[:, 0] > 0
    assert float(fraction(x).mean()) == pytest.approx(share, abs=0.02)
    assert float(specific_surface(x, periodic=True).mean()) == pytest.approx(surface, rel=0.05)


def test_what_is_not_asked_is_drawn_from_what_was_seen_and_follows_the_noise() -> None:
    torch.manual_seed(0)
    start = GaussianStart((0, 1), *FIELDS)
    noise = torch.randn(300, 2, 32, 32)
    with torch.no_grad():
        shares = fraction(start(noise, None)[:, 0] > 0)
        assert torch.equal(start(noise[:3], None), start(noise[:3], None))
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.03)
    assert float(shares.std()) == pytest.approx(0.1, abs=0.03)
    condition = ConditionFields(FIELDS).row({"surface": 0.1})  # half a request
    assert start(noise[:4], condition).shape == (4, 2, 32, 32)


def test_a_unit_that_is_no_pixel_can_be_learned() -> None:
    torch.manual_seed(0)
    start = GaussianStart((0, 1), *FIELDS)
    condition = ConditionFields(FIELDS).row({"volume_fraction": 0.5, "surface": 0.12})
    start(torch.randn(2, 2, 32, 32), condition)[:, 0].diff(dim=-1).square().sum().backward()
    assert start.log_pixel.grad is not None
    assert float(start.log_pixel.grad.abs()) > 0
