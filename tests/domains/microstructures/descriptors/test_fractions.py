"""How much of an image each phase takes up."""

from __future__ import annotations

import pytest
import torch

from sciencegen.domains.microstructures.descriptors import fraction, fractions, painted
from sciencegen.errors import DataError, RequestError


def test_fractions_of_all_phases_sum_to_one() -> None:
    images = torch.randint(4, (5, 6, 7))
    assert torch.allclose(fractions(images).sum(1), torch.ones(5))


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 4, 5, 6)])
def test_every_phase_is_counted(shape: tuple[int, ...]) -> None:
    images = torch.randint(3, shape)
    found = fractions(images, 4)
    assert found.shape == (3, 4)
    for phase in range(4):
        assert torch.allclose(found[:, phase], fraction(images == phase))


def test_fractions_carry_gradients() -> None:
    x = torch.rand(2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(fraction, x)


def test_more_phases_than_asked_for_are_refused() -> None:
    with pytest.raises(DataError, match="phase 2: expected 2 phases"):
        fractions(torch.tensor([[[0, 2]]]), 2)


def test_phases_are_painted_with_values() -> None:
    images = torch.tensor([[[0, 2], [1, 0]]])
    assert painted(images, [5.0, 6.0, 7.5]).tolist() == [[[5.0, 7.5], [6.0, 5.0]]]
    with pytest.raises(RequestError, match="2 values for images with phase 2"):
        painted(images, [5.0, 6.0])


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (torch.rand(1, 2, 2), "whole numbers"),
        (torch.tensor([[[-1, 0]]]), "entry -1"),
        (torch.zeros(4, 4, dtype=torch.long), "shape 4x4"),
    ],
)
def test_what_is_no_image_of_phases_is_refused(images: torch.Tensor, said: str) -> None:
    with pytest.raises(DataError, match=said):
        fractions(images)


def test_one_phase_is_zeros_and_ones() -> None:
    with pytest.raises(DataError, match="entries from 0 to 2"):
        fraction(torch.tensor([[[0, 2]]]))
    with pytest.raises(DataError, match="shape 8x8"):
        fraction(torch.rand(8, 8))
