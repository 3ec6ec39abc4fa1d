"""Requests, conditions, seeds and spaces."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sciencegen.core.batch import Batch, seed_at
from sciencegen.core.condition import Categorical, ConditionFields, Continuous, Interval
from sciencegen.core.generator import Knobs
from sciencegen.core.objective import Ramp
from sciencegen.core.request import accepts, parse_where
from sciencegen.core.space import Bits, Graphs, Levels, Reals, Tokens
from sciencegen.errors import RequestError, UnknownName
from sciencegen.nets.causal.entries import Sharpness
from sciencegen.recipes import recipe_function
from sciencegen.recipes.options import assignments, resolve

FIELDS = ConditionFields(
    (Continuous("logp", "", 2.0, 0.5, 0.0, 5.0), Categorical("ring", ("2", "a..b", "none")), Continuous("qed"))
)


def test_clauses_become_values_and_ranges() -> None:
    where = parse_where(["logp=2.5", "qed>=0.9", "ring=a..b", "logs=-3..-1", "mw<=5e2"])
    assert where == {
        "logp": 2.5,
        "qed": Interval(0.9, float("inf")),
        "ring": "a..b",
        "logs": Interval(-3, -1),
        "mw": Interval(-float("inf"), 500),
    }


@pytest.mark.parametrize("clause", ["logp", "=3", "logp=3..2", "logp>=x", "logp<=nan", "logp=nan..1", "logp=1..nan"])
def test_broken_clauses_are_refused(clause: str) -> None:
    with pytest.raises(RequestError):
        parse_where([clause])


def test_a_name_asked_for_twice_is_refused() -> None:
    with pytest.raises(RequestError, match="asked for twice"):
        parse_where(["logp=1", "logp=2"])


def test_a_request_is_standardised_and_the_rest_is_unknown() -> None:
    row = FIELDS.row({"logp": 3.0})
    assert row.values[0].tolist() == [2.0, 0.0, 0.0]
    assert row.known[0].tolist() == [True, False, False]


@pytest.mark.parametrize("asked", ["2", 2.0, 2])
def test_a_level_may_be_spelled_as_a_number(asked: object) -> None:
    assert FIELDS.row({"ring": asked}).values[0, 1] == 0  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("where", "hint"), [({"lopg": 1}, "did you mean 'logp'"), ({"ring": "nine"}, "did you mean 'none'")]
)
def test_unknown_names_get_the_nearest(where: dict[str, float | str], hint: str) -> None:
    with pytest.raises(UnknownName, match=hint):
        FIELDS.row(where)


def test_intervals_are_drawn_inside_what_was_seen() -> None:
    drawn = FIELDS.ask({"logp": Interval(4.5, float("inf"))}, 500).values[:, 0] * 0.5 + 2.0
    assert drawn.min() >= 4.5
    assert drawn.max() <= 5.0
    assert drawn.std() > 0.1


def test_ranges_filter_and_exact_values_do_not() -> None:
    where = {"logp": Interval(1, 2), "qed": 0.9}
    assert accepts(where, {"logp": 1.5, "qed": 0.1})
    assert not accepts(where, {"logp": 2.5, "qed": 0.9})


def test_missing_cells_are_unknown() -> None:
    condition = FIELDS.rows({"logp": [1.0, None, float("nan")], "ring": ["2", None, "none"]})
    assert condition.known[:, 0].tolist() == [True, False, False]
    assert condition.known[:, 1].tolist() == [True, False, True]
    assert torch.isfinite(condition.values).all()


def test_values_outside_the_training_range_are_named() -> None:
    assert FIELDS.outside({"logp": 9.0}) == ["logp=9.0 is outside the training range (0 to 5)"]
    assert not FIELDS.outside({"logp": 4.0})


def test_fields_survive_as_plain_values() -> None:
    assert ConditionFields.from_state(FIELDS.state()) == FIELDS


def test_hiding_hides_about_as_often_as_asked() -> None:
    condition = FIELDS.rows({"logp": [1.0] * 4000, "ring": ["2"] * 4000, "qed": [1.0] * 4000})
    hidden = condition.hide(0.2)
    assert hidden.known.float().mean() == pytest.approx(0.8, abs=0.02)
    assert condition.hide(0.5).known.sum(1).bincount().tolist() == pytest.approx([1000] * 4, abs=130)  # any number
    with pytest.raises(RequestError):
        condition.hide(7)


@given(st.integers(0, 2**62), st.lists(st.integers(0, 2**40), max_size=4))
def test_seeds_are_seeds_and_differ(seed: int, counters: list[int]) -> None:
    value = seed_at(seed, *counters, 0)
    assert 0 <= value < 2**63
    assert value != seed_at(seed, *counters, 1)


def test_seeds_share_no_step() -> None:
    streams = [{seed_at(seed, step) for step in range(1000)} for seed in range(8)]
    assert len(set().union(*streams)) == 8000


def test_shares_of_a_batch_are_the_batch() -> None:
    batch = Batch(torch.arange(10), FIELDS.ask({"logp": 1.0}, 10))
    parts = [batch.part(i, 3) for i in range(3)]
    assert torch.equal(torch.cat([part.x for part in parts]), batch.x)
    assert sum(len(part.condition) for part in parts if part.condition is not None) == 10


def test_a_ramp_goes_straight_and_stays() -> None:
    ramp = Ramp(0.0, 2.0, 4)
    seen = []
    for step in (0, 1, 4, 9):
        ramp.advance(step)
        seen.append(float(ramp.value))
    assert seen == [0.0, 0.5, 2.0, 2.0]


def test_knobs_are_checked() -> None:
    with pytest.raises(UnknownName, match="temperature"):
        Sharpness().turned(temprature=1.0)
    for wrong in ({"temperature": 0.0}, {"top_p": 1.5}):
        with pytest.raises(RequestError):
            Sharpness().turned(**wrong)
    assert Knobs().turned() == Knobs()


def test_spaces_know_what_lies_in_them() -> None:
    assert Bits((2,)).contains(torch.tensor([[0, 1], [0, 2]])).tolist() == [True, False]
    assert Levels((1,), 3).contains(torch.tensor([[2], [3], [-1]])).tolist() == [True, False, False]
    assert Reals((2,)).contains(torch.tensor([[0.0, 1.0], [0.0, float("nan")]])).tolist() == [True, False]
    tokens = Tokens((3,), 4, end=0)
    assert tokens.contains(torch.tensor([[1, 2, 3], [1, 0, 0], [1, 0, 2]])).tolist() == [True, True, False]
    graphs = Graphs(nodes=2, node_kinds=3, edge_kinds=2)
    assert graphs.contains(torch.tensor([[1, 2, 1], [1, 0, 1], [1, 0, 0]])).tolist() == [True, False, True]


def test_options_are_read_as_their_kind() -> None:
    made = recipe_function("arrays/made")
    options, settings = resolve(made, {"width": "1e3", "seed": str(2**60 + 1), "schedule": "constant"})
    assert options["width"] == 1000
    assert settings == {"seed": 2**60 + 1, "schedule": "constant"}
    for wrong in ({"width": "1.5"}, {"schedule": "cosin"}, {"widht": "3"}, {"dropout": "much"}):
        with pytest.raises(RequestError):
            resolve(made, wrong)
    with pytest.raises(RequestError, match="already"):
        assignments(["a=1", "a=2"])
