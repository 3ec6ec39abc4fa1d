"""Terminals: the strings of regular expressions, as words and as automata."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sciencegen.grammar.terminals import Unbounded, machine_of, words_of

LETTERS = "abc"


def _patterns() -> st.SearchStrategy[str]:
    atoms = st.sampled_from(["a", "b", "c", "[ab]", "[bc]", "ab"])
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
            st.tuples(inner, st.sampled_from("?*+")).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
            st.tuples(inner, st.sampled_from(["{2}", "{0,2}", "{1,3}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        ),
        max_leaves=4,
    )


def _reads(pattern: str, text: str) -> bool:
    machine, state = machine_of(pattern), machine_of(pattern).start
    for character in text:
        if character not in machine.edges[state]:
            return False
        state = machine.edges[state][character]
    return state in machine.final


@given(_patterns())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_automaton_reads_what_python_matches(pattern: str) -> None:
    for n in range(5):
        for letters in product(LETTERS, repeat=n):
            text = "".join(letters)
            assert _reads(pattern, text) == (re.fullmatch(pattern, text) is not None)


@given(_patterns())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_words_are_all_there_are(pattern: str) -> None:
    words = words_of(pattern)
    if words is None:
        return
    assert len(set(words)) == len(words)
    assert list(words) == sorted(words, key=lambda word: (len(word), word))
    assert all(re.fullmatch(pattern, word) for word in words)
    short = {"".join(each) for n in range(5) for each in product(LETTERS, repeat=n)}
    assert {word for word in words if len(word) < 5} == {word for word in short if re.fullmatch(pattern, word)}


@pytest.mark.parametrize(("pattern", "count"), [("[0-9]{2}", 100), ("a|b|cd", 3), ("(?i:ab)", 4), ("[0-9]{0,2}", 111)])
def test_finite_ones_are_counted(pattern: str, count: int) -> None:
    words = words_of(pattern)
    assert words is not None
    assert len(words) == count


@pytest.mark.parametrize("pattern", ["[0-9]{3}", "a*", "(?:ab)+c", "[a-z]{2}"])
def test_too_many_words_are_an_automaton(pattern: str) -> None:
    assert words_of(pattern) is None


@pytest.mark.parametrize("pattern", [".", "[^a]", "a.b", "(?s:.)*", r"\W"])
def test_characters_without_a_name_are_refused(pattern: str) -> None:
    with pytest.raises(Unbounded, match="characters that it does not name"):
        machine_of(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(a", "a(?<=a)b"])
def test_what_is_no_automaton_is_refused(pattern: str) -> None:
    with pytest.raises(Unbounded, match=r"not supported|cannot be read"):
        machine_of(pattern)
