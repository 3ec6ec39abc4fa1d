"""Short trainings whose answers are known without them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sciencegen.core.generator import Density, Pathwise
from sciencegen.domains.densities.energies import double_well
from sciencegen.model import Model

DATASETS = Path(__file__).parents[1] / "datasets"


@pytest.mark.slow
def test_a_flow_trained_by_an_energy_finds_its_partition_function() -> None:
    model = Model.fit("densities/double-well", epochs=15)
    line = torch.linspace(-4, 4, 801)
    exact = -(-double_well(torch.cartesian_prod(line, line)).double()).logsumexp(0) - 2 * (line[1] - line[0]).log()
    generator = model.generator
    assert isinstance(generator, Density)
    assert isinstance(generator, Pathwise)
    torch.manual_seed(0)
    with torch.no_grad():
        x = generator.sample(20_000)
        log_weight = (-double_well(x) - generator.log_prob(x)).double()
    estimate = -(log_weight.logsumexp(0) - np.log(len(x)))
    assert estimate == pytest.approx(float(exact), abs=0.05)
    effective = (2 * log_weight.logsumexp(0) - (2 * log_weight).logsumexp(0)).exp() / len(x)
    assert effective > 0.7
    left = (log_weight.softmax(0) * (x[:, 0] < 0)).sum()
    grid = torch.cartesian_prod(line, line)
    true_left = ((-double_well(grid)).softmax(0) * (grid[:, 0] < 0)).sum()
    assert float(left) == pytest.approx(float(true_left), abs=0.05)


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
    energy = [float(double_well(x).mean()) for x in (with_cold, with_hot)]
    assert energy[0] < energy[1]
    assert float(with_cold[:, 1].std()) == pytest.approx((0.3 / 2) ** 0.5, rel=0.15)
    assert float(with_hot[:, 1].std()) == pytest.approx((1.2 / 2) ** 0.5, rel=0.15)
