"""Other programs measure the same, where they are installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sciencegen.domains.microstructures.descriptors import (
    chords,
    euler_number,
    labels,
    specific_surface,
    tortuosity,
    two_point_map,
)
from tests.domains.microstructures.descriptors.fields import ball, gaussian, speckle

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("sides", [(20, 21), (8, 9, 10)])
def test_scikit_image_finds_the_same_clusters_and_euler_numbers(sides: tuple[int, ...], corners: bool) -> None:
    measure = pytest.importorskip("skimage.measure", reason="scikit-image is not installed")
    x = speckle(6, *sides, share=0.45)
    connectivity = len(sides) if corners else 1
    found = labels(x, corners=corners, periodic=False), euler_number(x, corners=corners, periodic=False)
    for image, label, number in zip(x.numpy(), *found, strict=True):
        assert np.array_equal(measure.label(image, connectivity=connectivity), label.numpy())
        assert measure.euler_number(image, connectivity=connectivity) == int(number)


def test_scikit_image_measures_about_the_same_perimeter() -> None:
    measure = pytest.importorskip("skimage.measure", reason="scikit-image is not installed")
    x = ball(64, 20.5, 2)
    found = float(specific_surface(x)) * x[0].numel()
    assert measure.perimeter_crofton(x[0].numpy(), directions=4) == pytest.approx(found, rel=1e-3)


def test_porespy_has_the_same_two_point_function_scaled_by_the_volume_fraction() -> None:
    metrics = pytest.importorskip("porespy.metrics", reason="porespy is not installed")
    x = gaussian(1, 48, 3.0) > 0.2
    theirs = metrics.two_point_correlation(x[0].numpy())
    ours = two_point_map(x, periodic=False)[0].double()
    line = torch.fft.fftfreq(95, 1 / 95)
    ring = (line[:, None].square() + line.square()).sqrt().floor()  # all lags alike, from one whole distance on
    expected = [float(ours[ring == r].mean()) for r in range(len(theirs.distance))]
    assert theirs.probability_scaled.tolist() == pytest.approx(expected, abs=1e-5)
    share = float(x.double().mean())
    assert theirs.probability.tolist() == pytest.approx([one / share for one in expected], abs=1e-4)


def test_porespy_finds_the_same_chords() -> None:
    porespy = pytest.importorskip("porespy", reason="porespy is not installed")
    x = gaussian(1, 48, 3.0) > 0.2
    lines = porespy.filters.apply_chords(x[0].numpy(), axis=0, spacing=1)  # in every other column, but for outer ones
    counted = np.bincount(porespy.metrics.chord_counts(lines), minlength=49)
    assert counted.tolist() == chords(x[:, :, 2:46:2], periodic=False).counts[0, 0].tolist()


@pytest.mark.slow
def test_taufactor_finds_the_same_tortuosity() -> None:
    taufactor = pytest.importorskip("taufactor", reason="taufactor is not installed")
    x = gaussian(1, 48, 4.0) > -0.5
    theirs = taufactor.Solver(x[0].numpy().astype(float), device="cpu").solve(verbose=False, conv_crit=1e-3)
    assert float(np.ravel(theirs)[-1]) == pytest.approx(float(tortuosity(x, periodic=False)[0, 0]), rel=0.01)
