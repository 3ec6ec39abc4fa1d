"""Distances with known answers: cosine, Frechet, Kullback-Leibler."""

from __future__ import annotations

import math

import pytest
import torch

from sciencegen.compare.divergences import kl_of_densities, kl_of_histograms
from sciencegen.compare.frechet import Gaussian, frechet
from sciencegen.compare.histograms import cosine


def test_the_cosine_ignores_how_many_there_are() -> None:
    assert cosine({"a": 1, "b": 2}, {"a": 10, "b": 20}) == pytest.approx(1)
    assert cosine({"a": 3}, {"b": 3}) == 0
    assert cosine({"a": 1}, {"a": 1, "b": 1}) == pytest.approx(math.sqrt(0.5))
    assert math.isnan(cosine({}, {"a": 1}))


def test_the_frechet_distance_of_two_gaussians_is_known() -> None:
    eye = torch.eye(3, dtype=torch.float64)
    a, b = Gaussian(torch.zeros(3).double(), eye), Gaussian(torch.tensor([1.0, 2.0, 0.0]).double(), 4 * eye)
    assert frechet(a, b) == pytest.approx(5 + 3 * (1 - 2) ** 2)  # |mu|^2 + sum of squared differences of deviations
    assert frechet(a, a) == pytest.approx(0, abs=1e-12)


def test_the_frechet_distance_is_the_same_from_both_sides_and_after_a_rotation() -> None:
    x, y = torch.randn(60, 5).double(), torch.randn(50, 5).double() @ torch.randn(5, 5).double() + 1
    turn = torch.linalg.qr(torch.randn(5, 5).double()).Q
    there, back = frechet(Gaussian.fit(x), Gaussian.fit(y)), frechet(Gaussian.fit(y), Gaussian.fit(x))
    turned = frechet(Gaussian.fit(x @ turn), Gaussian.fit(y @ turn))
    assert there == pytest.approx(back)
    assert there == pytest.approx(turned)


def test_singular_covariances_have_a_distance() -> None:
    few = torch.randn(3, 10).double()
    assert frechet(Gaussian.fit(few), Gaussian.fit(few)) == pytest.approx(0, abs=1e-6)


def test_the_divergence_of_gaussian_samples_is_near_the_closed_form() -> None:
    theirs, ours = torch.randn(5000).double(), torch.randn(5000).double() * 1.5 + 1
    closed = math.log(1.5) + (1 + 1) / (2 * 1.5**2) - 0.5
    assert kl_of_densities(theirs, ours) == pytest.approx(closed, abs=0.06)
    assert kl_of_densities(theirs, theirs) == pytest.approx(0, abs=1e-12)


def test_the_divergence_of_counts_is_that_of_their_shares() -> None:
    theirs, ours = torch.tensor([0.0] * 30 + [9.0] * 10), torch.tensor([0.0] * 10 + [9.0] * 10)
    assert kl_of_histograms(theirs, ours) == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5), abs=1e-6)
    assert kl_of_histograms(torch.ones(5), torch.ones(3)) == pytest.approx(0, abs=1e-9)


def test_points_without_spread_are_either_equal_or_infinitely_apart() -> None:
    assert kl_of_densities(torch.ones(5), torch.ones(4)) == 0
    assert kl_of_densities(torch.ones(5), torch.zeros(4)) == math.inf
