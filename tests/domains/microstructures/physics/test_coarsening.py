"""Two states of one mixture."""

from __future__ import annotations

import pytest
import torch

from sciencegen.core.interval import Interval
from sciencegen.domains.microstructures.descriptors import fraction, specific_surface
from sciencegen.domains.microstructures.physics import coarsening, evolve, lever_rule, mixture


def test_a_mixture_keeps_its_phases_and_loses_surface() -> None:
    made = coarsening(8, (32, 32), torch.Generator().manual_seed(0), time=120.0)
    early, late = made.beside["source"].images == 1, made.images == 1
    assert (specific_surface(late) < specific_surface(early)).all()
    assert (fraction(late) - lever_rule(made.columns["composition"])).abs().max() < 0.06


def test_the_late_state_follows_from_the_early_one() -> None:
    made = coarsening(4, (32, 32), torch.Generator().manual_seed(3), composition=0.1, early=20.0, time=50.0)
    random = torch.Generator().manual_seed(3)
    u = evolve(mixture(torch.full((4,), 0.1, dtype=torch.float64), (32, 32), 0.1, random), 20.0)
    assert torch.equal(made.beside["source"].images == 1, u > 0)
    assert torch.equal(made.images == 1, evolve(u, 30.0) > 0)


def test_every_pair_has_its_times() -> None:
    made = coarsening(20, (16, 16), torch.Generator().manual_seed(0), early=Interval(5, 10), time=Interval(20, 40))
    assert 5 <= made.columns["early"].min() <= made.columns["early"].max() <= 10
    assert 20 <= made.columns["time"].min() <= made.columns["time"].max() <= 40


def test_a_pair_changes_little_in_a_short_time() -> None:
    def changed(time: float) -> float:
        made = coarsening(4, (32, 32), torch.Generator().manual_seed(0), time=time)
        return float((made.images != made.beside["source"].images).double().mean())

    assert changed(40.5) < 0.02
    assert changed(40.5) < changed(60.0) < changed(200.0)


def test_the_end_cannot_be_the_beginning() -> None:
    with pytest.raises(ValueError, match="time=40: expected a time after early=40"):
        coarsening(2, (16, 16), torch.Generator(), time=40.0)
