"""What is simple is found again from few measurements, without a model."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.search.measurements import Known, Measurement, Spectrum, projections, variable_density
from sciencegen.search.regularised import fourier_lasso, total_variation, zero_filled


def waves(n: int = 2, side: int = 24) -> Tensor:
    """Sums of three waves."""
    a = torch.arange(side) * 2 * math.pi / side
    found = [
        torch.cos(2 * a)[:, None] + torch.sin(3 * a + k) + torch.cos(a)[:, None] * torch.cos(4 * a) for k in range(n)
    ]
    return torch.stack(found)[:, None] / 3


def blocks(side: int = 24) -> Tensor:
    """Rectangles of two phases."""
    x = torch.full((2, 1, side, side), -1.0)
    x[0, 0, 4:15, 6:20] = 1.0
    x[1, 0, 10:22, 2:9] = 1.0
    return x


def error(found: Tensor, x: Tensor) -> float:
    return float((found - x).square().mean().sqrt() / x.square().mean().sqrt())


def test_waves_are_found_in_random_projections() -> None:
    x, measurement = waves(), projections((1, 24, 24), 0.2)
    y = measurement.measure(x)
    assert error(zero_filled(measurement, y), x) > 0.5
    assert error(fourier_lasso(measurement, y, 1e-3, 300), x) < 0.03


@pytest.mark.parametrize(
    "measurement",
    [Spectrum(variable_density((24, 24), 0.3)), projections((1, 24, 24), 0.4)],
    ids=["spectrum", "projections"],
)
def test_blocks_are_found_by_their_edges(measurement: Measurement) -> None:
    x = blocks()
    y = measurement.measure(x)
    found = total_variation(measurement, y, 0.01, 600)
    assert error(found, x) < 0.1
    assert error(found, x) < error(zero_filled(measurement, y), x) / 3


def test_a_hole_in_an_edge_is_closed_straight() -> None:
    x = -torch.ones(1, 1, 16, 16)
    x[..., 8:] = 1.0
    known = torch.ones(16, 16, dtype=torch.bool)
    known[5:10, 5:11] = False
    measurement = Known(known)
    assert error(total_variation(measurement, measurement.measure(x), 0.01, 800), x) < 0.05


def test_what_has_a_period_has_no_edge_at_its_border() -> None:
    x = -torch.ones(1, 1, 12, 12)
    x[..., 3:9] = 1.0
    rolled = x.roll(6, 3)
    measurement = Known(torch.ones(12, 12, dtype=torch.bool))
    found = [total_variation(measurement, one, 0.3, 300, periodic=True) for one in (x.flatten(1), rolled.flatten(1))]
    assert torch.allclose(found[0].roll(6, 3), found[1], atol=1e-3)
