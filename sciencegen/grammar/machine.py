"""The stack machine: many sentences made at once, rule by rule, so that all of them end in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
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
    top: Tensor  # [n], the symbol to be expanded
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
        shortest, owed = self.grammar.shortest, self._owed_at_first
        if self.length < shortest:
            raise RequestError(
                f"length={self.length}: the shortest sentence of {self.grammar.name} takes {shortest} rules"
            )
        if self.length < shortest + owed:
            raise RequestError(
                f"length={self.length}: under its guards, {self.grammar.name} needs room for {shortest + owed} rules"
            )
        if self.length >= _FAR:
            raise RequestError(f"length={self.length}: expected less than {_FAR:,} rules")

    @property
    def _owed_at_first(self) -> int:
        """How many rules guards ask for beyond those of the shortest sentence."""
        return sum(int(guard.owed(guard.start(1, None))) for guard in self.guards)

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
        return Stacks(symbols, ones * self.grammar.start, ones, ones * self.grammar.shortest, self.length, begun)

    def mask(self, state: Stacks) -> Tensor:
        room = state.left - state.need
        if not self.guards:
            return self._within(state.top, room)
        for guard, known in zip(self.guards, state.guards, strict=True):
            room = room - guard.owed(known)
        allowed = self._paid(state, room)
        place = Place(state.top, state.height, state.left)
        for guard, known in zip(self.guards, state.guards, strict=True):
            allowed &= ~guard.blocked(known, place)
        stuck = allowed.view(torch.uint8).amax(1) == 0
        allowed[:, self.end] |= stuck  # a row that was led astray can only be broken off
        return allowed

    def _paid(self, state: Stacks, room: Tensor) -> Tensor:
        """The rules after which there is room for what they owe, too: [n, rules + 1]."""
        t = self._tables.on(room.device)
        most = len(t.level) - 2 + sum(guard.most_owing for guard in self.guards)
        if bool((room >= most).all()):
            return self._within(state.top, room)
        pairs = zip(self.guards, state.guards, strict=True)
        owing = [change for guard, known in pairs if (change := guard.owing(known)) is not None]
        if not owing:
            return self._within(state.top, room)
        return sum(owing, t.extra.index_select(0, state.top)) <= room[:, None].to(torch.int16)

    def syntax(self, state: Stacks) -> Tensor:
        return self._within(state.top, state.left - state.need)

    @property
    def is_syntax(self) -> bool:
        return not self.guards

    def _within(self, symbol: Tensor, room: Tensor) -> Tensor:
        """The rules of symbols that take no more than the room there is: [n, rules + 1]."""
        t = self._tables.on(room.device)
        levels = t.level.index_select(0, (room + 1).clamp(0, len(t.level) - 1))
        return t.open.index_select(0, symbol * t.levels + levels)

    def advance(self, state: Stacks, token: Tensor) -> Stacks:
        t = self._tables.on(token.device)
        pops, rises, step = t.moves.index_select(0, token).unbind(1)
        at = (state.height - pops).clamp(min=0)[:, None] + t.places
        symbols = state.symbols.scatter(1, at, t.pushed.index_select(0, token))
        height = (state.height + rises).clamp(0, self.length)
        top = symbols.gather(1, height[:, None])[:, 0].long()
        after = state.guards
        if self.guards:
            place = Place(state.top, state.height, state.left)
            pairs = zip(self.guards, state.guards, strict=True)
            after = tuple(guard.advance(known, token, place) for guard, known in pairs)
        return Stacks(symbols, top, height, state.need + step, state.left - 1, after)

    def take(self, state: Stacks, rows: Tensor) -> Stacks:
        kept = tuple(guard.take(known, rows) for guard, known in zip(self.guards, state.guards, strict=True))
        parts = (state.symbols, state.top, state.height, state.need)
        symbols, top, height, need = (each.index_select(0, rows) for each in parts)
        return Stacks(symbols, top, height, need, state.left, kept)

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
        step = t.moves[:, 2][x]
        need = self.grammar.shortest + step.cumsum(1) - step
        room = torch.arange(self.length, self.length - x.shape[1], -1, device=x.device) - need
        return self._within(t.symbol[x].flatten(), room.flatten()).view(*x.shape, -1)

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
        return _tables(self.grammar)


@dataclass(frozen=True, eq=False)
class _Tables:
    """Everything the machine looks up; the last token is the end, the last symbol that of a whole sentence."""

    extra: Tensor  # [symbols + 1, tokens], how many rules more than the cheapest each takes; far where it cannot stand
    open: Tensor  # [(symbols + 1) * levels, tokens], what can stand, by how much room there is
    level: Tensor  # [most room that matters + 2], from room for less than nothing on
    symbol: Tensor  # [tokens], what each expands
    moves: Tensor  # [tokens, 3], how many symbols each takes away, by how many the height rises, and the need
    pushed: Tensor  # [tokens, most], the symbols, the first of them last
    places: Tensor  # [most], where they go above what is left
    levels: int

    def on(self, device: torch.device) -> _Tables:
        """The tables where the tokens are."""
        return self if self.extra.device == device else _tables_on(self, device)


@cache
def _tables_on(tables: _Tables, device: torch.device) -> _Tables:
    placed: dict[str, Any] = {
        name: value.to(device) for name, value in vars(tables).items() if isinstance(value, Tensor)
    }
    return replace(tables, **placed)


def _tables(grammar: Grammar) -> _Tables:
    rules, needs, end = grammar.rules, grammar.needs, len(grammar.rules)
    costs = [1 + sum(needs[symbol] for symbol in rule.symbols) for rule in rules]
    extra = torch.full((len(grammar.symbols) + 1, end + 1), _FAR, dtype=torch.int16)
    for i, rule in enumerate(rules):
        extra[rule.symbol, i] = min(costs[i] - needs[rule.symbol], _FAR)
    extra[-1, end] = -_FAR
    most = max(1, *(len(rule.symbols) for rule in rules), 1)
    pushed = torch.zeros(end + 1, most, dtype=torch.int16)
    for i, rule in enumerate(rules):
        for j, symbol in enumerate(rule.symbols[::-1]):
            pushed[i, j] = symbol
    moves = [(1, len(rule.symbols) - 1, cost - 1 - needs[rule.symbol]) for rule, cost in zip(rules, costs, strict=True)]
    levels, level, open_ = _by_room(extra)
    return _Tables(
        extra,
        open_,
        level,
        torch.tensor([rule.symbol for rule in rules] + [len(grammar.symbols)]),
        torch.tensor([*moves, (0, 0, 0)]),
        pushed,
        torch.arange(1, most + 1),
        levels,
    )


def _by_room(extra: Tensor) -> tuple[int, Tensor, Tensor]:
    """How many amounts of room make a difference, which of them each amount is, and what can stand by symbol and them;
    where there is less than no room, the end alone."""
    steps = extra[(extra >= 0) & (extra < _FAR)].unique()
    amounts = torch.arange(-1, int(steps.max()) + 1 if len(steps) else 1)
    level = torch.searchsorted(steps.long(), amounts, right=True)
    room = torch.cat((torch.tensor([-1]), steps.long()))
    open_ = extra[:, None, :] <= room[:, None]
    open_[:, 0, -1] = True
    return len(room), level, open_.flatten(0, 1)
