"""The stack machine: many sentences made at once, rule by rule, so that all of them end in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.constraint import Constraint
from sciencegen.errors import RequestError
from sciencegen.grammar.guards import Guard, Place
from sciencegen.grammar.rules import Grammar

__all__ = ["StackMachine", "Stacks"]

_FAR = 1 << 14
"""More rules than any sentence has room for."""


@dataclass(frozen=True)
class Stacks:
    """How far sentences have been made."""

    symbols: Tensor  # [n, depth]; the symbol below all others means that the sentence is whole
    height: Tensor  # [n]
    need: Tensor  # [n], how many rules the symbols take at least
    left: int
    guards: tuple[Any, ...]


@dataclass(frozen=True)
class StackMachine(Constraint):
    """The sentences of a grammar in at most `length` rules, under guards; the token after the last rule is the end.

    The grammar and the room are syntax, which costs a net nothing; what guards forbid is not.
    """

    grammar: Grammar
    length: int
    guards: tuple[Guard, ...] = ()

    def __post_init__(self) -> None:
        if self.length < self.grammar.shortest:
            raise RequestError(
                f"length={self.length}: the shortest sentence of {self.grammar.name} takes {self.grammar.shortest} rules"
            )
        if self.length >= _FAR:
            raise RequestError(f"length={self.length}: expected less than {_FAR:,} rules")

    @property
    def end(self) -> int:
        """The token that ends a row."""
        return len(self.grammar.rules)

    def start(self, n: int, device: torch.device | None = None) -> Stacks:
        depth = self.length + self._tables.pushed.shape[1] + 1
        symbols = torch.zeros(n, depth, dtype=torch.int16, device=device)
        symbols[:, 0], symbols[:, 1] = len(self.grammar.symbols), self.grammar.start
        ones = torch.ones(n, dtype=torch.long, device=device)
        begun = tuple(guard.start(n, device) for guard in self.guards)
        return Stacks(symbols, ones, ones * self.grammar.shortest, self.length, begun)

    def mask(self, state: Stacks) -> Tensor:
        room = state.left - state.need
        if not self.guards:
            return self._within(state, room[:, None])
        place, owing = self._place(state), self._tables.on(room.device).owing
        for guard, known in zip(self.guards, state.guards, strict=True):
            room = room - guard.owed(known)
        allowed = self._within(state, room[:, None] - owing)
        for guard, known in zip(self.guards, state.guards, strict=True):
            allowed &= ~guard.blocked(known, place)
        allowed[:, self.end] |= ~allowed.any(1)  # a row that was led astray can only be broken off
        return allowed

    def syntax(self, state: Stacks) -> Tensor:
        return self._within(state, (state.left - state.need)[:, None])

    def _within(self, state: Stacks, room: Tensor) -> Tensor:
        return self._tables.on(room.device).extra.index_select(0, self._top(state)) <= room

    def _top(self, state: Stacks) -> Tensor:
        return state.symbols.gather(1, state.height[:, None])[:, 0].long()

    def _place(self, state: Stacks) -> Place:
        return Place(self._top(state), state.height, state.left)

    def advance(self, state: Stacks, token: Tensor) -> Stacks:
        t = self._tables.on(token.device)
        place = self._place(state) if self.guards else None
        base = state.height - t.pops.index_select(0, token)
        at = (base + 1).clamp(min=1)[:, None] + t.places
        symbols = state.symbols.scatter(1, at.clamp(max=state.symbols.shape[1] - 1), t.pushed.index_select(0, token))
        after = tuple(
            guard.advance(known, token, place)
            for guard, known in zip(self.guards, state.guards, strict=True)
            if place is not None
        )
        height = (base + t.pushes.index_select(0, token)).clamp(0, self.length)
        return Stacks(symbols, height, state.need + t.step.index_select(0, token), state.left - 1, after)

    def take(self, state: Stacks, rows: Tensor) -> Stacks:
        kept = tuple(guard.take(known, rows) for guard, known in zip(self.guards, state.guards, strict=True))
        symbols, height, need = (each.index_select(0, rows) for each in (state.symbols, state.height, state.need))
        return Stacks(symbols, height, need, state.left, kept)

    def masks(self, x: Tensor) -> Tensor:
        if not self.guards:
            return self.syntaxes(x)
        state, steps = self.start(len(x), x.device), []
        for token in x.long().unbind(1):
            steps.append(self.mask(state))
            state = self.advance(state, token)
        return torch.stack(steps, 1)

    def syntaxes(self, x: Tensor) -> Tensor:
        """Masks of sentences: the symbol that was expanded is known from the rule that was taken."""
        t, x = self._tables.on(x.device), x.long()
        need = self.grammar.shortest + t.step[x].cumsum(1) - t.step[x]
        room = torch.arange(self.length, self.length - x.shape[1], -1, device=x.device) - need
        return t.extra[t.symbol[x]] <= room[..., None]

    def accepts(self, x: Tensor) -> Tensor:
        """Which rows could be drawn: [n]."""
        state, allowed = self.start(len(x), x.device), torch.ones(len(x), dtype=torch.bool, device=x.device)
        for token in x.long().unbind(1):
            allowed &= self.mask(state).gather(1, token[:, None])[:, 0]
            state = self.advance(state, token)
        return allowed & (state.height == 0)

    def rows(self, sentences: Sequence[Sequence[int]]) -> Tensor:
        """Rules of sentences as rows of one length."""
        kind = torch.uint8 if self.end < 256 else torch.int16
        out = torch.full((len(sentences), self.length), self.end, dtype=kind)
        for row, rules in zip(out, sentences, strict=True):
            row[: len(rules)] = torch.tensor(rules, dtype=kind)
        return out

    @cached_property
    def _tables(self) -> _Tables:
        return _tables(self.grammar, self.guards)


@dataclass(frozen=True, eq=False)
class _Tables:
    """Everything the machine looks up; the last token is the end, the last symbol that of a whole sentence."""

    extra: Tensor  # [symbols + 1, tokens], how many rules more than the cheapest each takes; far where it cannot stand
    symbol: Tensor  # [tokens], what each expands
    step: Tensor  # [tokens], how each changes the need
    pops: Tensor  # [tokens]
    pushes: Tensor  # [tokens]
    pushed: Tensor  # [tokens, most], the symbols, the first of them last
    places: Tensor  # [most]
    owing: Tensor  # [tokens]

    def on(self, device: torch.device) -> _Tables:
        """The tables where the tokens are."""
        if self.extra.device == device:
            return self
        return _Tables(**{name: value.to(device) for name, value in vars(self).items()})


def _tables(grammar: Grammar, guards: Sequence[Guard]) -> _Tables:
    rules, needs, end = grammar.rules, grammar.needs, len(grammar.rules)
    costs = [1 + sum(needs[symbol] for symbol in rule.symbols) for rule in rules]
    extra = torch.full((len(grammar.symbols) + 1, end + 1), _FAR, dtype=torch.int16)
    for i, rule in enumerate(rules):
        extra[rule.symbol, i] = min(costs[i] - needs[rule.symbol], _FAR)
    extra[-1, end] = -_FAR
    most = max(1, *(len(rule.symbols) for rule in rules)) if rules else 1
    pushed = torch.zeros(end + 1, most, dtype=torch.int16)
    for i, rule in enumerate(rules):
        for j, symbol in enumerate(rule.symbols[::-1]):
            pushed[i, j] = symbol
    step = [cost - 1 - needs[rule.symbol] for cost, rule in zip(costs, rules, strict=True)]
    return _Tables(
        extra,
        torch.tensor([rule.symbol for rule in rules] + [len(grammar.symbols)]),
        torch.tensor([*step, 0]),
        torch.tensor([1] * end + [0]),
        torch.tensor([len(rule.symbols) for rule in rules] + [0]),
        pushed,
        torch.arange(most),
        sum((guard.owing for guard in guards), torch.zeros(end + 1, dtype=torch.long)),
    )
