"""Regular grammars: rules whose sentences an automaton can read, compiled into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from sciencegen.errors import DataError, RequestError
from sciencegen.grammar.automaton import MOST_STATES, Automaton, explored
from sciencegen.grammar.guards import Guard, Place, guards_of
from sciencegen.grammar.rules import Grammar

__all__ = ["Production", "language", "regular"]


class Production(Protocol):
    """What a symbol may become: symbols by number, and text."""

    @property
    def symbol(self) -> int: ...
    @property
    def right(self) -> tuple[int | str, ...]: ...
    @property
    def name(self) -> str: ...


def language(grammar: Grammar) -> Automaton:
    """The automaton of a regular grammar, under the guards in its file."""
    return regular(grammar.rules, grammar.start, grammar.symbols, grammar.name, guards_of(grammar))


def regular(
    rules: Sequence[Production],
    start: int,
    symbols: Sequence[str] = (),
    name: str = "the grammar",
    guards: Sequence[Guard] = (),
) -> Automaton:
    """The smallest automaton of the sentences of a grammar, over its characters.

    A symbol that needs itself again may do so at the end of a rule only; such grammars are strongly regular (Mohri and
    Nederhof, Regular Approximation of Context-Free Grammars, 2001). Any other is refused by the name of its rule.
    """
    of: dict[int, list[int]] = {}
    for number, rule in enumerate(rules):
        of.setdefault(rule.symbol, []).append(number)
    _check_right_linear({symbol: [rules[i] for i in some] for symbol, some in of.items()}, symbols, name)
    machine = _Machine(rules, of, _Registers(guards, len(rules)))
    machine.build(start)
    letters = tuple(sorted({edge.character for edges in machine.edges for edge in edges if edge.character}))

    def follow(places: frozenset[_Place], letter: int) -> frozenset[_Place] | None:
        return machine.closed(machine.read(places, letters[letter])) or None

    begin = machine.closed({(machine.start, machine.registers.start)})
    return explored(letters, begin, follow, lambda places: any(state == machine.final for state, _ in places)).minimal()


_Key = tuple[Any, ...]
_Place = tuple[int, _Key]
"""A state, and what guards know there."""


@dataclass(frozen=True)
class _Edge:
    """A way on from a state: by a character, or by none."""

    character: str
    target: int
    rule: int = -1
    """The rule that is taken with it."""


class _Registers:
    """What guards know, as keys, and what becomes of it with every rule."""

    def __init__(self, guards: Sequence[Guard], rules: int) -> None:
        self.guards, self.rules = guards, torch.arange(rules)
        states = tuple(guard.start(1, None) for guard in guards)
        self.start = _key(states)
        self._states = {self.start: states}
        self._after: dict[tuple[_Key, bool], list[_Key | None]] = {}

    def after(self, key: _Key, rule: int, last: bool) -> _Key | None:
        """What is known after a rule; None where it must not be taken. `last`: whether its symbol is the last one."""
        if not self.guards or rule < 0:
            return key
        if (key, last) not in self._after:
            self._after[key, last] = self._stepped(key, last)
        return self._after[key, last][rule]

    def _stepped(self, key: _Key, last: bool) -> list[_Key | None]:
        n = len(self.rules)
        height = torch.full((n,), 1 if last else 2)
        place = Place(torch.zeros_like(height), height, MOST_STATES)
        rows = torch.zeros_like(height)
        states = [guard.take(known, rows) for guard, known in zip(self.guards, self._states[key], strict=True)]
        blocked = torch.zeros(n, dtype=torch.bool)
        after = []
        for guard, known in zip(self.guards, states, strict=True):
            blocked |= guard.blocked(known, place)[self.rules, self.rules]
            after.append(guard.advance(known, self.rules, place))
        found: list[_Key | None] = []
        for rule in range(n):
            one = tuple(
                guard.take(known, self.rules[rule : rule + 1]) for guard, known in zip(self.guards, after, strict=True)
            )
            reached = None if blocked[rule] else _key(one)
            if reached is not None:
                self._states.setdefault(reached, one)
            found.append(reached)
        return found


def _key(state: Any) -> _Key:
    return tuple(_key(part) if isinstance(part, tuple) else tuple(part.flatten().tolist()) for part in state)


@dataclass
class _Machine:
    """A nondeterministic automaton: for every state the characters that lead on ("" for none), and where to.

    A state stands for a symbol together with what is to follow it. A symbol at the end of its own rule is followed by
    the same, and so becomes a loop.
    """

    rules: Sequence[Production]
    of: dict[int, list[int]]
    registers: _Registers
    edges: list[list[_Edge]] = field(default_factory=list)
    entered: dict[tuple[int, int], int] = field(default_factory=dict)
    open: list[tuple[int, int]] = field(default_factory=list)
    lasts: set[int] = field(default_factory=set)
    """The states of symbols after which nothing is to follow."""
    final: int = 0
    start: int = 0

    def build(self, start: int) -> None:
        self.final = self._state()
        self.start = self._enter(start, self.final)
        while self.open:
            symbol, after = self.open.pop()
            for rule in self.of.get(symbol, ()):
                self._link(self.entered[symbol, after], rule, after)

    def read(self, places: Iterable[_Place], character: str) -> set[_Place]:
        """What is reached by a character."""
        found = set()
        for state, known in places:
            for edge in self.edges[state]:
                if edge.character == character:
                    after = self.registers.after(known, edge.rule, state in self.lasts)
                    if after is not None:
                        found.add((edge.target, after))
        return found

    def closed(self, places: set[_Place]) -> frozenset[_Place]:
        """The places, and all that are reached from them without a character."""
        open_ = set(places)
        while open_:
            open_ = self.read(open_, "") - places
            places |= open_
        return frozenset(places)

    def _state(self) -> int:
        self.edges.append([])
        if len(self.edges) > MOST_STATES:
            raise RequestError(f"a grammar of more than {MOST_STATES:,} states: its symbols stand in too many places")
        return len(self.edges) - 1

    def _enter(self, symbol: int, after: int) -> int:
        key = symbol, after
        if key not in self.entered:
            self.entered[key] = self._state()
            self.open.append(key)
            if after == self.final:
                self.lasts.add(self.entered[key])
        return self.entered[key]

    def _link(self, state: int, rule: int, after: int) -> None:
        units = list(_units(self.rules[rule].right))
        if not units:
            self.edges[state].append(_Edge("", after, rule))
        targets = [*(self._state() for _ in units[1:]), after]
        for unit, target in zip(units, targets if units else (), strict=True):
            entered = ("", self._enter(unit, target)) if isinstance(unit, int) else (unit, target)
            self.edges[state].append(_Edge(*entered, rule))
            state, rule = target, -1


def _units(right: Sequence[int | str]) -> Iterator[int | str]:
    """Symbols and single characters."""
    for part in right:
        if isinstance(part, int):
            yield part
        else:
            yield from part


def _check_right_linear(of: dict[int, list[Production]], symbols: Sequence[str], called: str) -> None:
    needed = {
        symbol: {part for rule in rules for part in rule.right if isinstance(part, int)} for symbol, rules in of.items()
    }
    reach = {symbol: _reachable(symbol, needed) for symbol in of}
    for symbol, rules in of.items():
        for rule in rules:
            for i, part in enumerate(rule.right):
                again = isinstance(part, int) and symbol in reach.get(part, ())
                if again and any(behind != "" for behind in rule.right[i + 1 :]):
                    said = " ".join(_said(one, symbols) for one in rule.right)
                    name = _said(symbol, symbols)
                    raise DataError(
                        f"{called} is not regular: in {name} -> {said} ({rule.name}), {_said(part, symbols)} needs "
                        f"{name} again before the end of the rule; only the last part of a rule may"
                    )


def _reachable(symbol: int, needed: dict[int, set[int]]) -> set[int]:
    """The symbols that a symbol needs, and those that they need; it is among them."""
    found, open_ = {symbol}, [symbol]
    while open_:
        new = needed.get(open_.pop(), set()) - found
        found |= new
        open_ += new
    return found


def _said(part: int | str, symbols: Sequence[str]) -> str:
    if isinstance(part, str):
        return repr(part)
    return symbols[part] if part < len(symbols) else f"symbol {part}"
