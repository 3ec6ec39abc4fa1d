"""Compiled steps draw what plain ones draw; where they cannot be had, one line says so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from sciencegen.core.condition import ConditionFields, Interval
from sciencegen.core.space import Tokens
from sciencegen.errors import RequestError
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.model import load
from sciencegen.nets.causal import CausalNet, Gated, LongShort, Recurrent, Transformer, compiled
from sciencegen.nets.causal.compiled import Compiled
from sciencegen.nets.conditioner import Conditioner

SPACE = Tokens((6,), 5, end=0)
with_a_compiler = pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler (g++) here")


def generator(net: CausalNet) -> Autoregressive:
    return Autoregressive(SPACE, net, Conditioner(ConditionFields())).eval()


@pytest.fixture
def fresh() -> Iterator[None]:
    """No step is compiled before or after."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.slow
@with_a_compiler
@pytest.mark.parametrize("precision", ["32", "bf16"])
@pytest.mark.parametrize("where", [{}, {"logp": 2.5}, {"logp": Interval(1.0, 3.0)}])
def test_the_same_seed_draws_the_same_molecules(precision: str, where: dict[str, Any]) -> None:
    plain, quick = (load("molecules", "cpu", precision, compile) for compile in (False, True))
    ours, theirs = (
        [one.text for one in model.candidates(300, where, 7, once=False, measure=(), workers=0)]
        for model in (plain, quick)
    )
    assert ours == theirs
    assert len(set(ours)) > 250


@pytest.mark.slow
@with_a_compiler
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("cell", [Gated(), LongShort()])
def test_a_step_is_compiled_whole_and_once_for_all_entries(cell: Any) -> None:
    from torch._dynamo.utils import counters

    counters.clear()
    net = Recurrent(SPACE, 0, cell, 8, 2)
    for model in (generator(net), generator(Recurrent(SPACE, 0, cell, 8, 2))):
        for n in (64, 96):
            torch.manual_seed(0)
            ours = model.sample(n)
            torch.manual_seed(0)
            assert (model.compiled().sample(n) == ours).all()
    assert counters["stats"]["unique_graphs"] == 2  # the first entry has none before it
    assert not counters["graph_break"]


def test_the_weights_are_shared_and_the_knobs_kept() -> None:
    model = generator(Recurrent(SPACE, 0, Gated(), 8))
    model.knobs = model.knobs.turned(temperature=0.5)  # type: ignore[assignment]
    copied = model.compiled()
    assert copied is not model
    assert copied.knobs == model.knobs
    assert {id(one) for one in copied.net.parameters()} == {id(one) for one in model.net.parameters()}


def test_half_precision_and_compiling_go_together_in_any_order() -> None:
    model = generator(Recurrent(SPACE, 0, Gated(), 8))
    for both in (model.lean().compiled(), model.compiled().lean()):
        assert isinstance(both.net, Compiled)
        assert {one.dtype for one in both.net.parameters()} == {torch.bfloat16}
        assert both.compiled() is both
    assert {one.dtype for one in model.net.parameters()} == {torch.float32}


def test_steps_that_differ_from_entry_to_entry_are_left_as_they_are() -> None:
    model = generator(Transformer(SPACE, 0, 8, 1, 1))
    assert model.compiled() is model


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("InvalidCxxCompiler()", r"torch finds no C\+\+ compiler \(install g\+\+"),
        ("TritonMissing(None)", "torch finds no working Triton"),
        ("CppCompileError(['g++'], 'a.cpp:1: fatal error: Python.h: No such file')", "error: Python.h: No such file"),
    ],
)
def test_what_is_missing_is_said_in_one_line(failure: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._dynamo.exc import TorchDynamoException
    from torch._inductor import exc

    cause: RuntimeError = eval(failure, vars(exc))

    def broken(*_: object) -> object:
        if isinstance(cause, TorchDynamoException):
            raise cause
        raise exc.InductorError(cause, None) from cause

    monkeypatch.setattr(compiled, "_compiled", lambda: broken)
    with pytest.raises(RequestError, match=f"cannot be compiled: .*{said}.*; it works without --compile$") as caught:
        generator(Recurrent(SPACE, 0, Gated(), 8)).compiled().sample(4)
    assert "\n" not in str(caught.value)


def test_a_step_that_fails_by_itself_is_no_matter_of_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise torch.OutOfMemoryError("no memory is left")

    monkeypatch.setattr(compiled, "_compiled", lambda: broken)
    with pytest.raises(torch.OutOfMemoryError, match="no memory is left"):
        generator(Recurrent(SPACE, 0, Gated(), 8)).compiled().sample(4)
