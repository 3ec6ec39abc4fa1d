"""Importance weights, chains and quadrature, where the answers are known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sciencegen.compare.chains import autocorrelation, metropolis
from sciencegen.compare.importance import effective_share, forward_share, log_partition, log_ratio, mean
from sciencegen.compare.profiles import profile
from sciencegen.compare.quadrature import Grid


def wide(n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Draws of N(0, 2^2), and their log-weights for exp(-x^2 / 2), whose integral is the root of 2 pi."""
    x = 2 * torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x, -x.square() / 2 + x.square() / 8 + math.log(2 * math.sqrt(2 * math.pi))


def test_equal_weights_are_worth_all_their_draws() -> None:
    assert effective_share(torch.full((50,), 700.0)) == pytest.approx(1)
    assert forward_share(torch.full((50,), -700.0)) == pytest.approx(1)
    one = torch.full((50,), -torch.inf)
    one[3] = 0.0
    assert effective_share(one) == pytest.approx(1 / 50)


def test_the_share_is_the_one_of_two_normals() -> None:
    _, log_w = wide(400_000)
    assert effective_share(log_w) == pytest.approx(math.sqrt(7) / 4, abs=0.005)  # 1 / E[w^2] of these two


def test_the_partition_function_is_found_within_its_error() -> None:
    off = []
    for seed in range(40):
        found = log_partition(wide(2000, seed)[1])
        off.append((found.value - 0.5 * math.log(2 * math.pi)) / found.error)
    assert abs(sum(off)) / len(off) < 0.5
    assert 0.7 < torch.tensor(off).std() < 1.4


def test_means_and_ratios_are_found_within_their_errors() -> None:
    means, ratios = [], []
    low = 0.5 * math.erfc(1 / math.sqrt(2))
    for seed in range(40):
        x, log_w = wide(2000, seed)
        found = mean(x.square(), log_w)
        means.append((found.value - 1) / found.error)
        ratio = log_ratio(x > 1, x <= 1, log_w)
        ratios.append((ratio.value - math.log(low / (1 - low))) / ratio.error)
    for off in (means, ratios):
        assert abs(sum(off)) / len(off) < 0.5
        assert 0.7 < torch.tensor(off).std() < 1.4
    assert math.isnan(log_ratio(x > 99, x <= 99, log_w).value)


def test_a_chain_draws_the_target() -> None:
    x, log_w = wide(64_000)
    torch.manual_seed(7)
    found = metropolis(log_w, 16)
    kept = x[found.rows[100:]]
    assert found.rows.shape == (4000, 16)
    assert float(kept.square().mean()) == pytest.approx(1, abs=0.05)
    assert 0.4 < found.acceptance < 0.7
    assert 1.5 < autocorrelation(kept) < 6


def test_independent_draws_have_an_autocorrelation_of_one_step_and_a_slow_chain_its_own() -> None:
    source = torch.Generator().manual_seed(0)
    noise = torch.randn(4000, 8, generator=source, dtype=torch.float64)
    assert autocorrelation(noise) == pytest.approx(1, abs=0.15)
    slow, memory = [noise[0]], 0.8
    for one in noise[1:]:
        slow.append(memory * slow[-1] + one)
    assert autocorrelation(torch.stack(slow)) == pytest.approx((1 + memory) / (1 - memory), rel=0.15)
    assert autocorrelation(torch.ones(10, 2)) == math.inf


def test_quadrature_finds_what_is_known_of_a_normal() -> None:
    grid = Grid.over(lambda x: -x.square().sum(-1) / 2, [(-9, 9), (-9, 9)], 300)
    assert grid.log_partition == pytest.approx(math.log(2 * math.pi), abs=1e-6)
    assert grid.mean(lambda x: x[:, 0].square()) == pytest.approx(1, abs=1e-6)
    assert grid.log_ratio(lambda x: x[:, 1] > 0, lambda x: x[:, 1] <= 0) == pytest.approx(0, abs=1e-9)


def test_a_profile_is_the_free_energy() -> None:
    x, log_w = wide(400_000)
    found = profile(x, log_w, torch.linspace(-2, 2, 41, dtype=torch.float64))
    width = 0.1
    exact = found.where.square() / 2 + 0.5 * math.log(2 * math.pi) - math.log(width)
    assert ((found.value - exact) / found.error).abs().mean() < 2
    assert (found.value - exact).abs().max() < 0.06
