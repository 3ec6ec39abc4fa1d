"""Whole items that are given: read, encoded, refused, kept with the model, and answered one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from sciencegen.core.condition import ConditionFields
from sciencegen.core.domain import Items
from sciencegen.core.generator import Generator
from sciencegen.core.space import Discrete, Space
from sciencegen.domains.microstructures.item import Microstructure, to_text
from sciencegen.domains.molecules.smiles import Smiles
from sciencegen.errors import CheckpointError, DataError, RequestError, UnknownName
from sciencegen.evaluate import report
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.fit import Fit
from sciencegen.model import Model, load
from sciencegen.nets.causal import Gated, Recurrent
from sciencegen.nets.conditioner import Conditioner
from sciencegen.recipes import RECIPES, molecules
from sciencegen.recipes.recipe import Recipe
from sciencegen.ui.asking import Asked, ordered

TINY = {"width": 8, "critic": 4, "context": 8, "depth": 2, "halvings": 2, "batch": 8, "steps": 3, "holdout": 0.0}
QUICK = {"batch": 8, "steps": 120, "rate": 0.03, "ema": 0.0, "warmup": 0, "holdout": 0.0}
PIX = "microstructures/pix2pix"


def images(n: int, seed: int = 0, side: int = 8) -> list[Microstructure]:
    source = np.random.default_rng(seed)
    found = (source.random((n, side, side)) < 0.5).astype(np.uint8)
    found[:, 0, :2] = 0, 1
    return [Microstructure(one, periodic=True) for one in found]


def pairs(n: int = 12) -> Items[Microstructure]:
    columns: dict[str, list[Any]] = {
        "source": [to_text(one) for one in images(n, 1)],
        "heat": [float(i) for i in range(n)],
    }
    return Items(images(n), columns)


def fitted(data: Any = None, **options: Any) -> Model[Microstructure]:
    run = Fit(PIX, pairs() if data is None else data, **{**TINY, "noise": 0, **options})
    for _ in run:
        pass
    return run.model


@pytest.fixture(scope="module")
def model() -> Model[Microstructure]:
    return fitted(ask=["heat"])


def drawn(model: Model[Microstructure], n: int = 3, **where: Any) -> list[str]:
    return [one.text for one in model.candidates(n, where, measure=())]


def test_what_is_given_is_an_item_its_text_or_a_file(model: Model[Microstructure], tmp_path: Path) -> None:
    item = images(1, 5)[0]
    Image.fromarray(item.pixels * 255).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", item.pixels)
    by_item = drawn(model, source=item)
    assert len(by_item) == 3
    for named in (to_text(item), tmp_path / "a.png", str(tmp_path / "a.npy")):
        assert drawn(model, source=named) == by_item
    assert drawn(model, source=images(1, 6)[0]) != by_item


def test_fields_are_asked_for_beside_what_is_given(model: Model[Microstructure]) -> None:
    (item,) = images(1, 5)
    x = []
    for heat in (0.0, 1e6):
        condition = model.asking.row({"source": item, "heat": heat})
        x.append(model.generator.sample(1, condition))
    assert (x[0] - x[1]).abs().max() > 1e-4
    table = model.generate(2, where={"source": item, "heat": 3.0}, measure=())
    assert list(table["source_asked"]) == [item.digest] * 2
    assert list(table["heat_asked"]) == [3.0] * 2


def test_ranges_are_drawn_for_one_that_is_given(model: Model[Microstructure]) -> None:
    from sciencegen.core.interval import Interval

    condition = model.asking.ask({"source": images(1)[0], "heat": Interval(0.0, 5.0)}, 6)
    assert condition.values.unique().numel() == 6
    assert condition.given["source"].shape == (6, 1, 8, 8)
    assert condition.given["source"].unique(dim=0).shape[0] == 1


def test_a_stack_is_answered_one_by_one_and_in_order(model: Model[Microstructure]) -> None:
    sources = images(5, 7)
    answers = list(model.answers({"source": sources}, each=2, measure=["surface"]))
    assert [one.text for one in answers if one is not None] == [
        text for source in sources for text in drawn(model, 2, source=source)
    ]
    assert all(one is not None and one.properties["surface"] > 0 for one in answers)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({}, "source is missing: give one of microstructures, as --where source=FILE or as text"),
        ({"heat": 1.0}, "source is missing"),
        ({"source": None}, "source is missing"),
        ({"source": 3.5}, "source=3.5: expected one of microstructures"),
        ({"source": "nothing.png"}, "source: nothing.png: neither a file nor one of microstructures as text"),
        ({"source": "8x8 2 1.0 px cut " + "x" * 5000}, r"source: 8x8 2 1.0 px cut x+\.\.\.: neither a file"),
        ({"source": images(1, side=16)[0]}, "source: image 1 has 16x16 pixels and 2 phases, expected 8x8 and 2"),
        ({"sorce": images(1)[0]}, "unknown condition 'sorce': did you mean 'source'"),
    ],
)
def test_what_cannot_be_given_is_one_line(model: Model[Microstructure], where: Mapping[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said) as error:
        model.generate(1, where=where)
    assert "\n" not in str(error.value)


def test_a_page_names_no_files(model: Model[Microstructure], tmp_path: Path) -> None:
    (item,) = images(1)
    np.save(tmp_path / "a.npy", item.pixels)
    assert ordered(model, Asked(where={"source": to_text(item)})).n == 24
    with pytest.raises(
        RequestError, match="source: not one of microstructures as text; to give a file, type sciencegen"
    ):
        ordered(model, Asked(where={"source": str(tmp_path / "a.npy")}))


def test_columns_are_checked_row_by_row(model: Model[Microstructure]) -> None:
    sources = images(3)
    with pytest.raises(RequestError, match=r"source is missing \(row 2\)"):
        list(model.answers({"source": [sources[0], None, sources[1]]}))
    with pytest.raises(RequestError, match="column source has 3 values for 2 items"):
        list(model.answers({"heat": [1.0, 2.0], "source": sources}))
    with pytest.raises(RequestError, match="source is missing"):
        list(model.answers({"heat": [1.0, 2.0]}))


def test_a_loaded_model_takes_what_it_was_taught(tmp_path: Path) -> None:
    made = fitted(out=tmp_path / "run")
    again: Model[Microstructure] = load(tmp_path / "run", "cpu")
    assert again.given["source"].state() == made.given["source"].state()
    (item,) = images(1, 5)
    assert drawn(again, source=item) == drawn(made, source=item)
    config = tmp_path / "run" / "config.json"
    config.write_text(config.read_text().replace('"source": {', '"sauce": {'))
    with pytest.raises(CheckpointError, match="given: expected source, got sauce"):
        load(tmp_path / "run", "cpu")


def test_a_run_goes_on_with_the_pairs_it_began_with(tmp_path: Path) -> None:
    fitted(out=tmp_path / "run")
    run = Fit(PIX, pairs(), out=tmp_path / "run", resume=True, **{**TINY, "noise": 0, "steps": 5})
    assert [progress.step for progress in run] == [4, 5]
    others = Items(images(12), {"source": [to_text(one) for one in images(12, 1, 16)]})
    with pytest.raises(RequestError, match=r"expected one size|other data"):
        Fit(PIX, others, out=tmp_path / "run", resume=True, **{**TINY, "noise": 0, "steps": 7})


def test_items_beside_which_nothing_stands_are_left_out_and_named() -> None:
    found = pairs()
    column = list(found.columns["source"])
    column[3], column[4], column[5] = None, "nonsense", to_text(images(1, side=16)[0])
    run = Fit(PIX, Items(found.items, {**found.columns, "source": column}), **TINY)
    (reading,) = run.reports
    assert run.config["data"]["items"] == 9
    reasons = [one.reason for one in reading.examples]
    assert reasons[:2] == ["without source"] * 2
    assert reasons[2].startswith("source: not of the size and kind of the first: 16x16 pixels")
    with pytest.raises(DataError, match="3 of 12 rows cannot be learned"):
        Fit(PIX, Items(found.items, {"source": column}), **TINY, reading={"on_error": "stop"})


def test_data_without_what_has_to_be_given_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown property or column 'source'"):
        Fit(PIX, Items(images(12)), **TINY)
    np.savez(tmp_path / "x.npz", x=np.stack([one.pixels for one in images(12)]), heat=np.arange(12.0))
    with pytest.raises(UnknownName, match=r"unknown column of .*x.npz 'source': there is heat"):
        Fit(PIX, tmp_path / "x.npz", **TINY)


def test_images_of_another_size_than_their_source_are_refused() -> None:
    with pytest.raises(RequestError, match="source has 16x16 pixels, what is made of it 8x8: expected one size"):
        Fit(PIX, Items(images(12), {"source": [to_text(one) for one in images(12, 1, 16)]}), **TINY)
    with pytest.raises(RequestError, match="size=8x8: expected a multiple of 16 pixels along every side"):
        Fit(PIX, pairs(), **{**TINY, "depth": 4})


def test_held_out_pairs_are_pairs_too() -> None:
    run = Fit(PIX, pairs(), valid=pairs(5), **{k: v for k, v in TINY.items() if k != "holdout"})
    assert run.held is not None
    condition = run.held.at(0).condition
    assert condition is not None
    assert condition.given["source"].shape == (5, 1, 8, 8)


def test_a_model_is_judged_by_what_it_makes_of_the_sources_of_the_data(model: Model[Microstructure]) -> None:
    found = report(model, pairs(), n=20)
    assert found.numbers["samples"]["drawn"] == 20
    assert found.numbers["samples"]["kept"] == 20 - found.numbers["samples"]["invalid"]
    with pytest.raises(UnknownName, match="unknown property or column 'source'"):
        report(model, Items(images(3)), n=3)


class Bag(nn.Module):
    """The mean of what tokens stand for: a context of a whole string."""

    def __init__(self, space: Discrete, width: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(space.categories, width)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.tokens(x.long()).mean(1)
        return made


def scaffolded(width: int = 8) -> Recipe[str]:
    """Molecules under a scaffold that is given, by its tokens."""

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Discrete)
        (scaffold,) = fields.given
        assert isinstance(scaffold.space, Discrete)
        conditioner = Conditioner(fields, width, given={"scaffold": Bag(scaffold.space, width)})
        return Autoregressive(space, Recurrent(space, width, Gated(), width, 1), conditioner, masked=False)

    return replace(molecules.smiles_gru(), generator=generator, given={"scaffold": Smiles}, ask=())


def test_any_domain_may_have_items_that_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "molecules/scaffolded", scaffolded)
    some = ["C1CC1C", "C1CC1O", "c1ccccc1O", "c1ccccc1N"] * 4
    table = tmp_path / "some.csv"
    table.write_text("smiles,scaffold\n" + "".join(f"{one},{one[:-1]}\n" for one in some))
    run = Fit("molecules/scaffolded", table, out=tmp_path / "run", ask=[], **QUICK)
    for _ in run:
        pass
    again = load(tmp_path / "run", "cpu")
    for scaffold, share in (("c1ccccc1", 0.0), ("C1=CC=CC=C1", 0.0), ("C1CC1", 1.0)):
        found = [one.text for one in again.candidates(20, {"scaffold": scaffold}, once=False, measure=())]
        assert sum("C1CC1" in text for text in found) / len(found) == pytest.approx(share, abs=0.3)
    values = again.log_prob(["Oc1ccccc1", "Oc1ccccc1"], columns={"scaffold": ["c1ccccc1", "C1CC1"]})
    assert values[0] > values[1] + 1
    assert torch.isfinite(values).all()
