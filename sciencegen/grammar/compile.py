"""A .lark file compiled into numbered rules.

Lark reads the file and builds the parser. Its rules are rewritten so that a sentence can be made from the left, one
decision at a time: repeats become right recursion that decides after each item whether another follows; a terminal
that matches a few words becomes one rule for each, taken together with the rule it begins; one that matches many
becomes the states of its automaton; and symbols with a single rule disappear. What a grammar ignores is read, and never
written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sciencegen.errors import DataError
from sciencegen.grammar.rules import Grammar, Rule
from sciencegen.grammar.source import Source, parser_of
from sciencegen.grammar.terminals import Machine, Unbounded, machine_of, words_of

__all__ = ["compiled"]

_MOST_LED = 100
"""A terminal of more words than this stays a decision of its own."""
_REPEAT = "__"
"""How the symbols begin that Lark makes for repeats."""


def compiled(text: str, name: str = "grammar.lark") -> Grammar:
    """The grammar of the text of a .lark file, which is called `name` in complaints."""
    lark = parser_of(Source(name, text))
    build = _Build(name, {terminal.name: terminal.pattern for terminal in lark.terminals}, _repeats(lark.rules))
    readings = {rule: build.rule(rule) for rule in lark.rules}
    numbers = build.numbered("start")
    grammar = Grammar(name, text, numbers.symbols, numbers.rules, 0, lambda sentence: [])
    endless = [symbol for symbol, need in zip(grammar.symbols, grammar.needs, strict=True) if not need]
    if endless:
        raise DataError(f"{name}: {', '.join(endless)} can never end: every rule needs it again")
    parser = lark.parser.parser.parser
    parser.callbacks = {rule: _node(reading) for rule, reading in readings.items()}
    return replace(grammar, reader=_Reader(name, lark, build.words, numbers.number))


def _repeats(rules: Sequence[Any]) -> frozenset[str]:
    """The symbols that Lark made for repeats: they begin with themselves."""
    return frozenset(
        rule.origin.name
        for rule in rules
        if rule.origin.name.startswith(_REPEAT) and rule.expansion and rule.expansion[0] == rule.origin
    )


_Part = tuple[bool, str]
"""A part of a right side: whether it is a symbol, and its name or text."""


@dataclass
class _Production:
    """A rule on the way to its number."""

    symbol: str
    right: tuple[_Part, ...]
    name: str
    aliased: bool


@dataclass(frozen=True)
class _Reading:
    """How a reduction of the parser becomes rules.

    `first` are the productions by the word of the leading terminal (or by "" where none leads), `again` those of the
    same alternative as a further item of a repeat, and `stop` the production that ends the repeat.
    """

    first: Mapping[str, int]
    inner: tuple[int, ...]
    """The positions of the children that make rules of their own."""
    lead: int = -1
    """The position of the leading terminal, where its word chooses the production."""
    again: Mapping[str, int] = field(default_factory=dict)
    stop: int = -1
    recursive: bool = False


@dataclass
class _Build:
    """The productions of a grammar as they are found."""

    name: str
    patterns: Mapping[str, Any]
    repeats: frozenset[str]
    productions: list[_Production] = field(default_factory=list)
    words: dict[str, Callable[[str], list[int]]] = field(default_factory=dict)
    """The productions of the terminals that have some, by name."""
    stops: dict[str, int] = field(default_factory=dict)

    def add(self, symbol: str, right: Sequence[_Part], name: str, aliased: bool = False) -> int:
        self.productions.append(_Production(symbol, tuple(right), name, aliased))
        return len(self.productions) - 1

    def rule(self, rule: Any) -> _Reading:
        """The productions of one of Lark's rules."""
        origin, expansion = rule.origin.name, list(rule.expansion)
        repeat = origin in self.repeats
        recursive = repeat and bool(expansion) and expansion[0] == rule.origin
        offset = int(recursive)
        parts = [self._part(symbol) for symbol in expansion[offset:]]
        inner = tuple(i + offset for i, part in enumerate(parts) if part[0])
        name, aliased = str(rule.alias or origin), rule.alias is not None
        tail = f"{origin}_more"
        words = self._leading(expansion[offset:])
        if words is not None:
            inner = tuple(i for i in inner if i != offset)
        rights = {word: [(False, word), *parts[1:]] for word in words} if words else {"": parts}
        if not repeat:
            first = {word: self.add(origin, right, name, aliased) for word, right in rights.items()}
            return _Reading(first, inner, lead=offset if words else -1)
        if origin not in self.stops:
            self.stops[origin] = self.add(tail, (), tail)
        symbol = tail if recursive else origin
        made = {word: self.add(symbol, [*right, (True, tail)], name) for word, right in rights.items()}
        reading = _Reading({}, inner, offset if words else -1, stop=self.stops[origin], recursive=recursive)
        return replace(reading, again=made) if recursive else replace(reading, first=made)

    def _part(self, symbol: Any) -> _Part:
        if not symbol.is_term:
            return True, symbol.name
        fixed = self._fixed(symbol.name)
        if fixed is not None:
            return False, fixed
        self._terminal(symbol.name)
        return True, f"%{symbol.name}"

    def _fixed(self, terminal: str) -> str | None:
        """The text of a terminal that matches nothing else."""
        words = self._words(terminal)
        return words[0] if words is not None and len(words) == 1 else None

    def _words(self, terminal: str) -> tuple[str, ...] | None:
        pattern = self.patterns.get(terminal)
        if pattern is None:
            raise DataError(f"{self.name}: the terminal {terminal} has no text of its own: define it")
        if pattern.type == "str" and not pattern.flags:
            return (pattern.value,)
        try:
            return words_of(pattern.to_regexp())
        except Unbounded as error:
            raise DataError(f"{self.name}: the terminal {terminal} = {pattern.to_regexp()}: {error}") from error

    def _leading(self, expansion: Sequence[Any]) -> tuple[str, ...] | None:
        """The words of the terminal an alternative begins with, where they are several and not too many."""
        if not expansion or not expansion[0].is_term:
            return None
        words = self._words(expansion[0].name)
        return words if words is not None and 1 < len(words) <= _MOST_LED else None

    def _terminal(self, terminal: str) -> None:
        """Make the productions of a terminal that is a symbol."""
        if terminal in self.words:
            return
        words, symbol = self._words(terminal), f"%{terminal}"
        if words is not None:
            numbers = {word: self.add(symbol, [(False, word)] if word else [], terminal, True) for word in words}
            self.words[terminal] = lambda text: [numbers[text]]
        else:
            self.words[terminal] = self._spelled(terminal, machine_of(self.patterns[terminal].to_regexp()))

    def _spelled(self, terminal: str, machine: Machine) -> Callable[[str], list[int]]:
        """The productions of an automaton: a character and a state, or an end."""

        def called(state: int) -> str:
            return f"%{terminal}" if state == machine.start else f"%{terminal}.{state}"

        steps: dict[tuple[int, str], tuple[int, int]] = {}
        stops: dict[int, int] = {}
        for state, edges in machine.edges.items():
            for character, reached in edges.items():
                on = [] if machine.ends(reached) else [(True, called(reached))]
                steps[state, character] = self.add(called(state), [(False, character), *on], terminal, True), reached
            if state in machine.final and edges:
                stops[state] = self.add(called(state), (), f"{terminal}_end", True)

        def spell(text: str) -> list[int]:
            state, made = machine.start, []
            for character in text:
                production, state = steps[state, character]
                made.append(production)
            return [*made, stops[state]] if state in stops else made

        return spell

    def numbered(self, start: str) -> _Numbers:
        """The productions with symbols of a single one put in their place, those that can be reached, numbered."""
        rights = {}
        of: dict[str, list[int]] = {}
        for i, production in enumerate(self.productions):
            of.setdefault(production.symbol, []).append(i)
            rights[i] = production.right
        single = {
            symbol: made[0]
            for symbol, made in of.items()
            if len(made) == 1 and symbol != start and not self.productions[made[0]].aliased
        }
        single = {symbol: i for symbol, i in single.items() if not _needs_itself(symbol, single, rights)}
        rights = {i: _substituted(right, single, rights) for i, right in rights.items()}
        names, order = [start], []
        for symbol in names:  # grows as symbols are met
            for i in of[symbol]:
                order.append(i)
                names += dict.fromkeys(part for is_symbol, part in rights[i] if is_symbol and part not in names)
        at = {symbol: number for number, symbol in enumerate(names)}
        rules = tuple(
            Rule(
                at[self.productions[i].symbol],
                _joined([at[part] if is_symbol else part for is_symbol, part in rights[i]]),
                self.productions[i].name,
            )
            for i in order
        )
        number = [-1] * len(self.productions)
        for made, i in enumerate(order):
            number[i] = made
        return _Numbers(tuple(names), rules, number)


@dataclass(frozen=True)
class _Numbers:
    """What is left of the productions, and the rule each became; -1 for those put in the place of their symbol."""

    symbols: tuple[str, ...]
    rules: tuple[Rule, ...]
    number: list[int]


def _needs_itself(symbol: str, single: Mapping[str, int], rights: Mapping[int, tuple[_Part, ...]]) -> bool:
    """Whether a symbol comes back to itself by symbols of a single production alone."""
    open_, met = [symbol], set()
    while open_:
        for is_symbol, part in rights[single[open_.pop()]]:
            if is_symbol and part == symbol:
                return True
            if is_symbol and part in single and part not in met:
                met.add(part)
                open_.append(part)
    return False


def _substituted(
    right: tuple[_Part, ...], single: Mapping[str, int], rights: Mapping[int, tuple[_Part, ...]]
) -> tuple[_Part, ...]:
    out: list[_Part] = []
    for part in right:
        out += _substituted(rights[single[part[1]]], single, rights) if part[0] and part[1] in single else (part,)
    return tuple(out)


def _joined(parts: Sequence[int | str]) -> tuple[int | str, ...]:
    """The parts with neighbouring texts made one."""
    out: list[int | str] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part != "":
            out.append(part)
    return tuple(out)


def _node(reading: _Reading) -> Callable[[Any], tuple[_Reading, Any]]:
    return lambda children: (reading, children)


@dataclass(frozen=True)
class _Reader:
    """Sentences to rules: the parser's tree, walked from the left."""

    name: str
    lark: Any
    words: Mapping[str, Callable[[str], list[int]]]
    number: Sequence[int]

    def __call__(self, sentence: str) -> list[int]:
        from lark.exceptions import UnexpectedInput

        try:
            tree = self.lark.parser.parse(sentence)
        except UnexpectedInput as error:
            raise DataError(_outside(self.name, sentence, error)) from error
        return self._walked(tree)

    def _walked(self, tree: Any) -> list[int]:
        out: list[int] = []
        open_ = [tree]
        words, number = self.words, self.number
        while open_:
            node = open_.pop()
            if node.__class__ is not tuple:
                if node.__class__ is int:
                    out.append(node)
                else:
                    out += [number[made] for made in words[node.type](str(node))]
                continue
            reading, children = node
            if reading.stop >= 0:
                open_ += self._items(node)[::-1]
                continue
            made = number[reading.first["" if reading.lead < 0 else str(children[reading.lead])]]
            if made >= 0:
                out.append(made)
            for i in reading.inner[::-1]:
                open_.append(children[i])
        return out

    def _items(self, node: Any) -> list[Any]:
        """What a repeat is made of, from the left: the rules that add an item, each with its children, and the end."""
        found: list[Any] = []
        while True:
            reading, children = node
            key = "" if reading.lead < 0 else str(children[reading.lead])
            made = self.number[(reading.again if reading.recursive else reading.first)[key]]
            found.append(([made] if made >= 0 else []) + [children[i] for i in reading.inner])
            if not reading.recursive:
                break
            node = children[0]
        stop = self.number[reading.stop]
        return [part for item in found[::-1] for part in item] + [stop]


def _outside(name: str, sentence: str, error: Any) -> str:
    """Where a sentence leaves the grammar."""
    known = (getattr(error, name, None) for name in ("accepts", "allowed", "expected"))
    allowed = sorted(next((some for some in known if some), ()))
    column = getattr(error, "column", -1)
    at_end = column < 0 or getattr(getattr(error, "token", None), "type", "") == "$END"
    where = (
        "it ends too early" if at_end else f"column {column}: {sentence[column - 1 : column + 9]!r} cannot stand here"
    )
    several = f", line {error.line}" if "\n" in sentence and not at_end else ""
    expected = f"; expected {', '.join(str(one) for one in allowed[:8])}{' ...' if len(allowed) > 8 else ''}"
    return f"not a sentence of {name}{several}: {where}{expected if allowed else ''}"
