"""Volumes learned from slices: what data show of them, in which planes, and how large they are drawn."""

from __future__ import annotations

import pytest
import torch

from sciencegen.core.condition import Categorical, Condition, ConditionFields, Continuous
from sciencegen.core.space import Reals
from sciencegen.errors import RequestError
from sciencegen.families.fields import Quantile
from sciencegen.families.volumes import Planes, Volumes
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.endless import EndlessMap

PLANE = Categorical("plane", ("xy", "xz+yz"))
FRACTION = Continuous("volume_fraction", mean=0.5, std=0.1)


def made(planes: Planes | None = None, finish: Quantile | None = None, fields: tuple[Continuous, ...] = ()) -> Volumes:
    torch.manual_seed(0)
    conditioner = Conditioner(ConditionFields(fields), 4)
    net = EndlessMap(1, [8, 4], 3, conditioner.width)
    return Volumes(Reals((1, 16, 16, 16)), net, conditioner, planes or Planes(), finish).eval()


def test_data_show_slices_and_samples_are_volumes() -> None:
    volumes = made()
    assert volumes.rview(5).shape == (5, 1, 16, 16)
    assert volumes.sample(2).shape == (2, 1, 16, 16, 16)
    volumes.knobs = volumes.knobs.turned(size=24)
    assert volumes.sample(1).shape == (1, 1, 24, 24, 24)
    assert volumes.rview(3).shape == (3, 1, 16, 16)


def test_slices_are_those_of_whole_volumes() -> None:
    """Their mean and their variation, across any axis, are those of volumes cut up."""
    volumes = made()
    with torch.no_grad():
        slices, whole = volumes.rview(600), volumes.sample(40)
    assert float(slices.mean()) == pytest.approx(float(whole.mean()), abs=0.02)
    assert float(slices.std()) == pytest.approx(float(whole.std()), rel=0.05)
    steps = [float(whole.diff(dim=axis).square().mean()) for axis in (2, 3, 4)]
    across = [float(slices.diff(dim=axis).square().mean()) for axis in (2, 3)]
    assert sum(across) / 2 == pytest.approx(sum(steps) / 3, rel=0.05)


def test_every_axis_takes_its_turn() -> None:
    axes = Planes()(9, None)
    assert axes.bincount(minlength=3).tolist() == [3, 3, 3]


def test_images_lie_where_their_column_says() -> None:
    planes = Planes(1, ((0,), (1, 2)))
    values = torch.tensor([[0.0, 0.0], [1.0, 1.0]]).repeat(50, 1)
    condition = Condition(values, torch.ones(100, 2, dtype=torch.bool))
    axes = planes(100, condition)
    assert (axes[0::2] == 0).all()
    assert set(axes[1::2].tolist()) == {1, 2}
    assert planes(99, condition[:99].hide(1.0)).bincount().tolist() == [33] * 3, "what is not known may lie anywhere"
    told = planes.told(condition)
    assert told is not None
    assert told.values[:, 0].tolist() == values[:, 0].tolist()
    assert told.values.shape == (100, 1)


def test_the_axis_a_slice_lies_across_is_the_one_that_is_missing() -> None:
    """A net whose fields change along the last axis alone: slices across it are even, all others are not."""
    volumes = made(Planes(0, ((0,), (1,), (2,))))
    volumes.net.forward = volumes.net.window = (
        lambda noise, context, spans: (  # type: ignore[method-assign,assignment]
            torch.arange(*spans[2]).float().expand(len(noise), 1, *(high - low for low, high in spans[:2]), -1)
        )
    )
    condition = Condition(torch.tensor([[0.0], [1.0], [2.0]]), torch.ones(3, 1, dtype=torch.bool))
    x = volumes.rview(3, condition)
    assert (x.flatten(1).std(1) > 0).tolist() == [True, True, False]


def test_a_fraction_is_met_by_volumes_and_slices_to_the_voxel() -> None:
    volumes = made(finish=Quantile(0, FRACTION.mean, FRACTION.std), fields=(FRACTION,))
    row = ConditionFields((FRACTION,)).row({"volume_fraction": 0.25})
    for drawer in (volumes, volumes.lean()):
        assert float((drawer.sample(1, row) > 0).double().mean()) == 0.25
    with torch.no_grad():
        assert (volumes.rview(4, row.repeat(4)) > 0).double().mean((1, 2, 3)).tolist() == [0.25] * 4


def test_a_lean_copy_draws_the_same_volumes_nearly() -> None:
    volumes = made()
    samples = []
    for drawer in (volumes, volumes.lean()):
        torch.manual_seed(1)
        samples.append(drawer.sample(2))
    assert not volumes.halved
    assert samples[1].dtype == torch.float32
    assert (samples[0] - samples[1]).abs().max() < 0.05


def test_large_volumes_are_drawn_one_at_a_time() -> None:
    volumes = made()
    assert volumes.together == 512
    volumes.knobs = volumes.knobs.turned(size=128)
    assert volumes.together == 1


def test_sides_that_noise_cannot_have_are_refused() -> None:
    volumes = made()
    volumes.knobs = volumes.knobs.turned(size=30)
    with pytest.raises(RequestError, match="size=30: expected a multiple of 4 voxels"):
        volumes.sample(1)
