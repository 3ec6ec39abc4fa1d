"""Surfaces are as asked at the end, and shares still are; what was not asked, or is being learned, is left alone."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from sciencegen.core.condition import ConditionFields, Continuous
from sciencegen.domains.microstructures.descriptors import fraction, specific_surface
from sciencegen.families.fields import GaussianStart, Quantile, Roughened

SHARE, SURFACE = Continuous("volume_fraction", "", 0.5, 0.1, 0.2, 0.8), Continuous("surface", "", 0.12, 0.03, 0, 1)
FIELDS = ConditionFields((SHARE, SURFACE))


def finish() -> Roughened:
    return Roughened(Quantile(0, 0.5, 0.1), 1, 0.12, 0.03, partial(specific_surface, periodic=True)).eval()


@pytest.mark.parametrize(("dimensions", "side"), [(2, 48), (3, 32)])
def test_the_surface_and_the_share_are_as_asked(dimensions: int, side: int) -> None:
    torch.manual_seed(0)
    asked = FIELDS.row({"volume_fraction": 0.4, "surface": 0.125})
    with torch.no_grad():
        field = GaussianStart((0, 1), SHARE, SURFACE)(torch.randn(6, 2, *(side,) * dimensions), asked)[:, :1]
        x = finish()(field, asked)[:, 0] > 0
        before = Quantile(0, 0.5, 0.1)(field, asked)[:, 0] > 0
    assert fraction(x).tolist() == pytest.approx([0.4] * 6, abs=1 / side**dimensions)
    away, was = ((specific_surface(one, periodic=True) / 0.125 - 1).abs() for one in (x, before))
    assert float(away.median()) < 0.01
    assert float(away.mean()) < 0.4 * float(was.mean())
    assert ((x == before).double().mean() > 0.95).item()


def test_nothing_is_done_where_nothing_is_asked_or_a_net_learns() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 1, 16, 16)
    share = FIELDS.row({"volume_fraction": 0.4})
    level = Quantile(0, 0.5, 0.1)
    assert torch.equal(finish()(x, None), x)
    assert torch.equal(finish()(x, share), level(x, share))
    both = FIELDS.row({"volume_fraction": 0.4, "surface": 0.2})
    assert torch.equal(finish().train()(x, both), level(x, both))


def test_rows_of_which_no_surface_is_known_stay_as_they_are() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 1, 16, 16, requires_grad=True)
    asked = FIELDS.rows({"volume_fraction": [0.4, 0.4], "surface": [0.3, None]})
    found = finish()(x, asked)
    assert torch.allclose(found[1], Quantile(0, 0.5, 0.1)(x, asked)[1])
    found.square().sum().backward()
    assert x.grad is not None
    assert bool(torch.isfinite(x.grad).all())
