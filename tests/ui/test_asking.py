"""A request as a command, and back."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.cli import app
from sciencegen.core.condition import Continuous
from sciencegen.core.request import parse_where
from sciencegen.errors import RequestError
from sciencegen.model import Model, load
from sciencegen.ui import outlines
from sciencegen.ui.asking import MOST, Asked
from sciencegen.ui.outlines import ends, from_data, normal
from tests.files import points

numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip)
names = st.sampled_from(["logp", "mw", "heat"])
asked = st.builds(
    Asked,
    n=st.integers(1, MOST),
    seed=st.integers(-(2**53), 2**53),
    where=st.dictionaries(names, numbers.map(repr) | st.sampled_from(["1..2", ">=0.5", "<=-3", "a 'quoted' level"])),
    filters=st.dictionaries(st.sampled_from(["contains", "without", "unlike"]), st.lists(texts, min_size=1)),
    numbers=st.dictionaries(st.just("ceiling"), numbers),
    knobs=st.dictionaries(st.sampled_from(["temperature", "top_p"]), numbers),
    novel=st.booleans(),
    best_of=st.integers(1, 100),
)


@given(asked)
@settings(deadline=None, max_examples=30)
def test_the_command_asks_for_the_same(one: Asked) -> None:
    _, _, *words = shlex.split(one.command("a model's folder"))
    group = typer.main.get_command(app)
    said: dict[str, Any] = group.commands["generate"].make_context("generate", words).params  # type: ignore[attr-defined]
    assert said["model"] == "a model's folder"
    assert (said["n"], said["seed"], said["novel"], said["best_of"]) == (one.n, one.seed, one.novel, one.best_of)
    assert parse_where(said["where"] or []) == parse_where(one.clauses)
    for name in ("contains", "without", "unlike"):
        assert list(said[name] or []) == one.filters.get(name, [])
    assert said["ceiling"] == one.numbers.get("ceiling")
    turned = [clause.split("=") for clause in said["set_"] or []]
    assert {name: float(value) for name, value in turned} == one.knobs


@given(asked)
def test_what_a_browser_sends_is_read_as_it_was_meant(one: Asked) -> None:
    assert Asked.of(json.dumps(one.model_dump())) == one


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"n": "many"}', "n"),
        ('{"knobs": {"temperature": NaN}}', "knobs.temperature"),
        ('{"where": {"logp": ""}}', "where.logp"),
        ("null", "the request"),
    ],
)
def test_what_is_wrong_is_named(text: str, name: str) -> None:
    with pytest.raises(RequestError, match=f"^{name}: "):
        Asked.of(text)


def test_a_normal_curve_is_one_and_says_so() -> None:
    field = Continuous("x", mean=2.0, std=0.5, low=0.0, high=4.0)
    outline = normal(field)
    assert sum(outline.shares) == pytest.approx(1)
    assert outline.shares == pytest.approx(outline.shares[::-1])
    assert outline.shares.index(max(outline.shares)) in (19, 20)
    assert "normal curve" in outline.source
    assert ends(Continuous("x", mean=1.0, std=2.0)) == (-5.0, 7.0)


def test_training_data_stand_behind_the_sliders(tmp_path: Path) -> None:
    data = points(tmp_path / "points.csv", n=300)
    model = Model.fit("densities/coupling", data, out=tmp_path / "m", ask=["heat", "radius"], width=4, steps=1)
    found = from_data(model, data)
    assert set(found) == {"heat", "radius"}
    for field in model.fields.fields:
        assert isinstance(field, Continuous)
        outline = found[field.name]
        assert sum(outline.shares) == pytest.approx(1)  # the data are those the ends are from
        middles = [field.low + (i + 0.5) * (field.high - field.low) / len(outline.shares) for i in range(40)]
        mean = math.fsum(x * share for x, share in zip(middles, outline.shares, strict=True))
        assert mean == pytest.approx(field.mean, abs=(field.high - field.low) / 40)
        assert "points.csv" in outline.source


def test_only_a_sample_of_laborious_items_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "_SAMPLE", 40)
    model, data = load("molecules"), tmp_path / "small.csv"
    data.write_text("id,smiles\n" + "".join(f"{i},{'C' * (1 + i % 5)}c1ccccc1\n" for i in range(100)) + "x,nonsense\n")
    found = from_data(model, data)
    assert set(found) == set(model.fields.names)
    assert found["rings"].shares[5] == 1.0  # one of eight, in forty bins
    assert (found["rings"].low, found["rings"].high, found["rings"].whole) == (1.0, 1.0, True)
    assert found["rings"].source in ("small.csv, 40 rows", "small.csv, 39 rows")
    assert sum(found["mw"].shares) == 0  # all are lighter than what was seen in training
