"""The stack machine: sentences that end in time, masks that agree with one another."""

from __future__ import annotations

import pytest
import torch

from sciencegen.errors import RequestError
from sciencegen.grammar import StackMachine, compiled, drawn
from tests.grammar.laws import all_rows, machine, sentences

NESTED = compiled('start: "(" start ")" | "[" start start "]" | "x" -> leaf', "nested.lark")
LISTS = compiled('start: ITEM ("," ITEM)* ";"\nITEM: /a|b[0-9]*/', "lists.lark")


def test_a_small_world_is_known_by_heart() -> None:
    """All rows are all sentences of so many rules, each once."""
    texts = sentences(one := StackMachine(NESTED, 5), rows := all_rows(one))
    assert len(set(texts)) == len(texts)
    level = {0: set[str](), 1: {"x"}}
    for size in range(2, 6):
        level[size] = {f"({inner})" for inner in level[size - 1]}
        level[size] |= {f"[{a}{b}]" for k in range(1, size - 1) for a in level[k] for b in level[size - 1 - k]}
    assert set(texts) == set().union(*level.values())
    assert one.accepts(rows).all()


@pytest.mark.parametrize("length", range(2, 12))
@pytest.mark.parametrize("spread", [0.0, 5.0])
def test_rows_end_within_their_length(length: int, spread: float) -> None:
    for grammar in (NESTED, LISTS):
        assert None not in sentences(one := StackMachine(grammar, length), x := drawn(one, 60, length, spread))
        assert one.accepts(x).all()


def test_a_longer_row_than_needed_changes_nothing() -> None:
    short, long = StackMachine(LISTS, 12), StackMachine(LISTS, 200)
    x = drawn(short, 50)
    rows = torch.full((50, 200), long.end)
    rows[:, :12] = x
    assert long.accepts(rows).all()
    assert not long.accepts(rows[:, :11]).all()  # some are not over there


def test_a_row_that_goes_astray_is_not_accepted() -> None:
    one, random = StackMachine(LISTS, 6), torch.Generator().manual_seed(0)
    every = {tuple(row) for row in all_rows(one).tolist()}
    x = drawn(one, 300)
    x[torch.arange(300), torch.arange(300) % 6] = torch.randint(one.end + 1, (300,), generator=random)
    assert one.accepts(x).tolist() == [tuple(row) in every for row in x.tolist()]


@pytest.mark.parametrize("name", ["nested", "smiles", "program", "kekule_smiles"])
def test_any_tokens_at_all_leave_a_way_on(name: str) -> None:
    """Entries that are given may lead astray; the machine then breaks off."""
    one = StackMachine(NESTED, 20) if name == "nested" else machine(name, 20)
    state = one.start(64)
    for _ in range(20):
        assert one.mask(state).any(1).all()
        state = one.advance(state, torch.randint(one.end + 1, (64,)))


def test_too_little_room_is_refused_with_what_is_needed() -> None:
    with pytest.raises(RequestError, match=r"length=1: the shortest sentence of lists\.lark takes 2 rules"):
        StackMachine(LISTS, 1)
    with pytest.raises(RequestError, match=r"length=5: under its guards, peptide\.lark needs room for 7 rules"):
        machine("peptide", 5)
    with pytest.raises(RequestError, match="length=20000: expected less than 16,384 rules"):
        StackMachine(LISTS, 20_000)


def test_rows_of_sentences_are_small_numbers() -> None:
    one = StackMachine(LISTS, 9)
    assert one.rows([[0, 1], []]).dtype == torch.uint8
    assert one.rows([[0, 1], []]).tolist() == [[0, 1, *[one.end] * 7], [one.end] * 9]
    assert StackMachine(machine("smiles").grammar, 9).rows([[300]]).dtype == torch.int16


def test_without_guards_all_of_the_mask_is_syntax() -> None:
    assert StackMachine(LISTS, 9).is_syntax
    assert not machine("peptide").is_syntax
    one = StackMachine(LISTS, 9)
    state = one.start(3)
    assert torch.equal(one.mask(state), one.syntax(state))
