"""The Python API: a checkpoint made usable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from torch import Tensor

import sciencegen
from sciencegen.core.condition import Interval
from sciencegen.core.domain import Items
from sciencegen.domains.densities import Point, Standardised
from sciencegen.errors import CheckpointError, DataError, RequestError, UnknownName
from sciencegen.evaluate import report as evaluated
from sciencegen.fit import Fit
from sciencegen.model import Model, load
from sciencegen.screen.stream import Tally
from tests.files import lattices, points

SMALL = {"width": 8, "depth": 2, "batch": 64}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def flow(folder: Path) -> Model[Any]:
    """A flow of points in x (around 0) and y (around 50, ten times as wide) that may be asked for heat."""
    data = points(folder / "points.csv")
    return Model.fit("densities/coupling", data, out=folder / "flow", ask=["heat", "radius"], epochs=20, **SMALL)


@pytest.fixture(scope="module")
def vae(folder: Path) -> Model[Any]:
    return Model.fit("densities/vae", folder / "points.csv", epochs=20, latent=2, **SMALL)


@pytest.fixture(scope="module")
def bits(folder: Path) -> Model[Any]:
    return Model.fit("arrays/made", lattices(folder / "lattices.npz", shape=(2, 2)), epochs=5, width=8)


def test_a_model_is_fitted_in_memory_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = np.random.default_rng(0)
    items = [Point(("x", "y"), row) for row in source.normal(size=(50, 2))]
    model = sciencegen.Model.fit("densities/gan", items, steps=2, **SMALL)
    assert len(model.generate(5)) == 5
    assert list(tmp_path.iterdir()) == []


def test_arrays_are_items_as_they_are() -> None:
    model = Model.fit("arrays/fvsbn", np.eye(4, dtype=int).reshape(4, 2, 2), steps=2, holdout=0.0)
    assert model.representation.space.shape == (2, 2)


def test_a_table_of_candidates_has_what_was_measured_and_asked(flow: Model[Any]) -> None:
    table = flow.generate(20, where={"heat": 1.5, "radius": Interval(40, 60)}, seed=1)
    assert isinstance(table, pandas.DataFrame)
    assert list(table.columns) == ["x", "y", "radius", "heat_asked", "radius_asked"]
    assert len(table) == 20
    assert table["radius"].between(40, 60).all()


def test_a_seed_says_what_is_drawn(flow: Model[Any]) -> None:
    pandas.testing.assert_frame_equal(flow.generate(9, seed=4), flow.generate(9, seed=4))
    assert not flow.generate(9, seed=4).equals(flow.generate(9, seed=5))


def test_a_loaded_model_draws_what_the_fitted_one_draws(flow: Model[Any], folder: Path) -> None:
    again = load(folder / "flow")
    assert again.checkpoint == flow.checkpoint
    assert len(again.checkpoint) == 64
    pandas.testing.assert_frame_equal(flow.generate(9), again.generate(9))


def test_fewer_than_wanted_is_a_warning(flow: Model[Any]) -> None:
    with pytest.warns(UserWarning, match=r"drew 40 and found \d+ of 30"):
        table = flow.generate(30, where={"radius": Interval(48, 52)}, budget=40)
    assert 0 < len(table) < 30


class Picky(Standardised):
    """A representation that finds no item in every third tensor."""

    def decode(self, x: Tensor) -> list[Point | None]:
        return [None if i % 3 == 0 else item for i, item in enumerate(super().decode(x))]


def test_a_draw_that_is_no_item_is_none_and_counted(flow: Model[Any]) -> None:
    state = flow.representation.state()
    picky = replace(flow, representation=Picky(*(tuple(state[name]) for name in ("names", "mean", "std"))))
    drawn = list(islice(picky.stream(batch=9), 9))
    assert [candidate is None for candidate in drawn] == [True, False, False] * 3
    tally = Tally()
    assert len(list(picky.candidates(20, tally=tally))) == 20
    assert tally.invalid > 0
    assert tally.drawn == tally.kept + tally.invalid


def test_a_stream_does_not_end_and_does_not_repeat(flow: Model[Any]) -> None:
    drawn = list(islice(flow.stream(batch=10), 35))
    assert len({candidate.text for candidate in drawn if candidate}) == 35


def test_the_random_numbers_of_the_caller_are_left_alone(flow: Model[Any], vae: Model[Any], folder: Path) -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    flow.generate(3)
    stream = flow.stream({"heat": Interval(1, 2)})
    next(stream)
    vae.log_prob(some(vae, 3), draws=3)
    load(folder / "flow")
    next(stream)
    assert torch.equal(torch.rand(3), expected)


def test_the_random_numbers_of_the_caller_change_nothing(flow: Model[Any]) -> None:
    first = flow.generate(5)
    torch.manual_seed(99)
    stream = flow.stream(batch=4)
    drawn = [next(stream) for _ in range(2)]
    torch.rand(7)
    drawn += [next(stream) for _ in range(6)]
    again = list(islice(flow.stream(batch=4), 8))
    assert [c and c.text for c in drawn] == [c and c.text for c in again]
    pandas.testing.assert_frame_equal(first, flow.generate(5))


def some(model: Model[Any], n: int) -> list[Any]:
    return [candidate.item for candidate in model.candidates(n)]


@pytest.mark.parametrize("where", [None, {"heat": 1.2}])
def test_a_density_is_one_in_the_units_of_the_data(flow: Model[Any], where: dict[str, float] | None) -> None:
    x, y = np.linspace(-12, 12, 201), np.linspace(-150, 250, 201)
    grid = [Point(("x", "y"), np.array([a, b])) for a in x for b in y]
    log_prob = flow.log_prob(grid, where)
    cell = (x[1] - x[0]) * (y[1] - y[0])
    assert float(log_prob.exp().sum()) * cell == pytest.approx(1, abs=0.01)


def test_probabilities_of_all_arrays_sum_to_one(bits: Model[Any]) -> None:
    every = [np.array([i >> k & 1 for k in range(4)]).reshape(2, 2) for i in range(16)]
    assert float(bits.log_prob(every).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_a_condition_for_each_item_is_the_condition_of_that_item(flow: Model[Any]) -> None:
    items, heat = some(flow, 4), [1.1, None, 1.9, 1.5]
    together = flow.log_prob(items, columns={"heat": heat})
    alone = [flow.log_prob([item], None if h is None else {"heat": h}) for item, h in zip(items, heat, strict=True)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)
    assert not torch.allclose(together, flow.log_prob(items), atol=1e-4)


def test_a_bound_is_tightened_by_draws(vae: Model[Any]) -> None:
    items = some(vae, 50)
    loose, tight = (vae.log_prob(items, draws=draws).mean() for draws in (1, 400))
    assert tight > loose


def test_a_flow_finds_the_items_of_its_latents(flow: Model[Any]) -> None:
    items = some(flow, 20)
    z = flow.encode(items)
    assert z.shape == (20, 2)
    assert abs(float(z.mean())) < 1
    for a, b in zip(items, flow.decode(z), strict=True):
        assert b is not None
        assert np.allclose(a.values, b.values, atol=1e-2)


def test_a_vae_decodes_its_latents_to_items(vae: Model[Any]) -> None:
    decoded = vae.decode(vae.encode(some(vae, 7)))
    assert len(decoded) == 7
    assert all(item is not None and item.names == ("x", "y", "heat") for item in decoded)


def test_a_knob_changes_the_draws(folder: Path) -> None:
    model = load(folder / "flow")
    wide = model.generate(200)["x"].std()
    assert model.turn(temperature=0.2).generate(200)["x"].std() < 0.5 * wide
    with pytest.raises(UnknownName, match="did you mean 'temperature'"):
        model.turn(temprature=1.0)


def test_a_report_has_what_a_model_can_say(flow: Model[Any], vae: Model[Any], bits: Model[Any]) -> None:
    likelihood, samples = {"nll", "standard_error", "how"}, {"drawn", "invalid", "repeated", "rejected", "kept"}
    for model, properties in ((flow, {"radius"}), (vae, {"radius"}), (bits, {"filled", "changes"})):
        report = evaluated(model, some(model, 60), n=60, draws=5).numbers
        assert set(report["likelihood"]) == likelihood
        assert set(report["samples"]) == samples | {"distinct_share", "outdone", "rejected_by", "compared_with"}
        assert set(report["distance"]) == {
            *("energy_distance", "mmd", "sliced_wasserstein", "nearest_neighbour_accuracy"),
        }
        assert set(report["properties"]) == properties
        json.dumps(report, allow_nan=False)


def test_a_report_without_samples_is_the_likelihood(flow: Model[Any]) -> None:
    assert "samples" not in evaluated(flow, some(flow, 5), n=0).numbers


def test_a_report_given_columns_is_conditional(flow: Model[Any]) -> None:
    items = some(flow, 30)
    report = evaluated(flow, Items(items, {"heat": [1.5] * 30}), n=0, given=True).numbers
    radii = [float(np.hypot(*item.values)) for item in items]
    expected = -flow.log_prob(items, columns={"heat": [1.5] * 30, "radius": radii}).mean()
    assert report["conditional"]["nll"] == pytest.approx(float(expected))
    assert report["conditional"]["given"] == ["heat", "radius"]
    assert report["conditional"]["nll"] != report["likelihood"]["nll"]


def test_a_sorted_file_is_compared_as_a_whole(flow: Model[Any]) -> None:
    """The two-sample statistics look at some thousands of items only: they must not be the first ones."""
    drawn = sorted(some(flow, 9000), key=lambda item: float(item.values[0]))
    distance = evaluated(flow, drawn, n=400, seed=3).numbers["distance"]
    assert distance["sliced_wasserstein"] < 0.2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda flow: flow.generate(0), "n=0: expected 1 or more"),
        (lambda flow: flow.generate(5, budget=0), "budget=0: expected 1 or more"),
        (lambda flow: flow.generate(5, where={"heet": 1.0}), "unknown condition 'heet': did you mean 'heat'"),
        (lambda flow: next(flow.stream(measure=["radios"])), "unknown property 'radios': did you mean 'radius'"),
        (lambda flow: flow.log_prob([]), "there are no items"),
        (lambda flow: flow.log_prob(some(flow, 1), draws=0), "draws=0: expected 1 or more"),
        (lambda flow: flow.log_prob(some(flow, 1), columns={"heet": [1]}), "unknown condition 'heet'"),
        (lambda flow: flow.log_prob(some(flow, 2), columns={"heat": [1]}), "column heat has 1 values for 2 items"),
        (lambda flow: flow.log_prob(some(flow, 1), {"heat": 1.0}, columns={"heat": [1]}), "give either"),
        (lambda flow: evaluated(flow, []), "there are no items"),
        (lambda flow: evaluated(flow, some(flow, 2), given=True), "unknown property or column 'heat'"),
        (lambda flow: flow.to("gpu"), "unknown device 'gpu'"),
    ],
)
def test_a_bad_request_is_a_value_error(flow: Model[Any], call: Any, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        call(flow)
    assert isinstance(caught.value, ValueError)


def test_what_a_model_cannot_do_is_said(folder: Path, bits: Model[Any]) -> None:
    gan = Model.fit("densities/gan", folder / "points.csv", steps=1, **SMALL)
    with pytest.raises(RequestError, match="Implicit generators have no likelihood"):
        gan.log_prob(some(gan, 1))
    with pytest.raises(RequestError, match="have no latent space"):
        bits.encode(some(bits, 1))


def test_a_request_that_cannot_be_fitted_is_said(folder: Path) -> None:
    data = folder / "points.csv"
    for call, said in (
        (lambda: Fit("densities/gan"), "give a file with --data"),
        (lambda: Fit("densities/gan", []), "the data hold 0 items"),
        (lambda: Fit("densities/gan", ["a", "b"]), "item 1 is a str: expected a Point"),
        (lambda: Fit("densities/gan", data, valid=[]), "the held-out data hold no items"),
        (lambda: Fit("densities/gan", data, resume=True), "resume needs the folder of the run"),
        (lambda: Fit("densities/gan", data, colour="red"), "unknown option 'colour'"),
    ):
        with pytest.raises(RequestError, match=said):
            call()


def test_a_run_is_made_once(folder: Path) -> None:
    fit = Fit("densities/gan", folder / "points.csv", steps=1, **SMALL)
    assert len(list(fit)) == 1
    with pytest.raises(RequestError, match="this run was made already"):
        list(fit)


def test_a_recipe_without_data_takes_none(folder: Path) -> None:
    fit = Fit("densities/double-well", width=8, depth=2, steps=2)
    assert [progress.step for progress in fit] == [1, 2]
    with pytest.raises(RequestError, match="learns without data: leave out --data"):
        Fit("densities/double-well", folder / "points.csv")


def test_public_names_are_found_without_their_modules() -> None:
    assert sciencegen.load is load
    assert sciencegen.RECIPES["densities/gan"]
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        _ = sciencegen.lode  # type: ignore[attr-defined]


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no such folder"):
        load(tmp_path / "nowhere")


def test_items_may_be_any_sequence() -> None:
    items: Sequence[Point] = tuple(Point(("x",), np.array([float(i)])) for i in range(10))
    assert Fit("densities/gan", items, steps=1, holdout=0.0, **SMALL).config["data"]["items"] == 10
    with pytest.raises(DataError, match="training needs 2 or more"):
        Fit("densities/gan", items[:1], steps=1, **SMALL)
