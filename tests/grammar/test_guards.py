"""Guards: what they let pass is what a plain reading of their words lets pass, all of it and nothing else."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable

import pytest
import torch

from sciencegen.errors import DataError, SciencegenError
from sciencegen.grammar import Counter, Grammar, Scope, StackMachine, compiled, drawn, guards_of, require_sound
from sciencegen.grammar.regular import language
from tests.grammar.laws import all_rows, sentences

ITEMS = 'start: "a" start -> a | "b" start -> b | "c" rest -> c\nrest: -> end | "d" rest -> d'
STEPS = 'start: "u" start -> up | "d" start -> down | -> stop'
RINGS = (
    'start: ATOM rest -> atom\nrest: -> end | ATOM rest -> atom | RING rest -> ring | "(" start ")" rest -> branch\n'
)
RINGS += 'RING: "1" | "2"\nATOM: "C" | "N"'
LINES = 'start: NAME "=" value -> line | "return" last -> back\nNAME: "p" | "q"\n'
NAMES = 'start: NAME start -> give | "!" NAME start -> call | -> stop\nNAME: "p" | "q"'
SCRIPT = """
start: give "=" value -> line | "!" -> stop
give: NAME
value: NAME more -> use | "0" more -> zero
more: "+" value -> plus | ";" start -> done
NAME: "p" | "q"
"""


def _tally(text: str) -> Tally[str]:
    return Tally(text)


def _never_below(text: str, low: int, high: int) -> bool:
    at = 0
    for letter in text:
        at += 1 if letter == "u" else -1
        if not 0 <= at <= high:
            return False
    return at >= low


def _in_scope(text: str, again: bool, names: str = "pq") -> bool:
    """Every name is said plainly before it is called, and once unless it may be said again."""
    known: set[str] = set()
    for before, letter in zip(" " + text, text, strict=False):
        if letter not in names:
            continue
        if before == "!":
            if letter not in known:
                return False
        elif letter in known and not again:
            return False
        else:
            known.add(letter)
    return True


def _declared_in_time(text: str) -> bool:
    known: set[str] = set()
    for line in text.rstrip("!").split(";"):
        name, _, value = line.partition("=")
        if any(letter in "pq" and letter not in known for letter in value):
            return False
        known.add(name)
    return True


CASES: list[tuple[str, str, int, Callable[[str], bool]]] = [
    ("count a 2..3", ITEMS, 7, lambda text: 2 <= _tally(text)["a"] <= 3),
    ("count a 0..1", ITEMS, 6, lambda text: _tally(text)["a"] <= 1),
    ("count a 2..", ITEMS, 6, lambda text: _tally(text)["a"] >= 2),
    ("count a 2", ITEMS, 6, lambda text: _tally(text)["a"] == 2),
    ("count a b 2..3", ITEMS, 7, lambda text: 2 <= _tally(text)["a"] + _tally(text)["b"] <= 3),
    ("count d 2..3", ITEMS, 7, lambda text: 2 <= _tally(text)["d"] <= 3),
    ("count a=2 b 3..4", ITEMS, 6, lambda text: 3 <= 2 * _tally(text)["a"] + _tally(text)["b"] <= 4),
    ("count a 1..2 until c", ITEMS, 6, lambda text: 1 <= _tally(text)["a"] <= 2),
    ("match ring", RINGS, 7, lambda text: all(_tally(text)[ring] % 2 == 0 for ring in "12")),
    ("match ring until end", 'start: ATOM rest\nrest: -> end | ATOM rest -> atom | RING rest -> ring\n'
     'RING: "1" | "2"\nATOM: "C" | "N"', 6, lambda text: all(_tally(text)[ring] % 2 == 0 for ring in "12")),
    ("scope give call", NAMES.replace('"!" NAME start -> call', '"!" call start').replace(
        "\nNAME", "\ncall: NAME -> call\nNAME"), 0, lambda text: _in_scope(text, False)),
    ("scope give use after done again", SCRIPT, 9, _declared_in_time),
    ("forbid ab bb cdd", ITEMS, 7, lambda text: not any(word in text for word in ("ab", "bb", "cdd"))),
    ("forbid aba", ITEMS, 7, lambda text: "aba" not in text),
]  # fmt: skip


@pytest.mark.parametrize(("guard", "text", "length", "holds"), [case for case in CASES if case[2]])
def test_what_passes_is_what_the_words_say(guard: str, text: str, length: int, holds: Callable[[str], bool]) -> None:
    """Every sentence there is of so many rules, with the guard and without it."""
    plain, guarded = (compiled(one, "it.lark") for one in (text, f"//! {guard}\n{text}"))
    roomy = StackMachine(guarded, length + 6, guards_of(guarded))
    every = StackMachine(plain, length)
    rows = all_rows(every)
    texts = [one or "" for one in sentences(every, rows)]
    assert len(texts) == len(set(texts)) > 20
    padded = torch.nn.functional.pad(rows, (0, 6), value=every.end)
    wanted = [holds(one) for one in texts]
    assert roomy.accepts(padded).tolist() == wanted
    assert any(wanted)
    assert not all(wanted)
    kept = StackMachine(guarded, length, guards_of(guarded))
    inside = [one or "" for one in sentences(kept, all_rows(kept))]
    assert all(one and holds(one) for one in inside)
    assert set(inside) <= {one for one, ok in zip(texts, wanted, strict=True) if ok}


@pytest.mark.parametrize(("guard", "text", "length", "holds"), [case for case in CASES if case[2]])
def test_all_that_is_drawn_passes(guard: str, text: str, length: int, holds: Callable[[str], bool]) -> None:
    guarded = compiled(f"{text}\n//! {guard}", "it.lark")
    for room in (length + 1, 30):
        one = StackMachine(guarded, room, guards_of(guarded))
        x = drawn(one, 200, room, 2.0)
        found = sentences(one, x)
        assert all(text is not None and holds(text) for text in found)
        masks, state = one.masks(x), one.start(len(x))
        for t, token in enumerate(x.unbind(1)):
            assert torch.equal(masks[:, t], one.mask(state))
            state = one.advance(state, token)
        assert one.accepts(x).all()
    assert require_sound(StackMachine(guarded, 30, guards_of(guarded)), 100).share == 1


REGULAR = [case for case in CASES if case[1] == ITEMS]


@pytest.mark.parametrize(("guard", "text", "length", "holds"), REGULAR)
def test_an_automaton_keeps_them_too(guard: str, text: str, length: int, holds: Callable[[str], bool]) -> None:
    plain = StackMachine(compiled(text, "it.lark"), length)
    automaton = language(compiled(f"//! {guard}\n{text}", "it.lark"))
    for sentence in sentences(plain, all_rows(plain)):
        assert sentence is not None
        assert automaton.accepts(sentence) == holds(sentence)
    assert not automaton.accepts("x")


@pytest.mark.parametrize("again", [False, True])
def test_automata_know_scopes_and_matches(again: bool) -> None:
    text = (
        'start: "p" start -> give | "q" start -> give | "!" call\ncall: NAME start -> call | -> none\nNAME: "p" | "q"'
    )
    plain = StackMachine(compiled(text, "it.lark"), 7)
    guarded = compiled(f"//! scope give call{' again' * again}\n{text}", "it.lark")
    scoped, machine = language(guarded), StackMachine(guarded, 13, guards_of(guarded))
    matched = language(compiled(f"//! match give\n{text}", "it.lark"))
    rows = all_rows(plain)
    accepted = machine.accepts(torch.nn.functional.pad(rows, (0, 6), value=plain.end)).tolist()
    for sentence, ok in zip(sentences(plain, rows), accepted, strict=True):
        assert sentence is not None
        bare = sentence[:-1]  # the last call is of nobody
        assert scoped.accepts(sentence) == ok == _in_scope(bare, again)
        plainly = bare.replace("!p", "").replace("!q", "")
        assert matched.accepts(sentence) == all(plainly.count(name) % 2 == 0 for name in "pq")


def test_counts_may_fall_but_not_below_their_floor() -> None:
    grammar = compiled(STEPS, "steps.lark")
    every = StackMachine(grammar, 7)
    rows = all_rows(every)
    one = StackMachine(grammar, 7, (Counter(grammar, {"up": 1, "down": -1}, 0, 2, floor=0),))
    found = dict(zip(sentences(every, rows), one.accepts(rows).tolist(), strict=True))
    assert found == {text: _never_below(text or "", 0, 2) for text in found}


def test_names_may_be_declared_once() -> None:
    grammar = compiled('start: NAME start -> give | "!" NAME start -> say | -> stop\nNAME: "p" | "q"', "it.lark")
    every = StackMachine(grammar, 4)
    rows = all_rows(every)
    one = StackMachine(grammar, 4, (Scope(grammar, "give", "give"),))
    allowed = one.accepts(rows).tolist()
    assert [
        text
        for text, ok in zip(sentences(every, rows), allowed, strict=True)
        if ok and "p" in (text or "").replace("!p", "")
    ] == []  # what is used before it was declared, and declared by being used


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("//! count a", "it.lark: //! count a: expected count NAME.. LOW..HIGH"),
        ("//! count a=x 1..2", "//! count a=x 1..2: expected count"),
        ("//! count a 1..x", "expected count"),
        ("//! count a ..", "expected count"),
        ("//! count a 3..2", "count 3..2: expected a range that ends above its beginning"),
        ("//! counts a 3..2", "//! counts a 3..2: expected count"),
        ("//!", "expected count"),
        ("//! match", "expected count"),
        ("//! scope a b after", "expected count"),
        ("//! count z 1..2", "unknown rule of it.lark 'z'"),
        ("//! count a:x 1..2", "unknown rule of it.lark 'a:x'"),
        ("//! match a until z", "unknown rule of it.lark 'z'"),
        ('start_: "x" //! count a 1..2', "line 1: //! count a 1..2: a guard stands on a line of its own"),
    ],
)
def test_a_guard_nobody_understands_is_refused(line: str, said: str) -> None:
    grammar = compiled(ITEMS, "it.lark")
    with pytest.raises(SciencegenError, match="(?s).*" + said.replace(".", r"\.").replace("(", r"\(")):
        guards_of(Grammar(grammar.name, line + "\n" + ITEMS, grammar.symbols, grammar.rules, 0, grammar.reader))


def test_a_sign_in_a_string_is_no_guard() -> None:
    assert guards_of(compiled('start: "//! count" | "b"', "it.lark")) == ()


def test_forbidding_needs_text_in_order() -> None:
    with pytest.raises(DataError, match=r"forbid needs rules that write before they go on; group does not"):
        guards_of(compiled('//! forbid ab\nstart: "(" start ")" -> group | "x"', "it.lark"))


@pytest.mark.parametrize(
    "text",
    [
        '//! count a 2\nstart: x+\nx: "a" -> a',
        '//! count a 0..2\nstart: x+\nx: "a" -> a',
        '//! count a 3..4\nstart: x x~0..1\nx: "a" -> a',
        '//! scope give use\nstart: "=" give start -> one | "!" use start -> two | "."\n'
        'give: NAME\nuse: "_" NAME | "," NAME\nNAME: "p" | "q"',
    ],
)
def test_guards_that_come_to_a_dead_end_are_refused(text: str) -> None:
    """What decides comes before what is guarded: no way on is left, and that is said."""
    grammar = compiled(text, "it.lark")
    said = r"it.lark: \d+ of 1,000 .* came to a place where guards forbid every way on"
    with pytest.raises(DataError, match=said):
        require_sound(StackMachine(grammar, 30, guards_of(grammar)))
