"""Regular grammars: rules whose sentences an automaton can read, compiled into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sciencegen.errors import DataError, RequestError
from sciencegen.grammar.automaton import MOST_STATES, Automaton, explored

__all__ = ["Production", "regular"]


class Production(Protocol):
    """What a symbol may become: symbols by number, and text."""

    @property
    def symbol(self) -> int: ...
    @property
    def right(self) -> tuple[int | str, ...]: ...
    @property
    def name(self) -> str: ...


def regular(
    rules: Sequence[Production], start: int, symbols: Sequence[str] = (), name: str = "the grammar"
) -> Automaton:
    """The smallest automaton of the sentences of a grammar, over its characters.

    A symbol that needs itself again may do so at the end of a rule only; such grammars are strongly regular (Mohri and
    Nederhof, Regular Approximation of Context-Free Grammars, 2001). Any other is refused by the name of its rule.
    """
    of: dict[int, list[Production]] = {}
    for rule in rules:
        of.setdefault(rule.symbol, []).append(rule)
    _check_right_linear(of, symbols, name)
    machine = _Machine(of)
    machine.build(start)
    letters = tuple(sorted({character for edges in machine.edges for character, _ in edges if character}))

    def follow(states: frozenset[int], letter: int) -> frozenset[int] | None:
        character = letters[letter]
        reached = {target for state in states for found, target in machine.edges[state] if found == character}
        return machine.closed(reached) or None

    final = machine.final
    begin = machine.closed({machine.start})
    return explored(letters, begin, follow, lambda states: final in states).minimal()


@dataclass
class _Machine:
    """A nondeterministic automaton: for every state the characters that lead on ("" for none), and where to.

    A state stands for a symbol together with what is to follow it. A symbol at the end of its own rule is followed by
    the same, and so becomes a loop.
    """

    of: dict[int, list[Production]]
    edges: list[list[tuple[str, int]]] = field(default_factory=list)
    entered: dict[tuple[int, int], int] = field(default_factory=dict)
    open: list[tuple[int, int]] = field(default_factory=list)
    final: int = 0
    start: int = 0

    def build(self, start: int) -> None:
        self.final = self._state()
        self.start = self._enter(start, self.final)
        while self.open:
            symbol, after = self.open.pop()
            for rule in self.of.get(symbol, ()):
                self._link(self.entered[symbol, after], rule.right, after)

    def closed(self, states: set[int]) -> frozenset[int]:
        """The states, and all that are reached from them without a character."""
        open_ = list(states)
        while open_:
            for character, target in self.edges[open_.pop()]:
                if not character and target not in states:
                    states.add(target)
                    open_.append(target)
        return frozenset(states)

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
        return self.entered[key]

    def _link(self, state: int, right: Sequence[int | str], after: int) -> None:
        units = list(_units(right))
        targets = [*(self._state() for _ in units[1:]), after]
        if not units:
            self.edges[state].append(("", after))
        for unit, target in zip(units, targets if units else (), strict=True):
            entered = ("", self._enter(unit, target)) if isinstance(unit, int) else (unit, target)
            self.edges[state].append(entered)
            state = target


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
