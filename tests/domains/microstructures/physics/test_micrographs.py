"""What an instrument makes of two phases, one effect at a time."""

from __future__ import annotations

from math import pi

import pytest
import torch
from torch import Tensor

from sciencegen.domains.microstructures.item import GREY
from sciencegen.domains.microstructures.physics import micrographs, photographed

CLEAR = {"blur": 0.0, "contrast": 0.4, "noise": 0.0, "shading": 0.0}


def shot(phases: Tensor, **effects: float) -> Tensor:
    return photographed(phases, torch.Generator().manual_seed(0), **{**CLEAR, **effects}).double()


def halves(side: int = 32) -> Tensor:
    return (torch.arange(side) < side // 2).to(torch.uint8).expand(side, side)


def test_without_effects_every_phase_has_its_grey_level() -> None:
    x = shot(halves())
    assert ((x[:, :16] - 255 * 0.7).abs() <= 0.5).all()
    assert ((x[:, 16:] - 255 * 0.3).abs() <= 0.5).all()


def test_noise_grows_with_the_root_of_brightness() -> None:
    x = shot(halves(256), noise=0.05)
    bright, dark = x[:, :128].std() / 255, x[:, 128:].std() / 255
    assert bright.item() == pytest.approx(0.05 * (2 * 0.7) ** 0.5, rel=0.03)
    assert dark.item() == pytest.approx(0.05 * (2 * 0.3) ** 0.5, rel=0.03)


def test_blur_is_a_gaussian_that_keeps_the_mean() -> None:
    side, blur, wave = 64, 2.0, 4
    stripes = (torch.arange(side) * 2 * wave // side % 2 == 0).to(torch.uint8).expand(side, side)
    sharp, soft = shot(stripes), shot(stripes, blur=blur)
    assert soft.mean().item() == pytest.approx(sharp.mean().item(), abs=0.5)
    left = [torch.fft.fft(x[0] - x.mean())[wave].abs() for x in (soft, sharp)]
    assert (left[0] / left[1]).item() == pytest.approx(
        float(torch.exp(torch.tensor(-((blur * 2 * pi * wave / side) ** 2) / 2))), abs=0.01
    )


def test_shading_is_one_wave_across() -> None:
    x = shot(torch.zeros(32, 32, dtype=torch.uint8), shading=0.5) / 255 / 0.3
    assert x.mean().item() == pytest.approx(1, abs=0.01)
    assert 1.2 < x.max() <= 1.51
    waves = torch.fft.fft2(x - x.mean()).abs()
    kept = waves[0, 1] + waves[1, 0] + waves[0, -1] + waves[-1, 0]
    assert kept / waves.sum() > 0.8


def test_the_source_is_the_material_and_the_labels_say_how_it_was_seen() -> None:
    made = micrographs(5, (32, 32), torch.Generator().manual_seed(0), noise=0.0, shading=0.0, blur=0.5)
    maps = made.beside["source"]
    assert (made.phases, maps.phases) == (GREY, 2)
    assert set(made.columns) >= {"fraction", "length", "blur", "contrast", "noise", "shading"}
    assert ((made.images > 127) == (maps.images == 1)).double().mean() > 0.97
    assert (maps.images.double().mean((1, 2)) - made.columns["fraction"]).abs().max() < 1e-3
    assert made.images.unique(dim=0).shape[0] == 5
