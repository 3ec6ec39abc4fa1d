"""What is shipped does what it says, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sciencegen
from sciencegen.core.condition import Continuous
from sciencegen.screen.stream import Tally

SHIPPED = Path(sciencegen.__file__).parent / "pretrained"
NAMES = sorted(path.parent.name for path in SHIPPED.glob("*/config.json"))
every_model = pytest.mark.parametrize("name", NAMES)


def test_the_first_commands_have_their_models() -> None:
    assert {"molecules", "microstructures"} <= set(NAMES)


@every_model
def test_a_shipped_model_is_small_and_says_how_it_was_made(name: str) -> None:
    folder = SHIPPED / name
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 15_000_000
    assert {file.name for file in folder.iterdir()} <= {"config.json", "model.safetensors", "README.md", "seen.bin"}
    card = (folder / "README.md").read_text()
    assert "sciencegen train" in card
    assert "sha256 of the data" in card or "| data | none |" in card
    for text in (card, json.dumps(json.loads((folder / "config.json").read_text()))):
        assert not any(place in text for place in ("/home/", "/root/", "/tmp/", "/work/"))


@every_model
def test_draws_are_valid_new_and_not_repeated(name: str) -> None:
    model, tally = sciencegen.load(name, "cpu"), Tally()
    needed = [one for one in model.fields.fields if isinstance(one, Continuous) and one.needed]
    where = {one.name: one.mean for one in needed}
    found = list(model.candidates(300, where, seed=1, tally=tally, measure=[], workers=0))
    assert len(found) == 300
    assert tally.invalid < 0.05 * tally.drawn
    assert tally.repeated < 0.02 * tally.drawn
    if model.domain.distinct:
        assert model.seen is not None
        assert model.seen.many([one.text for one in found]).mean() < 0.5


def test_microstructures_have_the_fraction_and_the_surface_that_were_asked_for() -> None:
    model = sciencegen.load("microstructures", "cpu")
    table = model.generate(32, {"volume_fraction": 0.375, "surface": 0.135}, seed=1, measure=[])
    assert (table["volume_fraction"] - 0.375).abs().max() < 1e-9
    assert (table["surface"] / 0.135 - 1).abs().mean() < 0.03
    conducting = [model.generate(32, {"conductivity": k}, seed=2, measure=[])["conductivity"] for k in (0.2, 0.5)]
    assert conducting[0].mean() + 0.15 < conducting[1].mean()
    model.turn(size=128)
    assert next(iter(model.candidates(1, seed=3, measure=[]))).item.shape == (128, 128)


def test_every_draw_of_the_guaranteed_model_is_a_molecule() -> None:
    model, tally = sciencegen.load("molecules-guaranteed", "cpu"), Tally()
    list(model.candidates(500, {"logp": 5.0, "mw": 349.0}, seed=4, tally=tally, measure=[], workers=0))
    assert tally.invalid == 0


@pytest.mark.parametrize(("low", "high"), [({"logp": 1.0}, {"logp": 4.0}), ({"mw": 270.0}, {"mw": 340.0})])
def test_what_is_asked_for_is_what_comes(low: dict[str, float], high: dict[str, float]) -> None:
    model = sciencegen.load("molecules", "cpu")
    ((name, asked),) = low.items()
    means = [model.generate(60, where, seed=2, measure=[])[name].mean() for where in (low, high)]
    spread = high[name] - asked
    assert abs(means[0] - asked) < 0.25 * spread
    assert abs(means[1] - high[name]) < 0.25 * spread


def test_the_best_of_several_comes_close() -> None:
    model = sciencegen.load("molecules", "cpu")
    table = model.generate(40, {"logp": 2.5, "qed": 0.9}, seed=3, measure=[], best_of=8)
    assert (table["logp"] - 2.5).abs().mean() < 0.3
    assert (table["qed"] - 0.9).abs().mean() < 0.05


def test_likelihood_tells_drugs_from_what_is_far_from_the_data() -> None:
    model = sciencegen.load("molecules", "cpu")
    likely, odd = ["COc1ccc(C(=O)NCc2ccccc2F)cc1", "CCN(CC)C(=O)c1ccc(OC)cc1"], ["C1=CC=C=C=C1", "FOOOOF"]
    tokens = [len(one) for one in (*likely, *odd)]
    per_token = model.log_prob([*likely, *odd]).numpy() / tokens
    assert min(per_token[:2]) > max(per_token[2:])
