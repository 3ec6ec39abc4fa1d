"""Reach: what can still become a sequence of an exact length, with letters counted, and what cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import inf, log, prod

import numpy as np
import torch
from torch import Tensor

from sciencegen.errors import RequestError
from sciencegen.grammar.automaton import DEAD, Automaton

__all__ = ["Counter", "Reach", "Slots", "Text"]

_MOST_BITS = 4_000_000
"""So many different counts can be told apart."""
_MOST_BYTES = 1 << 29
"""What the counts possible at every place and state may take, to be kept."""


@dataclass(frozen=True)
class Counter:
    """How often characters of a set may occur in a sequence."""

    characters: str
    low: int
    high: int

    def of(self, letter: str) -> int:
        """How often they occur in a letter."""
        return sum(character in self.characters for character in letter)


@dataclass(frozen=True, eq=False)
class Slots:
    """The places of a sequence: which letters may stand there, and what each weighs."""

    letters: Tensor  # [length, choices], by number
    weights: Tensor  # [length, choices], natural logarithms; -inf where there is no such choice

    def __len__(self) -> int:
        return len(self.letters)

    @classmethod
    def of(cls, rows: Sequence[Mapping[int, float]]) -> Slots:
        """Slots of rows of weights by letter."""
        choices = max((len(row) for row in rows), default=0)
        letters = [[*row, *[0] * (choices - len(row))] for row in rows]
        weights = [[*map(_log, row.values()), *[-inf] * (choices - len(row))] for row in rows]
        return cls(
            torch.tensor(letters, dtype=torch.long).reshape(len(rows), choices),
            torch.tensor(weights, dtype=torch.double).reshape(len(rows), choices),
        )

    @cached_property
    def sorts(self) -> tuple[Tensor, Tensor]:
        """The letters of the slots that differ [sorts, choices], and which of these each slot is [length]."""
        found: tuple[Tensor, Tensor] = torch.unique(self.letters, dim=0, return_inverse=True)
        return found


def _log(weight: float) -> float:
    return log(weight) if weight > 0 else -inf


@dataclass(frozen=True)
class Text:
    """A sequence, and the logarithm of its weight."""

    text: str
    weight: float


@dataclass(frozen=True, eq=False)
class Reach:
    """The sequences that an automaton accepts, that fit some slots, and in which some letters are counted.

    Weights of sequences are products of the weights of their letters. They are summed from the end in logarithms, so
    that no length is too long for them; what cannot be is -inf, exactly.
    """

    automaton: Automaton
    slots: Slots
    counters: tuple[Counter, ...] = ()

    @cached_property
    def next(self) -> Tensor:
        """Where choices lead: [sorts, states, choices]; the state after the last is the dead one."""
        table = torch.from_numpy(self.automaton.next).long()
        return (
            torch.where(table == DEAD, len(self.automaton), table)[:, self.slots.sorts[0]].transpose(0, 1).contiguous()
        )

    @cached_property
    def counted(self) -> Tensor:
        """What each counter counts in each letter: [letters, counters]."""
        rows = [[counter.of(letter) for counter in self.counters] for letter in self.automaton.letters]
        return torch.tensor(rows, dtype=torch.long).reshape(len(rows), len(self.counters))

    def weighed(self, tilt: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The weights of the choices [length, choices], times exp(tilt x count), and the sums of the weights of all
        that can follow, at every place in every state [length + 1, states + 1]; counters are not obeyed."""
        weights = self.slots.weights
        if tilt is not None:
            weights = weights + self.counted.double()[self.slots.letters] @ tilt
        length, states = len(self.slots), len(self.automaton)
        sums = torch.full((length + 1, states + 1), -inf, dtype=torch.double)
        sums[length, :states][torch.from_numpy(self.automaton.accepting)] = 0.0
        sort = self.slots.sorts[1].tolist()
        for place in range(length - 1, -1, -1):
            following = sums[place + 1][self.next[sort[place]]] + weights[place]
            torch.logsumexp(following, 1, out=sums[place, :states])
        return weights, sums

    @cached_property
    def sums(self) -> Tensor:
        """The sums of the weights of all that can follow, counters not obeyed."""
        return self.weighed()[1]

    @property
    def possible(self) -> bool:
        """Whether there is any sequence."""
        if not self.counters:
            return bool(self.sums[0, 0] > -inf)
        return bool(self._grid.first & 1)

    @cached_property
    def farthest(self) -> int:
        """How many letters the longest beginning has that slots and automaton let stand, whatever follows."""
        edge = torch.zeros(1, dtype=torch.long)
        for place, sort in enumerate(self.slots.sorts[1].tolist()):
            allowed = self.slots.weights[place] > -inf
            following = torch.unique(self.next[sort][edge][:, allowed])
            edge = following[following != len(self.automaton)]
            if not len(edge):
                return place
        return len(self.slots)

    def all(self, most: int) -> list[Text] | None:
        """Every sequence with its weight, where there are at most so many; else None.

        Every beginning that is kept can be finished, so there are at least as many sequences as beginnings.
        """
        if not self.possible:
            return []
        grid = self._grid if self.counters else None
        if grid is not None and not grid.layers:
            return None
        texts = self.automaton.letters
        strides = self.strides.tolist()
        begun: list[tuple[int, int, str, float]] = [(0, 0, "", 0.0)]
        for place, sort in enumerate(self.slots.sorts[1].tolist()):
            following = self.next[sort].tolist()
            alive = (self.sums[place + 1] > -inf).tolist()
            layer = None if grid is None else grid.layers[place + 1]
            choices = self._choices(place)
            grown = []
            for state, count, text, weight in begun:
                for choice, letter, more in choices:
                    reached, total = following[state][choice], count + strides[letter]
                    if alive[reached] if layer is None else layer.get(reached, 0) >> total & 1:
                        grown.append((reached, total, text + texts[letter], weight + more))
            begun = grown
            if len(begun) > most:
                return None
        return [Text(text, weight) for _, _, text, weight in begun]

    def _choices(self, place: int) -> list[tuple[int, int, float]]:
        """The choices of a slot: number, letter, weight."""
        row = zip(self.slots.letters[place].tolist(), self.slots.weights[place].tolist(), strict=True)
        return [(choice, letter, weight) for choice, (letter, weight) in enumerate(row) if weight > -inf]

    @cached_property
    def open(self) -> Tensor:
        """Whether one can still end well: [length + 1, states + 1, counts so far]."""
        if not self.counters:
            return (self.sums > -inf)[..., None]
        width = prod(self._grid.sizes)
        size = (len(self.slots) + 1) * (len(self.automaton) + 1) * width
        if size > _MOST_BYTES or not self._grid.layers:
            raise RequestError(f"{size:,} places, states and counts are too many for a table: shorten, or count less")
        table = torch.zeros(len(self.slots) + 1, len(self.automaton) + 1, width, dtype=torch.bool)
        for place, layer in enumerate(self._grid.layers):
            for state, bits in layer.items():
                table[place, state] = _bits(bits, width)
        return table

    @cached_property
    def strides(self) -> Tensor:
        """How far each letter moves on among the counts of `open`: [letters]."""
        return torch.tensor(self._grid.strides(self.counted) if self.counters else [0] * len(self.automaton.letters))

    @cached_property
    def _grid(self) -> _Grid:
        grid = _Grid.of(self.counters, self.counted)
        strides = grid.strides(self.counted)
        size = len(self.slots) * len(self.automaton) * grid.box.bit_length() // 8
        layer = {int(state): grid.window for state in self.automaton.accepting.nonzero()[0]}
        layers = [layer]
        met = self._met()
        alive = self.sums > -inf
        sort, known = self.slots.sorts[1].tolist(), {}
        for place in range(len(self.slots) - 1, -1, -1):
            row = tuple((choice, strides[letter]) for choice, letter, _ in self._choices(place))
            key = sort[place], row
            if key not in known:
                known[key] = _edges(self.next[sort[place]].tolist(), row)
            layer = _before(layer, known[key], (met[place] & alive[place]).nonzero()[:, 0].tolist(), grid.box)
            layers = [*layers, layer] if size <= _MOST_BYTES else []
        return _Grid(grid.sizes, grid.box, grid.window, layer.get(0, 0), tuple(reversed(layers)))

    def _met(self) -> Tensor:
        """Which states a beginning can be in, at every place: [length + 1, states + 1]."""
        met = torch.zeros(len(self.slots) + 1, len(self.automaton) + 1, dtype=torch.bool)
        met[0, 0] = True
        for place, sort in enumerate(self.slots.sorts[1].tolist()):
            reached = self.next[sort][met[place, :-1]][:, self.slots.weights[place] > -inf]
            met[place + 1, reached.reshape(-1)] = True
        met[:, -1] = False
        return met


@dataclass(frozen=True)
class _Grid:
    """Counts as positions of bits in one number, and from which of them one can end well.

    A counter has room for one letter more than it may count, so that what runs over lies outside the box, and not
    among the counts of the next.
    """

    sizes: tuple[int, ...]
    box: int
    """All counts that are not too high."""
    window: int
    """All counts to end with."""
    first: int = 0
    """Those to start with."""
    layers: tuple[Mapping[int, int], ...] = ()

    @classmethod
    def of(cls, counters: Sequence[Counter], counted: Tensor) -> _Grid:
        room = counted.amax(0).tolist() if len(counted) else [0] * len(counters)
        sizes = [max(counter.high, 0) + 1 + most for counter, most in zip(counters, room, strict=True)]
        strides = list(accumulate(sizes, lambda one, other: one * other, initial=1))
        if strides[-1] > _MOST_BITS:
            raise RequestError(
                f"{strides[-1]:,} combinations of counts: at most {_MOST_BITS:,} can be told apart; count less at once"
            )
        box = window = 1
        for counter, stride in zip(counters, strides, strict=False):
            whole, allowed = 0, 0
            for count in range(max(counter.high, 0) + 1):
                whole |= box << count * stride
                if counter.low <= count <= counter.high:
                    allowed |= window << count * stride
            box, window = whole, allowed
        return cls(tuple(sizes), box, window)

    def strides(self, counted: Tensor) -> list[int]:
        """How far each letter moves the bit: [letters]."""
        strides = list(accumulate(self.sizes, lambda one, other: one * other, initial=1))[: len(self.sizes)]
        return [sum(a * b for a, b in zip(row, strides, strict=True)) for row in counted.tolist()]


def _bits(number: int, width: int) -> Tensor:
    """The bits of a number, the lowest first: [width]."""
    whole = np.frombuffer(number.to_bytes(width // 8 + 1, "little"), np.uint8)
    return torch.from_numpy(np.unpackbits(whole, bitorder="little")[:width].astype(np.bool_))


def _edges(following: list[list[int]], row: Iterable[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """From every state, the states that choices lead to and what they count, each pair once."""
    return [list({(reached[choice], moved) for choice, moved in row}) for reached in following]


def _before(
    layer: Mapping[int, int], edges: list[list[tuple[int, int]]], states: Iterable[int], box: int
) -> dict[int, int]:
    """The counts from which one can end well, a letter earlier; equal ones are one object."""
    found: dict[int, int] = {}
    same: dict[int, int] = {}
    for state in states:
        bits = 0
        for reached, moved in edges[state]:
            bits |= layer.get(reached, 0) >> moved
        bits &= box
        if bits:
            found[state] = same.setdefault(bits, bits)
    return found
