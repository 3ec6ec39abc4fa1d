"""Automata, what they reach, and drawing from them: against brute force on everything that is small."""

from __future__ import annotations

import re
from collections import Counter as Tally
from dataclasses import dataclass
from itertools import product
from math import exp, log

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sciencegen.errors import DataError, RequestError
from sciencegen.grammar.automaton import Automaton, everything, without
from sciencegen.grammar.draw import Sampler, distinct
from sciencegen.grammar.exact import ExactLength
from sciencegen.grammar.reach import Counter, Reach, Slots
from sciencegen.grammar.regular import regular

LETTERS = "abc"
LONGEST = 5
quick = settings(max_examples=60, deadline=None)


def words(most: int = LONGEST, letters: str = LETTERS) -> list[str]:
    return ["".join(word) for length in range(most + 1) for word in product(letters, repeat=length)]


def language(automaton: Automaton, most: int = LONGEST) -> set[str]:
    return {word for word in words(most) if automaton.accepts(word)}


@dataclass(frozen=True)
class Rule:
    symbol: int
    right: tuple[int | str, ...]
    name: str = "rule"


# forbidden words

sets = st.sets(st.sampled_from(LETTERS), min_size=1).map(lambda found: "".join(sorted(found)))
patterns = st.lists(st.lists(sets, min_size=1, max_size=4), min_size=0, max_size=4)


@quick
@given(patterns)
def test_no_forbidden_word_occurs(forbidden: list[list[str]]) -> None:
    automaton = without(LETTERS, forbidden)
    expressions = [re.compile("".join(f"[{choices}]" for choices in word)) for word in forbidden]
    assert language(automaton) == {word for word in words() if not any(one.search(word) for one in expressions)}


def test_plain_words_need_the_states_of_aho_and_corasick() -> None:
    assert len(without("ab", ["aab"])) == 3  # "", a, aa
    assert len(without("ab", ["ab", "ba"])) == 3


def test_a_word_of_no_letters_is_refused() -> None:
    with pytest.raises(RequestError, match="no letters"):
        without("ab", [[]])


# sets of sequences


@quick
@given(patterns, patterns)
def test_both_is_the_intersection(one: list[list[str]], other: list[list[str]]) -> None:
    first, second = without(LETTERS, one), without(LETTERS, other)
    assert language(first.both(second)) == language(first) & language(second)


@quick
@given(st.integers(0, 2**32))
def test_minimal_keeps_the_language_and_tells_all_states_apart(seed: int) -> None:
    source = np.random.default_rng(seed)
    states = int(source.integers(1, 7))
    table = source.integers(-1, states, (states, 3)).astype(np.int32)
    whole = Automaton(tuple(LETTERS), table, source.random(states) < 0.4)
    small = whole.minimal()
    assert language(small, 6) == language(whole, 6)
    futures = {frozenset(word for word in words(6) if _from(small, state, word)) for state in range(len(small))}
    assert len(futures) == len(small)


def _from(automaton: Automaton, state: int, word: str) -> bool:
    for letter in word:
        state = int(automaton.next[state, automaton.letters.index(letter)])
        if state == -1:
            return False
    return bool(automaton.accepting[state])


def test_grouped_reads_words_at_once() -> None:
    pairs = ["".join(pair) for pair in product(LETTERS, repeat=2)]
    plain = without(LETTERS, ["aba", "cc"])
    grouped = plain.grouped(pairs)
    for word in product(pairs, repeat=2):
        assert grouped.accepts(word) == plain.accepts("".join(word))


def test_lengths_and_endlessness() -> None:
    finite = regular([Rule(0, ("ab",)), Rule(0, ("c", 1)), Rule(1, ("abc",))], 0)
    assert finite.lengths(5).tolist() == [False, False, True, False, True, False]
    assert not finite.endless
    assert regular([Rule(0, ("a", 0)), Rule(0, ())], 0).endless
    assert not regular([Rule(0, ("a", 0))], 0).endless  # no sentence at all


# regular grammars


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> tuple[str, object]:
    """A regular expression, and the same as a tree."""
    sort = draw(st.sampled_from(["letter", "join", "either", "many"] if depth else ["letter"]))
    if sort == "letter":
        text = draw(st.sampled_from(["a", "b", "c", "ab", ""]))
        return text, text
    one = draw(expressions(depth=depth - 1))
    if sort == "many":
        return f"(?:{one[0]})*", ("many", one[1])
    other = draw(expressions(depth=depth - 1))
    return (f"(?:{one[0]})(?:{other[0]})" if sort == "join" else f"(?:{one[0]}|{other[0]})"), (sort, one[1], other[1])


def rules_of(tree: object) -> list[Rule]:
    """The tree as rules, a symbol for each node."""
    rules: list[Rule] = []
    count = iter(range(1000))

    def add(node: object) -> int:
        symbol = next(count)
        if isinstance(node, str):
            rules.append(Rule(symbol, (node,)))
            return symbol
        assert isinstance(node, tuple)
        parts = tuple(add(part) for part in node[1:])
        if node[0] == "many":
            rules.extend([Rule(symbol, (*parts, symbol)), Rule(symbol, ())])
        elif node[0] == "join":
            rules.append(Rule(symbol, parts))
        else:
            rules.extend(Rule(symbol, (part,)) for part in parts)
        return symbol

    add(tree)
    return rules


@quick
@given(expressions())
def test_a_grammar_is_the_language_of_its_regular_expression(found: tuple[str, object]) -> None:
    pattern, tree = found
    automaton = regular(rules_of(tree), 0)
    assert language(automaton) == {word for word in words() if re.fullmatch(pattern, word)}


@pytest.mark.parametrize(
    "rules",
    [
        [Rule(0, ("a", 0, "b"), "nested"), Rule(0, ())],
        [Rule(0, ("(", 1, ")"), "start"), Rule(1, (2,)), Rule(1, ("a",)), Rule(2, (1, 1), "twice")],
        [Rule(0, (0, "a"), "leftwards"), Rule(0, ())],
        [Rule(0, ("a",)), Rule(0, (0, 0), "doubled")],
    ],
)
def test_other_grammars_are_refused_by_the_rule(rules: list[Rule]) -> None:
    with pytest.raises(DataError, match=r"not regular: in .*(nested|twice|leftwards|doubled)"):
        regular(rules, 0)


# reach


@st.composite
def reaches(draw: st.DrawFn) -> tuple[Reach, set[str]]:
    """A reach, and its sequences by brute force."""
    forbidden = draw(patterns)
    length = draw(st.integers(1, 5))
    rows = draw(st.lists(sets, min_size=length, max_size=length))
    limits = draw(st.lists(st.tuples(sets, st.integers(0, 5), st.integers(0, 5)), max_size=2))
    counters = tuple(Counter(characters, low, high) for characters, low, high in limits)
    slots = Slots.of([{LETTERS.index(letter): 1.0 for letter in row} for row in rows])
    reach = Reach(without(LETTERS, forbidden), slots, counters)
    expressions = [re.compile("".join(f"[{choices}]" for choices in word)) for word in forbidden]
    found = {
        word
        for word in map("".join, product(*rows))
        if not any(one.search(word) for one in expressions)
        and all(one.low <= sum(letter in one.characters for letter in word) <= one.high for one in counters)
    }
    return reach, found


@settings(max_examples=150, deadline=None)
@given(reaches())
def test_what_is_possible_is_exactly_what_brute_force_finds(case: tuple[Reach, set[str]]) -> None:
    reach, found = case
    assert reach.possible == bool(found)
    every = reach.all(10_000)
    assert every is not None
    assert len(every) == len({one.text for one in every})
    assert {one.text for one in every} == found
    if len(found) > 1:
        assert reach.all(len(found) - 1) is None


@quick
@given(reaches(), st.integers(0, 100))
def test_all_that_is_drawn_is_in_the_language(case: tuple[Reach, set[str]], seed: int) -> None:
    reach, found = case
    if found:
        sampler = Sampler(reach)
        assert set(sampler.texts(sampler.draw(50, torch.Generator().manual_seed(seed)))) <= found


def chi_square(drawn: list[str], expected: dict[str, float]) -> float:
    """How many standard deviations the chi-square statistic lies above what chance gives."""
    counts = Tally(drawn)
    assert set(counts) <= set(expected)
    total = sum(expected.values())
    means = {word: len(drawn) * weight / total for word, weight in expected.items()}
    value = sum((counts[word] - mean) ** 2 / mean for word, mean in means.items())
    freedom = len(expected) - 1
    return float((value - freedom) / (2 * freedom) ** 0.5)


def drawn_from(reach: Reach, n: int) -> list[str]:
    sampler, random = Sampler(reach), torch.Generator().manual_seed(3)
    texts: list[str] = []
    while len(texts) < n:
        texts += sampler.texts(sampler.draw(n, random))
    return texts[:n]


CASES = {
    "plain": (),
    "inside": (Counter("ab", 3, 5),),
    "high": (Counter("a", 4, 5),),
    "exact": (Counter("a", 3, 3), Counter("b", 2, 2)),
    "wide and far": (Counter("c", 4, 6),),
}


@pytest.mark.parametrize("weights", [{0: 1.0, 1: 1.0, 2: 1.0}, {0: 0.2, 1: 0.7, 2: 0.1}], ids=["uniform", "weighted"])
@pytest.mark.parametrize("name", CASES)
def test_sequences_are_drawn_as_often_as_they_weigh(name: str, weights: dict[int, float]) -> None:
    automaton = without(LETTERS, ["ab", "ccc"])
    reach = Reach(automaton, Slots.of([weights] * 6), CASES[name])
    every = reach.all(1000)
    assert every is not None
    expected = {one.text: exp(one.weight) for one in every}
    assert len(expected) > 5
    assert chi_square(drawn_from(reach, 200 * len(expected)), expected) < 4.5


def test_weights_are_summed_without_overflow() -> None:
    reach = Reach(everything("acgt"), Slots.of([dict.fromkeys(range(4), 1.0)] * 3000))
    assert float(reach.sums[0, 0]) == pytest.approx(3000 * log(4), rel=1e-12)


def test_a_part_of_the_language_that_starts_late_is_not_lost() -> None:
    """Half of the sequences choose at the beginning, half at the end: 4^600 of either, and 1 of the other meanwhile."""
    free, fixed = ("c", "d", "e", "f"), "x" * 600
    first = [Rule(0, ("a", 1)), Rule(0, ("b", fixed, 2)), Rule(1, (fixed,)), Rule(2, ())]
    first += [Rule(1, (letter, 1)) for letter in free] + [Rule(2, (letter, 2)) for letter in free]
    automaton = regular(first, 0)
    reach = Reach(automaton, Slots.of([dict.fromkeys(range(len(automaton.letters)), 1.0)] * 1201))
    begins = Tally(text[0] for text in drawn_from(reach, 400))
    assert 140 < begins["a"] < 260


def test_too_many_combinations_of_counts_are_refused() -> None:
    counters = tuple(Counter(letter, 0, 2000) for letter in LETTERS)
    with pytest.raises(RequestError, match="combinations of counts"):
        Reach(everything(LETTERS), Slots.of([{0: 1.0, 1: 1.0}] * 3000), counters).possible  # noqa: B018


# distinct sequences


def test_fewer_than_wanted_are_all_found_and_counted() -> None:
    reach = Reach(everything("ab"), Slots.of([{0: 1.0, 1: 1.0}] * 3))
    found = distinct(reach, 100, torch.Generator().manual_seed(0), 1000)
    assert found.exist == 8
    assert sorted(found.texts) == [word for word in words(3, "ab") if len(word) == 3]


def test_distinct_sequences_are_as_many_as_wanted() -> None:
    reach = Reach(without("ab", ["aaa"]), Slots.of([{0: 1.0, 1: 1.0}] * 12))
    found = distinct(reach, 300, torch.Generator().manual_seed(0), 100_000)
    assert len(set(found.texts)) == 300
    assert found.exist is None


def test_the_first_of_few_are_drawn_by_weight() -> None:
    """Where all are listed, the first one is still as likely as it weighs."""
    reach = Reach(everything("ab"), Slots.of([{0: 0.9, 1: 0.1}, {0: 1.0}]))
    random = torch.Generator().manual_seed(0)
    first = Tally(distinct(reach, 2, random, 10).texts[0] for _ in range(500))
    assert 420 < first["aa"] < 480


def test_a_budget_ends_the_search() -> None:
    reach = Reach(everything("ab"), Slots.of([{0: 1 - 1e-9, 1: 1e-9}] * 30))
    found = distinct(reach, 1000, torch.Generator().manual_seed(0), 5000)
    assert found.drawn == 5000
    assert len(found.texts) + found.repeated == 5000
    assert found.exist is None


def test_the_empty_letter_makes_several_lengths_alike_likely() -> None:
    automaton = without("ab", ["aa"]).ended()
    plain, maybe = {0: 1.0, 1: 1.0}, {0: 1.0, 1: 1.0, 2: 1.0}
    reach = Reach(automaton, Slots.of([plain] * 2 + [maybe] * 3))
    expected = {word: 1.0 for word in words(5, "ab") if len(word) >= 2 and "aa" not in word}
    every = reach.all(1000)
    assert every is not None
    assert {one.text for one in every} == set(expected)
    assert chi_square(drawn_from(reach, 100 * len(expected)), expected) < 4.5


# as a constraint of a net


@quick
@given(reaches())
def test_the_constraint_allows_what_can_still_end_well(case: tuple[Reach, set[str]]) -> None:
    reach, found = case
    if not found:
        return
    vocabulary = ("", *reversed(LETTERS), "?")
    constraint = ExactLength(reach, vocabulary)
    length = len(reach.slots)
    for word in sorted(found)[:3]:
        x = torch.tensor([[vocabulary.index(letter) for letter in word] + [0]])
        masks = constraint.masks(x)[0]
        for place in range(length):
            allowed = {vocabulary[i] for i in masks[place].nonzero()[:, 0].tolist()}
            assert allowed == {other[place] for other in found if other[:place] == word[:place]}
        assert [vocabulary[i] for i in masks[length].nonzero()[:, 0].tolist()] == [""]


def test_any_net_draws_only_sequences_of_the_language() -> None:
    reach = Reach(without(LETTERS, ["ab", "cc"]), Slots.of([dict.fromkeys(range(3), 1.0)] * 20), (Counter("a", 9, 11),))
    constraint = ExactLength(reach, ("", *LETTERS))
    torch.manual_seed(0)
    state, drawn = constraint.start(200), []
    for _ in range(20):
        chances = torch.rand(200, 4).mul(3).exp() * constraint.mask(state)
        token = torch.multinomial(chances, 1)[:, 0]
        drawn.append(token)
        state = constraint.advance(state, token)
    texts = ["".join(("", *LETTERS)[i] for i in row) for row in torch.stack(drawn, 1).tolist()]
    assert all(
        len(text) == 20 and "ab" not in text and "cc" not in text and 9 <= text.count("a") <= 11 for text in texts
    )
    some = constraint.take(state, torch.tensor([3, 5]))
    assert len(some.state) == 2
    assert constraint.mask(some).any(1).all()


def test_a_beginning_that_was_forced_can_only_be_broken_off() -> None:
    constraint = ExactLength(Reach(without("ab", ["aa"]), Slots.of([{0: 1.0, 1: 1.0}] * 4)), ("", "a", "b"))
    masks = constraint.masks(torch.tensor([[1, 1, 2, 2]]))[0]
    assert masks[1].tolist() == [False, False, True]
    assert masks[2].tolist() == [True, False, False]
