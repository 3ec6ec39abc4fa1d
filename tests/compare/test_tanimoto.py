"""Tanimoto similarities by matrix products."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import sciencegen.compare.tanimoto as tanimoto
from sciencegen.compare.tanimoto import mean_similarity, nearest, nearest_other


def packed(bits: Tensor) -> Tensor:
    places = 2 ** torch.arange(8)
    return (bits.unflatten(1, (-1, 8)).long() * places).sum(-1).to(torch.uint8)


def plain(a: Tensor, b: Tensor) -> Tensor:
    """Similarities by definition, one pair at a time."""
    rows = [[float((x & y).sum() / (x | y).sum()) if (x | y).any() else 1.0 for y in b] for x in a]
    return torch.tensor(rows, dtype=torch.float64)


@pytest.fixture(params=[torch.float32, torch.bfloat16])
def any_numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either kind of numbers, in blocks small enough that there are several."""
    monkeypatch.setattr(tanimoto, "_bfloat16_is_faster", lambda: request.param == torch.bfloat16)
    monkeypatch.setattr(tanimoto, "_ROWS", 7)


@pytest.fixture
def bits() -> Tensor:
    bits = torch.rand(40, 64) < torch.rand(40, 1)
    bits[3] = False
    bits[5] = False
    return bits


@pytest.mark.usefixtures("any_numbers")
def test_the_nearest_is_the_nearest_of_all_pairs(bits: Tensor) -> None:
    a, b = bits[:17], bits[17:]
    torch.testing.assert_close(nearest(packed(a), packed(b)), plain(a, b).amax(1), atol=1e-7, rtol=0)
    torch.testing.assert_close(nearest(packed(bits), packed(bits)), torch.ones(40).double())


@pytest.mark.usefixtures("any_numbers")
def test_the_nearest_other_is_not_itself(bits: Tensor) -> None:
    similarity = plain(bits, bits).fill_diagonal_(0)
    torch.testing.assert_close(nearest_other(packed(bits)), similarity.amax(1), atol=1e-6, rtol=0)
    assert nearest_other(packed(bits[:1])).tolist() == [0]


@pytest.mark.usefixtures("any_numbers")
def test_means_are_means_of_powers_of_all_pairs(bits: Tensor) -> None:
    first, third = mean_similarity(packed(bits), (1, 3))
    similarity = plain(bits, bits)
    torch.testing.assert_close(first, similarity.mean(1), atol=1e-6, rtol=0)
    torch.testing.assert_close(third, similarity.pow(3).mean(1) ** (1 / 3), atol=1e-6, rtol=0)


def test_counts_that_bfloat16_would_round_are_exact() -> None:
    a, b = torch.zeros(1, 1024, dtype=torch.bool), torch.zeros(1, 1024, dtype=torch.bool)
    a[0, :515], b[0, :771] = True, True
    assert float(nearest(packed(a), packed(b))) == 515 / 771
