"""Weights of a model's draws: what is exact, what is refused."""

from __future__ import annotations

import pytest
import torch

from sciencegen.compare.importance import log_partition, log_ratio
from sciencegen.errors import RequestError, UnknownName
from sciencegen.fit import Fit
from sciencegen.model import Model
from sciencegen.weighing import report, weighed

QUICK = {"width": 16, "depth": 2, "steps": 150, "batch": 128}


@pytest.fixture(scope="module")
def well() -> Model:
    return Model.fit("densities/double-well", seed=0, **QUICK)


@pytest.mark.parametrize("temperature", [1.5, 4.0])
def test_even_a_rough_fit_gives_the_right_free_energies(well: Model, temperature: float) -> None:
    one = weighed(well, 30_000, {"temperature": temperature})
    exact = report(well, 100, {"temperature": temperature}).numbers
    found = log_partition(one.log_weight)
    assert found.value == pytest.approx(exact["log_partition"]["exact"], abs=5 * found.error)
    left, right = (region(one.x) for region in one.target.regions.values())
    difference = log_ratio(left, right, one.log_weight)
    known = exact["free_energy_differences"]["right - left, in kT"]["exact"]
    assert difference.value == pytest.approx(known, abs=5 * difference.error)


def test_the_density_of_a_draw_is_the_one_it_was_drawn_with(well: Model) -> None:
    one = weighed(well, 200, {"temperature": 2.0})
    items = [well.domain.parse(",".join(map(repr, row))) for row in one.x.tolist()]
    again = well.log_prob(items, {"temperature": 2.0})
    assert (again - one.log_prob).abs().max() < 1e-3


def test_chains_visit_what_the_target_likes(well: Model) -> None:
    one = weighed(well, 30_000, {"temperature": 3.0})
    table = one.table()
    visits, energy = torch.tensor(table["visits"]).double(), torch.tensor(table["energy"])
    exact = report(well, 100, {"temperature": 3.0}).numbers["means"]["energy"]["exact"]
    assert float((visits * energy).sum() / visits.sum()) == pytest.approx(exact, abs=0.15)


def test_draws_of_the_target_find_what_a_model_forgot() -> None:
    fit = Fit("densities/energy", energy="gaussian-mixture", softness=1.0, ramp=0, seed=0, **QUICK)
    for _ in fit:
        pass
    numbers = report(fit.model, 2000).numbers
    assert numbers["modes"]["known"] == 40
    assert numbers["modes"]["found"] < 40
    assert numbers["forward"]["effective_share"] < 0.2
    assert numbers["log_partition"]["exact"] == 0


def test_angles_and_lattices_are_weighed_too() -> None:
    torus = Model.fit("densities/energy", energy="torus", seed=0, **QUICK)
    numbers = report(torus, 20_000).numbers
    partition = numbers["log_partition"]
    assert partition["value"] == pytest.approx(partition["exact"], abs=5 * partition["error"])
    for recipe in ("densities/phi4", "densities/xy"):
        options = {"width": 8, "depth": 2, "steps": 20, "batch": 32, "side": 4}
        found = report(Model.fit(recipe, seed=0, **options), 2000, {"temperature": 1.0} if "xy" in recipe else None)
        assert "magnetisation" in found.numbers["autocorrelation"]
        assert found.curves


def test_what_cannot_be_weighed_is_refused(well: Model) -> None:
    with pytest.raises(RequestError, match="say where, as in temperature=1"):
        weighed(well, 10)
    with pytest.raises(UnknownName, match="heat"):
        weighed(well, 10, {"temperature": 2.0, "heat": 1})
