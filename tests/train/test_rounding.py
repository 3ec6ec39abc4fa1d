"""Weights in eight bits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from sciencegen.train.checkpoint import Folder
from sciencegen.train.rounding import STEP, restored, rounded


def nets() -> dict[str, Tensor]:
    torch.manual_seed(0)
    scales = torch.logspace(-6, 3, 64)[:, None]
    return {
        "a.weight": torch.randn(64, 128) * scales,
        "a.bias": torch.randn(64),
        "b.weight": torch.randn(32, 16, 3, 3),
        "b.table": torch.arange(5000).reshape(2, 2500),
        "c.small": torch.randn(2, 3),
        "d.half": torch.randn(64, 128).bfloat16(),
        "e.nothing": torch.zeros(64, 128),
        "f.double": torch.randn(64, 128, dtype=torch.float64),
    }


def test_each_weight_is_off_by_half_a_step_of_its_row_at_most() -> None:
    weights = nets()
    kept = restored(rounded(weights))
    assert set(kept) == set(weights)
    for name in ("a.weight", "b.weight", "d.half", "e.nothing"):
        weight = weights[name].float().flatten(1)
        off = (kept[name].flatten(1) - weight).abs().amax(1)
        assert (off <= weight.abs().amax(1) / 127 * 0.5001).all()
    for name in ("a.bias", "b.table", "c.small", "f.double"):
        assert torch.equal(kept[name], weights[name])


def test_rounding_what_was_rounded_changes_nothing() -> None:
    once = restored(rounded(nets()))
    twice = restored(rounded(once))
    assert all(torch.allclose(twice[name], weight, rtol=1e-6, atol=0) for name, weight in once.items())


def test_a_file_of_eight_bits_is_a_quarter(tmp_path: Path) -> None:
    folder, weights = Folder(tmp_path), {"weight": torch.randn(512, 512)}
    folder.write_weights(weights)
    whole = folder.weights.stat().st_size
    folder.write_weights(weights, small=True)
    assert folder.weights.stat().st_size < 0.26 * whole
    assert torch.equal(folder.read_weights()["weight"], restored(rounded(weights))["weight"])


@pytest.mark.parametrize(
    "step", [torch.ones(63), torch.ones(64, 1), torch.ones(64).long(), torch.ones(64, dtype=torch.complex64)]
)
def test_steps_that_do_not_fit_are_left_for_the_reader_to_refuse(step: Tensor) -> None:
    damaged = rounded({"w": torch.randn(64, 128)}) | {"w" + STEP: step}
    assert set(restored(damaged)) == {"w", "w" + STEP}
