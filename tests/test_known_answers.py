"""Short trainings whose answers are known without them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sciencegen.model import Model
from sciencegen.weighing import report

DATASETS = Path(__file__).parents[1] / "datasets"


@pytest.mark.slow
def test_a_flow_trained_by_an_energy_finds_its_free_energies_at_every_temperature() -> None:
    model = Model.fit("densities/double-well", steps=800)
    found = report(model, 50_000).numbers["temperatures"]
    assert list(found) == ["1", "2", "3", "4", "5"]
    for numbers in found.values():
        partition, (difference,) = numbers["log_partition"], numbers["free_energy_differences"].values()
        assert partition["value"] == pytest.approx(partition["exact"], abs=0.03)
        assert difference["value"] == pytest.approx(difference["exact"], abs=0.05 + 2 * difference["error"])
        assert numbers["effective_share"] > 0.9
        assert numbers["acceptance"] > 0.8
        assert numbers["modes"] == {"known": 2, "found": 2}


@pytest.mark.slow
def test_cold_lattices_are_ordered_and_hot_ones_are_not() -> None:
    model = Model.fit("arrays/made", DATASETS / "ising.npz", ask=["temperature"], epochs=40, width=256)
    ordered = {}
    for temperature in (1.9, 3.3):
        drawn = [c.item for c in model.candidates(500, where={"temperature": temperature})]
        ordered[temperature] = float(np.mean([abs(2 * item.mean() - 1) for item in drawn]))
    with np.load(DATASETS / "ising.npz") as file:
        x, t = file["x"], file["temperature"]
    for temperature, ours in ordered.items():
        near = np.abs(t - temperature) < 0.1
        theirs = float(np.abs(2 * x[near].mean((1, 2)) - 1).mean())
        assert ours == pytest.approx(theirs, abs=0.12)
    assert ordered[1.9] > ordered[3.3] + 0.2


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["densities/coupling", "densities/maf"])
def test_the_wells_are_as_deep_as_their_temperature_says(recipe: str) -> None:
    model = Model.fit(recipe, DATASETS / "wells.csv", ask=["temperature"], epochs=60)
    with_cold, with_hot = (
        torch.from_numpy(np.stack([c.item.values for c in model.candidates(2000, where={"temperature": t})]))
        for t in (0.3, 1.2)
    )
    energy = [float((2 * (x[:, 0] ** 2 - 1) ** 2 + 0.3 * x[:, 0] + x[:, 1] ** 2).mean()) for x in (with_cold, with_hot)]
    assert energy[0] < energy[1]
    assert float(with_cold[:, 1].std()) == pytest.approx((0.3 / 2) ** 0.5, rel=0.15)
    assert float(with_hot[:, 1].std()) == pytest.approx((1.2 / 2) ** 0.5, rel=0.15)
