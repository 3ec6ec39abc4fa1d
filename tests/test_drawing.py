"""Candidates are the same wherever they are made, and in half precision nearly the same as in full."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sciencegen.core.domain import Candidate
from sciencegen.drawing import Measurer, measured_further
from sciencegen.fit import Fit
from sciencegen.model import Model
from sciencegen.screen.stream import Tally

SOME = ["CCO", "CCN", "CCC", "COC", "CNC", "OCO", "NCN", "CO", "C", "CCCO", "OCCN", "CCCC"] * 8


@pytest.fixture(scope="module")
def model() -> Model[Any]:
    run = Fit("molecules/smiles-gru", SOME, ask=["logp"], width=32, embed=8, context=8, batch=32, steps=150, rate=1e-2)
    for _ in run:
        pass
    return run.model


def test_other_processes_make_the_same_candidates(model: Model[Any]) -> None:
    tallies = [Tally(), Tally()]
    here, there = (
        list(model.candidates(60, {"logp": 0.0}, 3, tally, once=False, measure=["mw", "qed"], workers=workers))
        for workers, tally in zip((0, 2), tallies, strict=True)
    )
    assert here == there
    assert tallies[0] == tallies[1]
    assert set(here[0].properties) == {"mw", "qed", "logp"}


def test_of_what_is_left_out_only_what_was_asked_is_measured(
    model: Model[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []
    costly = model.domain.properties["qed"]

    def watched(item: str) -> float | str:
        measured.append(item)
        return costly.measure(item)

    known = {**model.domain.properties, "qed": type(costly)(watched)}
    monkeypatch.setattr(type(model.domain), "properties", known)
    frame = model.generate(5, {"logp": 0.0}, measure=["qed"], best_of=4, once=False)
    assert len(measured) == len(frame) == 5
    assert {"smiles", "logp", "qed", "logp_asked"} <= set(frame.columns)


def test_the_closest_of_several_come_closer(model: Model[Any]) -> None:
    errors = []
    for k in (1, 6):
        frame = model.generate(60, {"logp": -1.0}, measure=[], best_of=k, once=False)
        errors.append((frame["logp"] + 1.0).abs().mean())
    assert errors[1] < 0.7 * errors[0]


def test_half_precision_draws_from_nearly_the_same_distribution(model: Model[Any]) -> None:
    lean = model.generator.lean()
    assert lean is not model.generator
    assert next(lean.net.parameters()).dtype == torch.bfloat16  # type: ignore[union-attr]
    shares = []
    for generator in (model.generator, lean):
        torch.manual_seed(0)
        texts = model.representation.texts(generator.sample(4000))  # type: ignore[attr-defined]
        shares.append(torch.tensor([texts.count(one) / 4000 for one in sorted(set(SOME))]))
    assert (shares[0] - shares[1]).abs().max() < 0.03


def test_candidates_that_cannot_be_measured_are_left_as_they_are(model: Model[Any]) -> None:
    odd = [Candidate("CC", "CC"), Candidate("nonsense", "nonsense"), Candidate("CO", "CO")]
    with pytest.warns(UserWarning, match="nonsense could not be measured"):
        found = list(measured_further(odd, Measurer(model.domain, ("mw",)), workers=1))
    assert [one.text for one in found] == ["CC", "nonsense", "CO"]
    assert [bool(one.properties) for one in found] == [True, False, True]
