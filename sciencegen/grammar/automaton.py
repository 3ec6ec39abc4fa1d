"""Automata: machines that read a sequence letter by letter, and say which may follow and whether it may end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sciencegen.errors import RequestError

__all__ = ["DEAD", "MOST_STATES", "Automaton", "everything", "explored", "without"]

DEAD = -1
"""Where a letter leads that cannot follow."""
MOST_STATES = 100_000
"""An automaton larger than this is refused."""
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Automaton:
    """A deterministic automaton that starts in state 0. A letter is text: a character, a codon, or nothing."""

    letters: tuple[str, ...]
    next: NDArray[np.int32]  # [states, letters]
    accepting: NDArray[np.bool_]  # [states]

    def __len__(self) -> int:
        return len(self.accepting)

    def read(self, word: Iterable[str]) -> int:
        """The state after some letters."""
        state = 0
        for letter in word:
            if state == DEAD or letter not in self.letters:
                return DEAD
            state = int(self.next[state, self.letters.index(letter)])
        return state

    def accepts(self, word: Iterable[str]) -> bool:
        """Whether a sequence of letters is in the language."""
        state = self.read(word)
        return state != DEAD and bool(self.accepting[state])

    def both(self, other: Automaton) -> Automaton:
        """What both accept, of the letters both know."""
        letters = tuple(letter for letter in self.letters if letter in other.letters)
        ours, theirs = self.over(letters).next.tolist(), other.over(letters).next.tolist()

        def follow(pair: tuple[int, int], letter: int) -> tuple[int, int] | None:
            one, two = ours[pair[0]][letter], theirs[pair[1]][letter]
            return None if one == DEAD or two == DEAD else (one, two)

        return explored(
            letters, (0, 0), follow, lambda pair: bool(self.accepting[pair[0]] and other.accepting[pair[1]])
        ).minimal()

    def over(self, letters: Sequence[str]) -> Automaton:
        """The same with other letters: those it does not know cannot follow."""
        if tuple(letters) == self.letters:
            return self
        table = np.full((len(self), len(letters)), DEAD, np.int32)
        for i, letter in enumerate(letters):
            if letter in self.letters:
                table[:, i] = self.next[:, self.letters.index(letter)]
        return Automaton(tuple(letters), table, self.accepting)

    def grouped(self, words: Sequence[str]) -> Automaton:
        """The same, reading words of several letters at once; where it ends between words is given up."""
        table = np.stack([self._after(word) for word in words], 1) if words else np.empty((len(self), 0), np.int32)
        return Automaton(tuple(words), table, self.accepting).minimal()

    def _after(self, word: str) -> NDArray[np.int32]:
        """Where a word leads from every state."""
        padded = np.vstack([self.next, np.full(len(self.letters), DEAD, np.int32)])
        states = np.arange(len(self), dtype=np.int32)
        for character in word:
            states = padded[states, self.letters.index(character)] if character in self.letters else states * 0 + DEAD
        return states

    def ended(self) -> Automaton:
        """The same with the empty letter behind every sequence, as often as one likes: of sequences of one number of
        letters it then makes texts of several lengths."""
        end = len(self)
        table = np.full((end + 1, len(self.letters) + 1), DEAD, np.int32)
        table[:end, :-1] = self.next
        table[:end, -1] = np.where(self.accepting, end, DEAD)
        table[end, -1] = end
        return Automaton((*self.letters, ""), table, np.append(self.accepting, True))

    def minimal(self) -> Automaton:
        """The smallest automaton of the same language, by Moore's refinement of classes of states."""
        trimmed = self.trimmed()
        classes = trimmed.accepting.astype(np.int64)
        count = len(np.unique(classes))
        while True:
            followed = np.append(classes, DEAD)[trimmed.next]
            _, first, classes = np.unique(
                np.column_stack((classes, followed)), axis=0, return_index=True, return_inverse=True
            )
            classes = classes.reshape(-1)
            if len(first) == count:
                break
            count = len(first)
        order = np.argsort(first)  # states keep the order in which they were met, so that the start stays first
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        table = np.append(place[classes], DEAD)[trimmed.next[first[order]]].astype(np.int32)
        return Automaton(self.letters, table, trimmed.accepting[first[order]])

    def trimmed(self) -> Automaton:
        """The same without states that cannot be reached, or from which nothing is accepted; the start stays."""
        useful = self._reached() & self._alive()
        useful[0] = True
        if useful.all():
            return self
        place = np.append(np.where(useful, np.cumsum(useful) - 1, DEAD), DEAD).astype(np.int32)
        return Automaton(self.letters, place[self.next[useful]], self.accepting[useful])

    def _reached(self) -> NDArray[np.bool_]:
        found = np.zeros(len(self), np.bool_)
        edge = np.array([0])
        while len(edge):
            found[edge] = True
            following = np.unique(self.next[edge])
            edge = following[(following != DEAD) & ~np.append(found, True)[following]]
        return found

    def _alive(self) -> NDArray[np.bool_]:
        """From which states something is accepted."""
        sources, _ = np.nonzero(self.next != DEAD)
        reached = self.next[self.next != DEAD]
        alive = self.accepting.copy()
        while True:
            before = int(alive.sum())
            alive[sources[alive[reached]]] = True
            if int(alive.sum()) == before:
                return alive

    def lengths(self, most: int) -> NDArray[np.bool_]:
        """Of which numbers of letters, from 0 to `most`, there are sequences."""
        possible = np.zeros(most + 1, np.bool_)
        edge = np.array([0])
        for length in range(most + 1):
            possible[length] = self.accepting[edge].any()
            following = np.unique(self.next[edge])
            edge = following[following != DEAD]
            if not len(edge):
                break
        return possible

    @property
    def endless(self) -> bool:
        """Whether there are sequences of any length."""
        trimmed = self.trimmed()
        return bool(trimmed._alive().any() and trimmed._walks(len(trimmed)))

    def _walks(self, length: int) -> bool:
        edge = np.array([0])
        for _ in range(length):
            following = np.unique(self.next[edge])
            edge = following[following != DEAD]
        return len(edge) > 0


def everything(letters: Sequence[str]) -> Automaton:
    """The automaton that accepts every sequence."""
    return Automaton(tuple(letters), np.zeros((1, len(letters)), np.int32), np.ones(1, np.bool_))


def explored(
    letters: Sequence[str], start: K, follow: Callable[[K, int], K | None], accepts: Callable[[K], bool]
) -> Automaton:
    """The automaton of states of any kind: where each leads, found from the start on."""
    place: dict[K, int] = {start: 0}
    order, table = [start], []
    for state in order:  # grows as states are met
        row = []
        for letter in range(len(letters)):
            reached = follow(state, letter)
            if reached is not None and reached not in place:
                place[reached] = len(order)
                order.append(reached)
            row.append(DEAD if reached is None else place[reached])
        table.append(row)
        if len(order) > MOST_STATES:
            raise RequestError(f"an automaton of more than {MOST_STATES:,} states: ask for less at once")
    accepting = np.array([accepts(state) for state in order], np.bool_)
    return Automaton(tuple(letters), np.array(table, np.int32).reshape(len(order), len(letters)), accepting)


def without(letters: Sequence[str], words: Iterable[Sequence[Iterable[str]]]) -> Automaton:
    """Every sequence in which none of some words occurs; a word is a row of sets of letters.

    All beginnings of words that the sequence ends in are the bits of one number, moved by a shift and a mask for each
    letter (Baeza-Yates and Gonnet, A New Approach to Text Searching, 1992); the numbers met are the states. For words
    without choices they are those of Aho and Corasick (1975).
    """
    begins, ends, bit = 0, 0, 1
    allows = dict.fromkeys(letters, 0)
    for word in words:
        begins |= bit
        for choices in word:
            for letter in choices:
                if letter in allows:
                    allows[letter] |= bit
            bit <<= 1
        if not word:
            raise RequestError("a forbidden word of no letters: it occurs everywhere")
        ends |= bit >> 1
    masks = [allows[letter] for letter in letters]

    def follow(active: int, letter: int) -> int | None:
        # an end is never active, so that no word runs into the next one
        moved = ((active << 1) | begins) & masks[letter]
        return None if moved & ends else moved

    return explored(letters, 0, follow, lambda _: True).minimal()
