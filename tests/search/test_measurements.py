"""Measurements are linear, their adjoints are adjoint, and what is made consistent is measured as it should be."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sciencegen.errors import RequestError
from sciencegen.search.measurements import (
    Known,
    Measurement,
    Projections,
    Spectrum,
    columns,
    norm,
    projections,
    variable_density,
)

SIDES = (8, 6)


def mask(*sides: int) -> Tensor:
    return torch.rand(*sides, generator=torch.Generator().manual_seed(1)) < 0.6


def double(measurement: Projections) -> Projections:
    return Projections(measurement.rows.double(), measurement.shape)


MEASUREMENTS = {
    "projections": (double(projections((2, *SIDES), 0.3)), 2, SIDES),
    "known": (Known(mask(*SIDES), 2), 2, SIDES),
    "spectrum": (Spectrum(variable_density(SIDES, 0.3), 2), 2, SIDES),
    "odd spectrum": (Spectrum(variable_density((5, 7), 0.4)), 1, (5, 7)),
    "columns": (Spectrum(columns((8, 12), 3)), 1, (8, 12)),
    "volume": (Spectrum(variable_density((4, 4, 6), 0.25)), 1, (4, 4, 6)),
    "known volume": (Known(mask(4, 5, 6)), 1, (4, 5, 6)),
}
each = pytest.mark.parametrize("name", MEASUREMENTS)


def case(name: str, n: int = 3) -> tuple[Measurement, Tensor]:
    measurement, channels, sides = MEASUREMENTS[name]
    torch.manual_seed(0)
    return measurement, torch.randn(n, channels, *sides, dtype=torch.float64)


@each
def test_the_adjoint_is_adjoint(name: str) -> None:
    measurement, x = case(name)
    y = torch.randn_like(measurement.measure(x))
    left, right = (measurement.measure(x) * y).sum(1), (x * measurement.adjoint(y)).flatten(1).sum(1)
    assert torch.allclose(left, right, atol=1e-9)


@each
def test_consistent_samples_measure_as_they_should_and_are_the_nearest(name: str) -> None:
    measurement, x = case(name)
    truth = torch.randn_like(x)
    y = measurement.measure(truth)
    found = measurement.consistent(x, y)
    assert torch.allclose(measurement.measure(found), y, atol=1e-6)
    assert torch.allclose(measurement.consistent(found, y), found, atol=1e-6)
    along = ((found - x) * (truth - found)).flatten(1).sum(1)  # a projection: Pythagoras holds
    assert torch.allclose(along, torch.zeros_like(along), atol=1e-5)


@each
def test_the_norm_is_the_largest_stretch(name: str) -> None:
    measurement, x = case(name, 1)
    basis = torch.eye(x[0].numel(), dtype=x.dtype).view(-1, *x.shape[1:])
    largest = float(torch.linalg.matrix_norm(measurement.measure(basis), 2)) ** 2
    assert norm(measurement, x, 300) == pytest.approx(largest, rel=0.02)


def test_as_much_is_kept_as_was_asked_for() -> None:
    kept = variable_density((32, 32), 0.13)
    assert int(kept.sum()) == 133
    assert kept[0, 0]
    low = torch.fft.fftfreq(32).abs() < 0.1
    assert kept[low][:, low].double().mean() > 3 * kept.double().mean()
    lines = columns((16, 64), 4)
    assert torch.equal(lines, lines[:1].expand(16, -1))
    assert int(lines[0].sum()) == 16
    assert lines[0, [0, 1, -1]].all()
    assert len(projections((1, 10, 10), 0.05).rows) == 5


def test_the_same_seed_measures_the_same() -> None:
    assert torch.equal(variable_density(SIDES, 0.3, 4), variable_density(SIDES, 0.3, 4))
    assert not torch.equal(variable_density((32, 32), 0.3, 4), variable_density((32, 32), 0.3, 5))


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_shares_that_cannot_be_are_refused(share: float) -> None:
    with pytest.raises(RequestError, match="a share above 0, up to 1"):
        projections((1, 4, 4), share)
    with pytest.raises(RequestError, match="a share above 0, up to 1"):
        variable_density((4, 4), share)


def test_other_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(RequestError, match=r"columns:0\.5: expected an acceleration from 1 to 8"):
        columns((8, 8), 0.5)
    with pytest.raises(RequestError, match="too many; use kspace"):
        projections((1, 1024, 1024), 0.1)
