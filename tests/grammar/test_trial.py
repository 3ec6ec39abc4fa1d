"""Trials: a grammar whose sentences mean something else when they are read is found out."""

from __future__ import annotations

import pytest
import torch

from sciencegen.errors import DataError
from sciencegen.grammar import StackMachine, compiled, drawn, require_sound, tried
from tests.grammar.laws import sentences

SOUND = 'start: "a" start "b" | "c"'
UNSOUND = {
    "names run into one another": ("start: NAME NAME\nNAME: /[a-c]+/", 0.0),
    "a longer terminal takes what was two": ("start: A B\nA: /a|ab/\nB: /b|c/", 0.75),
    "two terminals spell the same": ('start: (A | B)+ ";"\nA.2: "a"\nB: /[ab]/', 0.75),
}


def _machine(text: str, length: int = 24) -> StackMachine:
    return StackMachine(compiled(text, "it.lark"), length)


@pytest.mark.parametrize("what", UNSOUND)
def test_grammars_that_are_read_otherwise_are_refused(what: str) -> None:
    text, most = UNSOUND[what]
    trial = tried(_machine(text), 200)
    assert trial.share <= most
    assert "Neighbouring terminals may run into one another, or spell the same text" in trial.complaint
    with pytest.raises(DataError, match=r"it.lark: \d+ of 1,000 sentences drawn from it are read back as they were"):
        require_sound(_machine(text))


def test_a_sound_grammar_passes() -> None:
    trial = require_sound(_machine(SOUND), 100)
    assert (trial.drawn, trial.same, trial.share, trial.complaint) == (100, 100, 1.0, "")
    assert tried(_machine(SOUND), 0).share == 1.0


def test_draws_are_repeatable_and_fill_their_rows() -> None:
    one = _machine(SOUND)
    x = drawn(one, 30, 3)
    assert torch.equal(x, drawn(one, 30, 3))
    assert not torch.equal(x, drawn(one, 30, 4))
    assert x.shape == (30, 24)
    ended = (x == one.end).long().cumsum(1) > 0
    assert (x[ended] == one.end).all()
    assert None not in sentences(one, x)


def test_every_rule_alike_is_drawn_alike() -> None:
    one = _machine('start: "a" | "b" | "c" | "d"')
    found = torch.bincount(drawn(one, 4000, 0, 0.0)[:, 0], minlength=5).double()
    assert found[4] == 0
    assert ((found[:4] - 1000).abs() < 5 * 750**0.5).all()
