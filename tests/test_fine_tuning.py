"""A run may begin with a trained model: what is new in the data is added to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from sciencegen.core.domain import Items
from sciencegen.errors import RequestError
from sciencegen.fit import Fit
from sciencegen.model import load

SMALL: dict[str, Any] = {"width": 16, "embed": 8, "context": 8, "batch": 8, "steps": 5, "warmup": 0}
OLD = ["CCO", "CCN", "CCC", "COC", "CNC", "OCO", "NCN", "CO"] * 3
NEW = ["CCS", "c1ccccc1", "CCOCCOCC", "CSC", "CCO", "OCCS", "c1ccoc1", "SCCS"]


def trained(folder: Path) -> None:
    for _ in Fit("molecules/smiles-gru", OLD, out=folder, ask=["logp", "mw"], holdout=0.0, **SMALL):
        pass


def begun(folder: Path, **more: Any) -> Fit:
    column = {"potency": [float(i) for i in range(8)]}
    request: dict[str, Any] = {"ask": ["potency"], "holdout": 0.0, "steps": 4, "batch": 4}
    return Fit("molecules/smiles-gru", Items(NEW, column), start=folder, **(request | more))


def test_new_tokens_and_columns_are_added_and_the_rest_is_kept(tmp_path: Path) -> None:
    trained(tmp_path / "old")
    old, run = load(tmp_path / "old"), begun(tmp_path / "old")
    new = run.model
    assert new.fields.names == ("logp", "mw", "potency")
    assert new.fields.fields[0].mean == old.fields.fields[0].mean  # type: ignore[union-attr]
    assert run.settings.rate < 1e-3
    assert run.recipe.settings.epochs == 30
    known = len(old.representation.vocabulary)  # type: ignore[attr-defined]
    assert new.representation.vocabulary[:known] == old.representation.vocabulary  # type: ignore[attr-defined]
    kept, grown = old.generator.state_dict(), new.generator.state_dict()
    assert grown["net.embed.weight"].shape[0] > kept["net.embed.weight"].shape[0]
    assert all(torch.equal(grown[k][tuple(slice(n) for n in v.shape)], v) for k, v in kept.items())
    for _ in run:
        pass
    assert new.log_prob(NEW, where={"potency": 3.0}).isfinite().all()


def test_a_tuned_run_can_be_taken_up_again(tmp_path: Path) -> None:
    trained(tmp_path / "old")
    whole, part = (begun(tmp_path / "old", out=tmp_path / name, save=0.0) for name in ("whole", "part"))
    for _ in whole:
        pass
    for progress in part:
        if progress.step == 2:
            part.stop()
    for _ in begun(tmp_path / "old", out=tmp_path / "part", save=0.0, resume=True):
        pass
    ours, theirs = (load(tmp_path / name).generator.state_dict() for name in ("whole", "part"))
    assert all(torch.equal(ours[k], theirs[k]) for k in ours)
    assert load(tmp_path / "part").config["from"] == load(tmp_path / "old").checkpoint


def test_what_cannot_begin_there_is_refused(tmp_path: Path) -> None:
    trained(tmp_path / "old")
    with pytest.raises(RequestError, match="smiles-gru"):
        Fit("molecules/smiles-transformer", NEW, start=tmp_path / "old")
    with pytest.raises(RequestError, match="smaller than the trained one"):
        begun(tmp_path / "old", width=8)


def test_a_model_knows_what_it_was_trained_on(tmp_path: Path) -> None:
    trained(tmp_path / "old")
    model = load(tmp_path / "old")
    assert model.seen is not None
    assert all(one in model.seen for one in OLD)
    assert sum(one in model.seen for one in NEW) <= 2
