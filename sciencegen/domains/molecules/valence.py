"""Syntax, rings and valence of Kekulé SMILES as a constraint: whatever is drawn under it is a molecule that fits.

A row must be able to end in time. The machine keeps an upper bound of the tokens it still takes to pay all bonds that
are owed, to close all branches and rings, and forbids what would raise the bound above the room that is left. The
bound falls by at least one with some token, so there is always a way on:

    bound = cost(atom) + sum of cost(atoms with an open branch) + open branches + 2 open rings + 1 at most

A ring closes on an atom appended for it (two tokens), which must not be a neighbour of the atom that opened it: hence
one more atom, where it would be. Ring bonds are paid where they open, so that nothing needs to be known of that atom
later but which it is; a bond's symbol stands where the ring opens, never where it closes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import torch
from torch import Tensor

from sciencegen.core.constraint import Constraint, rows_of
from sciencegen.domains.molecules.bonding import BONDS, TRIPLE, Atoms, atoms_of

__all__ = ["FILLERS", "Spelling", "ValenceConstraint"]

FILLERS = ("C", "(", ")")
"""What a vocabulary needs so that every row can be finished."""
_START, _ATOM, _CLOSED, _OPEN, _DONE = range(5)
"""Where a spelling is: before an atom, at an atom or its ring numbers, after `)`, after `(`, after the end."""
_PHASES = 5
_END, _IS_ATOM, _IS_BOND, _IS_OPEN, _IS_CLOSE, _IS_RING, _IS_DOT = range(7)
_NEXT_PHASE = (
    (_DONE,) * _PHASES,
    (_ATOM,) * _PHASES,
    tuple(range(_PHASES)),
    (_OPEN,) * _PHASES,
    (_CLOSED,) * _PHASES,
    (_ATOM,) * _PHASES,
    (_START,) * _PHASES,
)
_KINDS = {"": _END, "(": _IS_OPEN, ")": _IS_CLOSE, ".": _IS_DOT, **dict.fromkeys(BONDS[1:], _IS_BOND)}
_FAR = 1 << 20  # the cost of what cannot be done
_NO_SLACK, _SLACK = -2, 40  # too little for any atom, and enough for every one
_SLACKS = _SLACK - _NO_SLACK + 1
_B = len(BONDS)
_NOBODY = -2
_UNOPENED = -1


@dataclass(frozen=True)
class Spelling:
    """How far rows have been spelled. Atoms are counted from 0; their states are those of `Atoms`."""

    left: int
    """How many tokens the rows have left."""
    phase: Tensor  # [n]
    bond: Tensor  # [n], the bond symbol that was read last
    atom: Tensor  # [n], the state of the atom the spelling is at
    here: Tensor  # [n], which atom that is
    parent: Tensor  # [n], the atom it hangs on
    count: Tensor  # [n]
    depth: Tensor  # [n], branches open
    debt: Tensor  # [n], what the atoms with open branches cost
    rings: Tensor  # [n], rings open
    opener: Tensor  # [n], whether the atom may have opened one of them
    branching: Tensor  # [n, depths], the states of atoms with open branches; the last column is waste
    branching_at: Tensor  # [n, depths], which atoms those are
    ring_bond: Tensor  # [n, numbers], the bond of each open ring; 0: not open
    ring_at: Tensor  # [n, numbers], the atom that opened it
    ring_met: Tensor  # [n, numbers], the last atom bonded to that atom by another ring


@dataclass(frozen=True)
class ValenceConstraint(Constraint):
    """The molecules a vocabulary can spell in at most `length` tokens, as Kekulé SMILES.

    Fragments may stand side by side, and atoms in brackets have any charge, hydrogens, isotope or handedness. No
    atom is left with unpaired electrons unless `radicals` allows it to those in brackets; metals form no bonds,
    halogens no double bonds, and no triple bond closes a ring.
    """

    vocabulary: tuple[str, ...]
    length: int
    radicals: bool = False

    def __post_init__(self) -> None:
        missing = [token for token in FILLERS if token not in self.vocabulary]
        if missing or self.vocabulary[:1] != ("",):
            raise ValueError(f"vocabulary={self.vocabulary}: expected an empty token first, and {', '.join(FILLERS)}")

    def start(self, n: int, device: torch.device | str | None = None) -> Spelling:
        depths, numbers = self.length // 3 + 2, len(self._tables.numbers)
        none = torch.zeros(n, dtype=torch.long, device=device)
        deep = torch.zeros(n, depths, dtype=torch.int16, device=device)
        rings = torch.zeros(n, numbers, dtype=torch.long, device=device)
        nobody, unopened = torch.full_like(none, _NOBODY), torch.full_like(rings, _UNOPENED)
        return Spelling(
            left=self.length,
            phase=torch.full_like(none, _START),
            **dict.fromkeys(("bond", "atom", "here", "count", "depth", "debt", "rings"), none),
            parent=nobody,
            opener=none.bool(),
            branching=deep,
            branching_at=deep,
            ring_bond=rings,
            ring_at=unopened,
            ring_met=unopened,
        )

    def mask(self, state: Spelling) -> Tensor:
        t = self._tables.on(state.phase.device)
        left = state.left - 1
        open_branches = state.debt + state.depth
        deep, ringed, many = state.depth > 0, state.rings > 0, state.rings > 1
        unbonded = state.bond == 0
        base = open_branches + (2 * state.rings + deep) * ringed

        # slack [n, bonds]: the room left when an atom follows by each bond; then when a ring is opened, and closed
        hanging = (left - base)[:, None] - _row(t.hang, state.phase * t.states + state.atom)
        at = (state.phase != _ATOM) * 2 * t.states + state.atom
        opening = (left - open_branches - 2 * state.rings - 3)[:, None] - _row(t.ring_open, at + deep * t.states)
        closed = open_branches + (2 * (state.rings - 1) + (deep | state.opener)) * many
        closing = (left - closed)[:, None] - _row(t.ring_close, at + (many & ~deep) * t.states)

        bond = torch.where(unbonded, (state.phase != _START).long(), state.bond)[:, None]
        tight = (ringed & ~deep) * (2 - state.opener.long())
        slack = hanging.gather(1, bond)[:, 0].clamp(_NO_SLACK, _SLACK)
        allowed = _row(t.atoms, (bond[:, 0] * 3 + tight) * _SLACKS + (slack - _NO_SLACK))

        free = (state.rings < len(t.numbers))[:, None]
        bonds = ((hanging > 0) | (opening > 0) & free) & unbonded[:, None]
        at_atom = unbonded & ((state.phase == _ATOM) | (state.phase == _CLOSED))
        done = at_atom & _row(t.complete, state.atom)
        whole = done & ~deep & ~ringed
        branch = left - open_branches - 2 - (2 * state.rings + 1) * ringed >= _row(t.branch, state.atom)
        flags = (whole | (state.phase == _DONE), whole & (left > 0), at_atom & branch, done & deep)
        code = (torch.cat((torch.stack(flags, 1), bonds[:, 1:]), 1) * t.weights).sum(1)
        allowed |= _row(t.others, code)

        by_bond = (closing >= 0) & unbonded[:, None]
        by_bond[:, 0] = opening.gather(1, bond)[:, 0] >= 0
        here = state.here[:, None]
        apart = (state.ring_at != here) & (state.ring_at != state.parent[:, None]) & (state.ring_met != here)
        allowed.index_copy_(1, t.numbers, by_bond.gather(1, state.ring_bond) & apart)
        allowed[:, 0] |= allowed.view(torch.uint8).amax(1) == 0  # a prefix that was forced on us can only be broken off
        return allowed

    def advance(self, state: Spelling, token: Tensor) -> Spelling:
        t = self._tables.on(token.device)
        kind = _row(t.kind, token)
        is_atom, is_ring, is_close = kind == _IS_ATOM, kind == _IS_RING, kind == _IS_CLOSE
        bond = torch.where(state.bond == 0, (state.phase != _START).long(), state.bond)

        hit = t.digits == _row(t.number, token)[:, None]
        ring = (state.ring_bond * hit).sum(1)
        opens, closes = is_ring & (ring == 0), ring > 0
        after = _row(t.after, state.atom * _B + torch.where(closes, ring, bond))
        ring_bond = torch.where(hit, torch.where(opens, bond, 0)[:, None], state.ring_bond)
        here = state.here[:, None]
        partner = torch.where(closes, (state.ring_at * hit).sum(1), _NOBODY)[:, None]

        last = state.branching.shape[1] - 1
        below = torch.where(is_close, state.depth - 1, last)[:, None].clamp(min=0)
        back = state.branching.gather(1, below)[:, 0].long()
        back_at = state.branching_at.gather(1, below)[:, 0].long()
        begins = is_atom & (state.phase == _OPEN)
        slot = torch.where(begins, (state.depth - 1).clamp(0, last), last)[:, None]
        moved = torch.where(is_ring, after, state.atom)
        moved = torch.where(is_atom, _row(t.fresh, token * _B + bond), moved)
        return Spelling(
            left=state.left - 1,
            phase=_row(t.next_phase, kind * _PHASES + state.phase),
            bond=_row(t.bond, token),
            atom=torch.where(is_close, back, moved * (kind != _IS_DOT)),
            here=torch.where(is_atom, state.count, torch.where(is_close, back_at, state.here)),
            parent=torch.where(is_atom, torch.where(state.phase == _START, _NOBODY, state.here), state.parent),
            count=state.count + is_atom,
            depth=(state.depth + (kind == _IS_OPEN).long() - is_close.long()).clamp(min=0),
            debt=state.debt + _row(t.cost, after) * begins - _row(t.cost, back) * is_close,
            rings=state.rings + opens.long() - closes.long(),
            opener=(state.opener | opens | is_close) & ~is_atom,
            branching=state.branching.scatter(1, slot, after[:, None].to(torch.int16)),
            branching_at=state.branching_at.scatter(1, slot, here.to(torch.int16)),
            ring_bond=ring_bond,
            ring_at=torch.where(hit, torch.where(opens, state.here, _UNOPENED)[:, None], state.ring_at),
            ring_met=torch.where(hit, _UNOPENED, torch.where(state.ring_at == partner, here, state.ring_met)),
        )

    def take(self, state: Spelling, rows: Tensor) -> Spelling:
        return rows_of(state, rows)

    def accepts(self, x: Tensor) -> Tensor:
        """Which rows could be drawn."""
        state, allowed = self.start(len(x), x.device), torch.ones(len(x), dtype=torch.bool, device=x.device)
        for token in x.long().unbind(1):
            allowed &= self.mask(state).gather(1, token[:, None])[:, 0]
            state = self.advance(state, token)
        return allowed & ((state.phase == _DONE) | self.mask(replace(state, left=1))[:, 0])

    @cached_property
    def _tables(self) -> _Tables:
        return _tables(self.vocabulary, self.radicals)


def _row(table: Tensor, index: Tensor) -> Tensor:
    """table[index], several times faster."""
    return table.index_select(0, index)


@dataclass(frozen=True, eq=False)
class _Tables:
    """Everything the machine looks up, for one vocabulary."""

    states: int
    kind: Tensor  # [vocabulary]
    bond: Tensor  # [vocabulary], the bond a token is; 0: none
    number: Tensor  # [vocabulary], the position among `numbers`; -1: no ring number
    numbers: Tensor  # [numbers], the tokens that are ring numbers
    digits: Tensor  # [numbers], their positions
    fresh: Tensor  # [vocabulary * bonds]
    after: Tensor  # [states * bonds]
    cost: Tensor  # [states]
    complete: Tensor  # [states]
    branch: Tensor  # [states], what the atom costs once a branch hangs on it
    hang: Tensor  # [phases * states, bonds], what the atom costs once another hangs on it
    ring_open: Tensor  # [4 * states, bonds], what it costs with an open ring more: outside and inside branches
    ring_close: Tensor  # [4 * states, bonds], what it costs with a closed ring more: in general, and tight
    atoms: Tensor  # [bonds * 3 * slacks, vocabulary], the atoms allowed
    others: Tensor  # [codes, vocabulary], the other tokens allowed
    weights: Tensor  # [4 + bonds - 1], of the bits of a code
    next_phase: Tensor  # [kinds * phases]

    def on(self, device: torch.device) -> _Tables:
        """The tables where the tokens are."""
        return self if self.kind.device == device else _tables_on(self, device)


@cache
def _tables_on(tables: _Tables, device: torch.device) -> _Tables:
    placed: dict[str, Any] = {
        name: value.to(device) for name, value in vars(tables).items() if isinstance(value, Tensor)
    }
    return replace(tables, **placed)


@cache
def _tables(vocabulary: tuple[str, ...], radicals: bool) -> _Tables:
    atoms = atoms_of(vocabulary, radicals)
    after, cost, room = torch.tensor(atoms.after), torch.tensor(atoms.cost), torch.tensor(atoms.room)
    complete, states = torch.tensor(atoms.complete), len(atoms.cost)
    kinds = [_kind(token, fresh) for token, fresh in zip(vocabulary, atoms.fresh, strict=True)]
    numbers = [i for i, kind in enumerate(kinds) if kind == _IS_RING]

    def costs(possible: Tensor, more: Tensor) -> Tensor:
        return (cost[after] + more).masked_fill((after == 0) | ~possible, _FAR)

    none = torch.zeros_like(after)
    never = torch.full_like(after, _FAR)
    begins = never.clone()
    begins[0, 0] = 0
    goes_on = costs(complete[after], -cost[after])
    branches = costs(room[after] > 0, none)
    single = torch.arange(_B) != TRIPLE
    opened = [costs(single & (room[after] > 0), none), costs(single.expand_as(after), none)]
    closed = [costs(single.expand_as(after), none), costs(room[after] > 0, (cost[after] > 1).long())]
    return _Tables(
        states=states,
        kind=torch.tensor(kinds),
        bond=torch.tensor([BONDS.index(token) if token in BONDS else 0 for token in vocabulary]),
        number=torch.tensor([numbers.index(i) if i in numbers else -1 for i in range(len(vocabulary))]),
        numbers=torch.tensor(numbers, dtype=torch.long),
        digits=torch.arange(len(numbers)),
        fresh=torch.tensor(atoms.fresh).flatten(),
        after=after.flatten(),
        cost=cost,
        complete=complete,
        branch=branches[:, 1],
        hang=torch.cat((begins, goes_on, goes_on, branches, never)),
        ring_open=torch.cat((*opened, never, never)),
        ring_close=torch.cat((*closed, never, never)),
        atoms=_atoms_allowed(atoms),
        others=_others_allowed(vocabulary),
        weights=1 << torch.arange(3 + _B),
        next_phase=torch.tensor(_NEXT_PHASE).flatten(),
    )


def _kind(token: str, fresh: tuple[int, ...]) -> int:
    """What a token is; one that is nothing ends the row and is never allowed."""
    if any(fresh):
        return _IS_ATOM
    number = token.isdigit() or (token.startswith("%") and token[1:].isdigit())
    return _IS_RING if number else _KINDS.get(token, _END)


def _atoms_allowed(atoms: Atoms) -> Tensor:
    """The atoms that may follow, for every bond, tightness and slack.

    Tight is a chain outside branches while rings are open: the new atom must be able to go on. Where it cannot be the
    neighbour of an atom that opened one of them (2), and takes a ring bond at no cost, one of the rings can close on
    it at once, and it saves a token.
    """
    fresh, after = torch.tensor(atoms.fresh).T, torch.tensor(atoms.after)  # [bonds, vocabulary], [states, bonds]
    cost, room = torch.tensor(atoms.cost), torch.tensor(atoms.room)
    twice = after[:, 2]
    wide = (cost == 0) & (room > 2) & (cost[after[:, 1]] == 0) & (twice > 0) & (cost[twice] == 0)
    free = cost[fresh]
    tight = (free + (free > 1)).masked_fill(room[fresh] < 1, _FAR)
    asked = torch.stack((free, tight, tight - wide[fresh].long()), 1).masked_fill(fresh[:, None] == 0, _FAR)
    return (asked[:, :, None] <= torch.arange(_NO_SLACK, _SLACK + 1)[:, None]).flatten(0, 2)


def _others_allowed(vocabulary: tuple[str, ...]) -> Tensor:
    """The end, `.`, `(`, `)` and bonds that may follow, for every set of them."""
    columns = torch.zeros(3 + _B, len(vocabulary), dtype=torch.bool)
    for row, token in enumerate(("", ".", "(", ")", *BONDS[1:])):
        if token in vocabulary:
            columns[row, vocabulary.index(token)] = True
    codes = torch.arange(1 << len(columns))
    bits = (codes[:, None] >> torch.arange(len(columns))) & 1
    return (bits[:, :, None].bool() & columns).any(1)
