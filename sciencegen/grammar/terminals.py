"""Terminals: the strings a regular expression matches, as words or as the states of an automaton."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Machine", "Unbounded", "machine_of", "words_of"]

_MOST_WORDS = 400


class Unbounded(ValueError):
    """An expression that matches characters without naming them."""


@dataclass(frozen=True)
class Machine:
    """A deterministic automaton of characters, without states from which nothing is matched."""

    start: int
    edges: Mapping[int, Mapping[str, int]]
    """Where each state leads; states of which every character ends the match lead to `done`."""
    final: frozenset[int]

    def ends(self, state: int) -> bool:
        """Whether a match is over there, with no way on."""
        return state in self.final and not self.edges.get(state)


@cache
def machine_of(pattern: str) -> Machine:
    """The automaton of a regular expression."""
    import interegular

    try:
        read: Any = interegular.parse_pattern(pattern)
        fsm = read.to_fsm().reduce()
    except interegular.Unsupported as error:
        raise Unbounded(f"it uses {str(error) or 'what'}: such patterns are not supported") from error
    except interegular.InvalidSyntax as error:
        raise Unbounded(f"it cannot be read: {error}") from error
    live = {state for state in fsm.states if fsm.islive(state)}
    edges = {state: _edges(fsm, state, live) for state in live}
    return Machine(fsm.initial, edges, frozenset(fsm.finals))


def _edges(fsm: Any, state: int, live: set[int]) -> dict[str, int]:
    import interegular

    found = {}
    for key, reached in fsm.map.get(state, {}).items():
        if reached not in live:
            continue
        for character in fsm.alphabet.by_transition[key]:
            if character is interegular.fsm.anything_else:
                raise Unbounded("it matches characters that it does not name: list those that may occur")
            found[character] = reached
    return dict(sorted(found.items()))


@cache
def words_of(pattern: str) -> tuple[str, ...] | None:
    """The strings an expression matches, shorter ones first; None where there are too many."""
    machine = machine_of(pattern)
    counts = _counts(machine)
    if counts is None or counts > _MOST_WORDS:
        return None
    found, open_ = [], [(machine.start, "")]
    while open_:
        state, word = open_.pop()
        if state in machine.final:
            found.append(word)
        open_ += [(reached, word + character) for character, reached in machine.edges[state].items()]
    return tuple(sorted(found, key=lambda word: (len(word), word)))


def _counts(machine: Machine) -> int | None:
    """How many strings there are; None where there is no end of them."""
    counted: dict[int, int] = {}
    entered: set[int] = set()

    def count(state: int) -> int | None:
        if state in counted:
            return counted[state]
        if state in entered or len(entered) > _MOST_WORDS:
            return None
        entered.add(state)
        total = int(state in machine.final)
        for reached in machine.edges[state].values():
            more = count(reached)
            if more is None:
                return None
            total += more
        counted[state] = total
        return total

    return count(machine.start)
