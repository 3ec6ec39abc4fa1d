"""Compiling .lark files: whatever they say is kept, and what cannot be compiled is refused by name."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from sciencegen.errors import DataError
from sciencegen.grammar import StackMachine, compiled, drawn, require_sound, tried
from tests.grammar.laws import sentences

JSON = r"""
start: value
value: "{" [pair ("," pair)*] "}" | "[" [value ("," value)*] "]" | STRING | NUMBER | "true" | "null"
pair: STRING ":" value
STRING: /"[a-c]*"/
NUMBER: /-?(0|[1-9][0-9]*)/
"""
WRITTEN = {
    "a template": ('start: list{item}\nlist{x}: x ("," x)*\nitem: "a" | "b"', ["a", "a,b,a"], ["", "a,"]),
    "an import": ("start: NUMBER\n%import common.NUMBER", ["1.5e3", "7"], ["e3", "."]),
    "a repeat of a class": ("start: DIGIT+\n%import common.DIGIT", ["123"], ["", "1a"]),
    "a rule shown as its child": ('?start: x | "(" start ")"\n?x: "a" | "b"', ["((a))", "b"], ["(a", "()"]),
    "a rule left out of trees": ('start: _x _x\n_x: "a" | "b"', ["ab"], ["a", "abb"]),
    "a number of times": ('start: "a"~2..4 "b"', ["aab", "aaaab"], ["ab", "aaaaab"]),
    "from none on": ('start: "a"~0..3 "b"', ["b", "aaab"], ["aaaab"]),
    "a large number of times": ('start: "a"~2..80 "b"', ["aab", "a" * 80 + "b"], ["ab", "a" * 81 + "b"]),
    "choices a number of times": ('start: ("a" | "b" "c")~2..3 "d"', ["aad", "bcabcd"], ["ad", "aaaad"]),
    "letters of both cases": ('start: "ab"i "c"', ["abc", "aBc", "ABc"], ["abC"]),
    "what may be missing": ('start: "a"? ["b"] "c"?', ["", "abc", "b"], ["ba"]),
    "nothing": ("start:", [""], ["a"]),
    "priorities": ('start: (A | B) ";"\nA.2: "if"\nB: /[g-h]+/', ["if;", "gh;"], ["i;"]),
    "aliases": ('start: "a" -> one | "b" start -> two', ["bba"], ["ab"]),
    "recursion on the left": ('start: start "a" | "b"', ["baaa"], ["ab"]),
    "recursion in the middle": ('start: "a" start "a" | "b"', ["aabaa"], ["aab"]),
    "repeats in repeats": ('start: ("a" ("b" "c"*)+ ";")*', ["", "ab;abccb;"], ["a;", "ab"]),
    "ranges": ('start: A+\nA: "a".."c"', ["abc"], ["d"]),
    "more than one line": ('start: ("a" "\\n")+', ["a\na\n"], ["a\nb\n"]),
    "letters of other alphabets": ('start: A+\nA: "é" | "中"', ["é中é"], ["e"]),
    "a terminal of terminals": ('start: A B\nA: "a" | "b"\nB: A A', ["aba"], ["ab"]),
    "an extended terminal": ('start: A\nA: "a"\n%extend A: "b"', ["a", "b"], ["c"]),
    "numbers without end": ('start: N ("+" N)*\nN: /[1-9][0-9]*/', ["1+20+345"], ["01", "1+"]),
    "json": (JSON, ['{"a":[1,-20],"b":null}', "[]", "{}", '"cab"'], ["[1,]", "{a:1}", "01"]),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_what_a_file_says_is_kept(what: str) -> None:
    text, inside, outside = WRITTEN[what]
    grammar = compiled(text, "it.lark")
    for sentence in inside:
        rules = grammar.encode(sentence)
        assert grammar.decode(rules) == sentence
        assert grammar.decode([*rules, 0, 0]) == sentence
        assert grammar.decode(rules[:-1]) is None
    for sentence in outside:
        with pytest.raises(DataError, match=r"not a sentence of it\.lark"):
            grammar.encode(sentence)
    assert require_sound(StackMachine(grammar, max(grammar.shortest, 3) + 90), 200).share == 1
    assert len(grammar.rules) == len({(rule.symbol, rule.right) for rule in grammar.rules})
    assert {rule.symbol for rule in grammar.rules} == set(range(len(grammar.symbols)))


def test_what_is_ignored_is_read_and_never_written() -> None:
    grammar = compiled('start: "a" "b"+\n%ignore " "', "it.lark")
    assert grammar.decode(grammar.encode("a  b b")) == "abb"
    machine = StackMachine(grammar, 9)
    found = sentences(machine, drawn(machine, 50))
    assert all(re.fullmatch("ab+", text or "") for text in found)


REFUSED = {
    "a syntax error": ('start: "a" |\n  ) "b"', r"line 2,? column 3"),
    "a string without an end": ('start: "a\n', r"line 1,? column 8"),
    "an undefined rule": ("start: b", "Rule 'b' used but not defined"),
    "no start": ('begin: "a"', "no rule is called start: that is where sentences begin"),
    "a conflict": ('start: start "+" start | "x"', "cannot be read from left to right .*Shift/Reduce.* PLUS"),
    "two rules for the same": ('start: a | b\na: "x"\nb: "x"', "Reduce/Reduce.*<[ab] : X>.*<[ab] : X>"),
    "a circle": ('start: a\na: b | "x"\nb: a | "y"', "Reduce/Reduce.*<b : a>|Reduce/Reduce.*<start : a>"),
    "no end": ('start: "a" start', "start can never end: every rule needs it again"),
    "a part without an end": ('start: "a" | b\nb: "x" b', "b can never end"),
    "a rule nobody uses": ('start: "a"\nb: "x"', "b cannot be reached from start: take it out, or use it"),
    "two rules nobody uses": ('start: "a"\nb: "x" c\nc: "y"', "b, c cannot be reached from start: take them out"),
    "all other characters": (
        "start: A\nA: /[^b]+/",
        r"the terminal A = \[\^b\]\+: it matches characters that it does not",
    ),
    "any character": ("start: A\nA: /.+/", r"the terminal A = \.\+: it matches characters that it does not name"),
    "what was there before": ("start: A\nA: /(a)\\1/", "the terminal A = .*such patterns are not supported"),
    "a terminal that may be empty": ('start: A "x"\nA: /a*/', "zero-width terminals. .A: 'a"),
    "a terminal without text": ("start: A\n%declare A", "the terminal A has no text of its own: define it"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_compiled_is_refused_by_name(what: str) -> None:
    text, said = REFUSED[what]
    with pytest.raises(DataError, match=rf"(?s)^bad\.lark(:|, line).*({said})"):
        compiled(text, "bad.lark")


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("a,;", "column 3: ';' cannot stand here; expected"),
        ("a,b,", "it ends too early; expected"),
        ("a b", "column 2: ' b' cannot stand here; expected"),
        ("", "it ends too early"),
        ("a,b\nc", "line 1: column 4|column 4"),
    ],
)
def test_a_sentence_outside_says_where_it_leaves(sentence: str, said: str) -> None:
    grammar = compiled('start: x ("," x)* ";"\nx: "a" | "b"', "it.lark")
    with pytest.raises(DataError, match=said):
        grammar.encode(sentence)


def test_rules_that_make_no_sentence_are_none() -> None:
    grammar = compiled('start: "a" start | "b"', "it.lark")
    assert grammar.decode([0, 0, 1]) == "aab"
    for wrong in ([], [0], [0, 0], [2], [0, 5]):
        assert grammar.decode(wrong) is None


# grammars made up at random, with an automaton of Python's own beside each


@dataclass(frozen=True)
class Part:
    """A right side, in Lark's words and as a regular expression of what it means."""

    lark: str
    regex: str


_WORDS = [("a", "a"), ("bc", "bc"), ("d", "d"), ("e+", "e\\+")]
_TERMINALS = {
    "NUM": ("/[0-9]+/", "[0-9]+"),
    "TAG": ("/<[xy]*>/", "<[xy]*>"),
    "ANY": ('"p" | "q" | "rs"', "(?:p|q|rs)"),
    "LOUD": ('"k"i', "[kK]"),
}


def _parts() -> st.SearchStrategy[Part]:
    words = st.sampled_from([Part(f'"{word}"', regex) for word, regex in _WORDS])
    terminals = st.sampled_from([Part(name, regex) for name, (_, regex) in _TERMINALS.items()])

    def grown(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
        several = st.lists(inner, min_size=2, max_size=3)
        return st.one_of(
            several.map(lambda p: Part(" ".join(x.lark for x in p), "".join(x.regex for x in p))),
            several.map(lambda p: Part(f"({' | '.join(x.lark for x in p)})", f"(?:{'|'.join(x.regex for x in p)})")),
            st.tuples(inner, st.sampled_from("?*+")).map(
                lambda p: Part(f"({p[0].lark}){p[1]}", f"(?:{p[0].regex}){p[1]}")
            ),
            st.tuples(inner, st.integers(0, 2), st.integers(1, 2)).map(
                lambda p: Part(f"({p[0].lark})~{p[1]}..{p[1] + p[2]}", f"(?:{p[0].regex}){{{p[1]},{p[1] + p[2]}}}")
            ),
        )

    return st.recursive(st.one_of(words, terminals), grown, max_leaves=6)


@st.composite
def _grammars(draw: st.DrawFn) -> Part:
    """Rules that use later ones, so that a regular expression says the same."""
    bodies = draw(st.lists(_parts(), min_size=1, max_size=3))
    names = ["start", "one", "two"][: len(bodies)]
    regex, lines = "", []
    for i in reversed(range(len(bodies))):
        text, meaning = bodies[i].lark, bodies[i].regex
        if i + 1 < len(bodies):
            text, meaning = f'{text} ";" {names[i + 1]} | "!"', f"(?:{meaning};{regex}|!)"
        lines.append(f"{names[i]}: {text}")
        regex = meaning
    used = [f"{name}: {text}" for name, (text, _) in _TERMINALS.items() if any(name in line for line in lines)]
    return Part("\n".join([*lines[::-1], *used]), regex)


def _says_who(said: str) -> None:
    """A rule or a terminal is named; terminals without a name are called after their text."""
    assert re.search(rf"\b(start|one|two|{'|'.join(_TERMINALS)}|A|BC|D|__\w+)\b|'[^']+'", said), said


def _checked(found: Part, n: int) -> None:
    try:
        grammar = compiled(found.lark, "made.lark")
    except DataError as error:
        event("refused")
        _says_who(str(error))
        return
    machine = StackMachine(grammar, grammar.shortest + 25)
    trial = tried(machine, n, 1)
    if trial.share < 1:
        event("unsound")
        with pytest.raises(DataError, match=r"made\.lark"):
            require_sound(machine)
        return
    event("sound")
    for sentence in sentences(machine, drawn(machine, n, 2)):
        assert sentence is not None
        assert re.fullmatch(found.regex, sentence), sentence
        assert grammar.decode(grammar.encode(sentence)) == sentence
    source = random.Random(0)
    letters = "abcde+;!019<xy>pqrskK"
    for _ in range(n):
        sentence = "".join(source.choices(letters, k=source.randint(0, 3)))
        if not re.fullmatch(found.regex, sentence):
            with pytest.raises(DataError):
                grammar.encode(sentence)
        else:
            assert grammar.decode(grammar.encode(sentence)) == sentence


@given(_grammars())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_grammars_made_up_at_random_are_read_back_or_refused(found: Part) -> None:
    _checked(found, 40)


@pytest.mark.slow
@given(_grammars())
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_grammars_made_up_at_random_are_read_back_or_refused(found: Part) -> None:
    _checked(found, 100)


@given(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["", "?", "*", "+"]))
@settings(max_examples=30, deadline=None)
def test_nested_languages_are_counted(low: int, more: int, tail: str) -> None:
    """Brackets inside brackets, which no regular expression knows."""
    assume(low + more)
    text = f'start: "(" (start ",")~{low}..{low + more} ")" ("x"){tail or "~1"}'
    if low:  # it never ends
        with pytest.raises(DataError, match="can never end"):
            compiled(text, "nested.lark")
        return
    grammar = compiled(text, "nested.lark")
    machine = StackMachine(grammar, grammar.shortest + 30)
    assert require_sound(machine, 60).share == 1
