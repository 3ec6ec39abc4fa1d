"""A reach as a constraint: a net draws under it, and every sequence has the exact length and the letters counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from sciencegen.core.constraint import Constraint
from sciencegen.grammar.automaton import DEAD
from sciencegen.grammar.reach import Reach

__all__ = ["ExactLength", "Place"]

_UNKNOWN = -1


@dataclass(frozen=True)
class Place:
    """How far sequences have been read."""

    read: int
    state: Tensor  # [n]
    count: Tensor  # [n]


@dataclass(frozen=True, eq=False)
class ExactLength(Constraint):
    """The sequences of a reach as tokens of a vocabulary, with the empty token behind them where there is one."""

    reach: Reach
    vocabulary: tuple[str, ...]

    def start(self, n: int, device: torch.device | str | None = None) -> Place:
        none = torch.zeros(n, dtype=torch.long, device=device)
        return Place(0, none, none)

    def mask(self, state: Place) -> Tensor:
        t = self._tables
        where = state.state.device
        allowed = torch.zeros(len(state.state), len(self.vocabulary), dtype=torch.bool, device=where)
        if state.read < len(self.reach.slots):
            letters = t.letter.to(where).clamp(min=0)
            reached = t.next.to(where)[state.state][:, letters]
            total = (state.count[:, None] + t.moved.to(where)[letters]).clamp(max=t.open.shape[2] - 1)
            known = (t.letter != _UNKNOWN).to(where) & t.here[state.read].to(where)[letters]
            allowed |= t.open[state.read + 1].to(where)[reached, total] & known
        stuck = ~allowed.any(1)  # at the end, or after a beginning that was forced on us: it can only be broken off
        allowed |= stuck[:, None] & t.end.to(where)
        return allowed

    def advance(self, state: Place, token: Tensor) -> Place:
        t = self._tables
        where = token.device
        letter = t.letter.to(where)[token.long()]
        if state.read >= len(self.reach.slots):
            return Place(state.read + 1, state.state, state.count)
        reached = t.next.to(where)[state.state, letter.clamp(min=0)]
        reached = torch.where(letter == _UNKNOWN, len(self.reach.automaton), reached)
        count = (state.count + t.moved.to(where)[letter.clamp(min=0)]).clamp(max=t.open.shape[2] - 1)
        return Place(state.read + 1, reached, count)

    def take(self, state: Place, rows: Tensor) -> Place:
        return Place(state.read, state.state[rows], state.count[rows])

    @cached_property
    def _tables(self) -> _Tables:
        automaton, slots = self.reach.automaton, self.reach.slots
        letters = automaton.letters
        dead = len(automaton)
        table = torch.from_numpy(automaton.next).long()
        table = torch.cat((torch.where(table == DEAD, dead, table), torch.full((1, len(letters)), dead)))
        here = torch.zeros(len(slots), len(letters), dtype=torch.bool)
        for place, (row, weights) in enumerate(zip(slots.letters, slots.weights, strict=True)):
            here[place, row[weights > -torch.inf]] = True
        end = torch.tensor([token == "" for token in self.vocabulary])
        return _Tables(
            letter=torch.tensor([letters.index(one) if one in letters else _UNKNOWN for one in self.vocabulary]),
            next=table,
            moved=self.reach.strides,
            here=here,
            open=self.reach.open,
            end=end if end.any() else ~end,
        )


@dataclass(frozen=True, eq=False)
class _Tables:
    """What the machine looks up."""

    letter: Tensor  # [vocabulary], which letter a token is
    next: Tensor  # [states + 1, letters]
    moved: Tensor  # [letters], among the counts
    here: Tensor  # [length, letters], what the slots let stand
    open: Tensor  # [length + 1, states + 1, counts]
    end: Tensor  # [vocabulary], what may follow where nothing else may
