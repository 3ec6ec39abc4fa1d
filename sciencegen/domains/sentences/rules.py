"""Sentences of a grammar as rows of rules: what all representations by a grammar share."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Generic, Self, TypeVar

import torch
from torch import Tensor

from sciencegen.core.domain import Representation
from sciencegen.core.space import Space, Tokens
from sciencegen.data.cache import remembered
from sciencegen.domains.sentences.parsed import Parsed, grammar_of, parsed
from sciencegen.errors import DataError, RequestError
from sciencegen.grammar import Grammar, Guard, Source, StackMachine, Trial, drawn, require_sound

__all__ = ["Ruled", "Rules", "grammar_of"]

T = TypeVar("T")
_TOGETHER = 1024
_MANY = 20_000
"""From so many items on, it is worth remembering which could be drawn."""
_ROOM = 12
"""How many rules a row is longer than the longest sentence of the data, so that guards leave them all a way to end."""


@dataclass(frozen=True)
class Rules(Representation[T]):
    """Items as the rules of the sentences that spell them, in a grammar of their own."""

    name: str
    source: str
    length: int

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not isinstance(self.source, str):
            raise ValueError(f"name={self.name!r}: expected the name and the text of a grammar")
        if type(self.length) is not int or self.length < 1:
            raise ValueError(f"length={self.length}: expected a whole number above 0")

    @classmethod
    @abstractmethod
    def spell(cls, items: Sequence[T], grammar: Grammar) -> list[str]:
        """The sentences of items, as a grammar wants them."""

    @classmethod
    @abstractmethod
    def read(cls, sentence: str) -> T | None:
        """The item of a sentence, or None."""

    @classmethod
    @abstractmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        """What is forbidden beside the grammar, in sentences of at most `length` rules."""

    @classmethod
    def fitted(cls, source: Source, items: Sequence[T], length: int = 0) -> Self:
        """The representation of items, all of which are sentences, in `length` rules or as many as they need."""
        grammar = grammar_of(source.name, source.text)
        found = _rules(source, cls.spell(items, grammar))
        fitted = cls(source.name, source.text, length or max(found.longest + _ROOM, grammar.shortest))
        _trial(fitted.machine)
        return fitted

    @classmethod
    def fit(cls, items: Sequence[T]) -> Self:
        raise RequestError(f"{cls.__name__} needs a grammar: make it with Ruled")

    def extended(self, items: Sequence[T]) -> Self:
        longest = _rules(self.text, type(self).spell(items, self.grammar)).longest
        return type(self)(self.name, self.source, max(self.length, longest + _ROOM))

    @property
    def text(self) -> Source:
        """The grammar as it was written."""
        return Source(self.name, self.source)

    @cached_property
    def grammar(self) -> Grammar:
        """The grammar."""
        return grammar_of(self.name, self.source)

    @cached_property
    def machine(self) -> StackMachine:
        """What makes sentences."""
        return StackMachine(self.grammar, self.length, type(self).guards(self.grammar, self.length))

    @property
    def space(self) -> Space:
        return Tokens((self.length,), len(self.grammar.rules) + 1, self.machine.end, self.machine)

    @property
    def log_volume(self) -> float:
        return 0.0

    def state(self) -> dict[str, Any]:
        return {"name": self.name, "source": self.source, "length": self.length}

    def encode(self, items: Sequence[T]) -> Tensor:
        sentences = type(self).spell(items, self.grammar)
        found = _rules(self.text, sentences)
        if found.longest > self.length:
            i = int((found.lengths > self.length).argmax())
            raise DataError(f"{sentences[i]!r} takes {found.lengths[i]} rules, the model was made for {self.length}")
        return torch.from_numpy(found.padded(self.length, self.machine.end))

    def decode(self, x: Tensor) -> list[T | None]:
        return [type(self)._item(sentence) for sentence in self.plain(x)]

    def plain(self, x: Tensor) -> Sequence[str]:
        """The sentences of rows; empty where the rules make none."""
        grammar, end = self.grammar, self.machine.end
        lengths = ((x == end).long().cumsum(-1) == 0).sum(-1).tolist()
        return [grammar.decode(row[:n]) or "" for row, n in zip(x.cpu().tolist(), lengths, strict=True)]

    def reader(self) -> Callable[[Any], T | None]:
        return type(self)._item

    @classmethod
    def _item(cls, sentence: str) -> T | None:
        return cls.read(sentence) if sentence else None

    def accepted(self, items: Sequence[T]) -> Tensor:
        """Which items could be drawn."""
        x = self.encode(items)
        if len(x) < _MANY:
            return self._accepted(x)
        # what the machine draws stands for what its guards do
        content, guarded = (
            hashlib.sha256(part.numpy().tobytes()).hexdigest() for part in (x, drawn(self.machine, 100))
        )
        kept = remembered({"accepted": content, "by": guarded}, lambda: {"accepted": self._accepted(x).numpy()})
        return torch.from_numpy(kept["accepted"])

    def _accepted(self, x: Tensor) -> Tensor:
        lengths = (x != self.machine.end).sum(1)
        out = torch.empty(len(x), dtype=torch.bool)
        for rows in lengths.argsort(descending=True).split(_TOGETHER):  # like lengths together: short ones end early
            out[rows] = self.machine.accepts(x[rows, : int(lengths[rows[0]])])
        return out


@lru_cache(maxsize=16)
def _trial(machine: StackMachine) -> Trial:
    return require_sound(machine)


@dataclass(frozen=True)
class Ruled(Generic[T]):
    """A representation by rules, and the grammar it is to be fitted with.

    `length`: in how many rules an item must be written; 0 is as many as those of the data need. `kept` is the grammar
    of a model that was made before.
    """

    kind: type[Rules[T]]
    source: Callable[[], Source]
    length: int = 0
    kept: Source | None = None

    @property
    def text(self) -> Source:
        """The grammar that counts."""
        return self.source() if self.kept is None else self.kept

    def fit(self, items: Sequence[T]) -> Rules[T]:
        """Learn how long the sentences of items are."""
        return self.kind.fitted(self.text, items, self.length)

    def __call__(self, *args: Any, **state: Any) -> Rules[T]:
        """The representation of plain values."""
        return self.kind(*args, **state)

    def outside(self, items: Sequence[T]) -> Mapping[int, str]:
        """The items that are no sentences, by position, and why not."""
        text = self.text
        grammar = grammar_of(text.name, text.text)
        most = StackMachine(grammar, self.length).length if self.length else 0
        found = parsed(text, self.kind.spell(items, grammar))
        said = {i: why for i, why in enumerate(found.complaints) if why}
        if most and found.longest > most:
            for i in (found.lengths > most).nonzero()[0].tolist():
                said[i] = f"longer than length={most}: it takes {found.lengths[i]} rules"
        return said

    def recalled(self, state: Mapping[str, Any]) -> Ruled[T]:
        """The same for a model that was made, whose grammar is the one it keeps, whatever became of the file."""
        return replace(self, kept=Source(state.get("name", ""), state.get("source", "")))

    def remarks(self, representation: Rules[T], items: Sequence[T]) -> list[str]:
        """What a trial of the grammar has shown, and what of the items it will never draw."""
        trial = _trial(representation.machine)
        said = f"{trial.same:,} of {trial.drawn:,} sentences drawn at random are read back as they were drawn"
        return [*self._changed(), f"{representation.name}: {said}", *_never_drawn(representation, items)]

    def _changed(self) -> list[str]:
        """What became of the file of a grammar that a model keeps."""
        if self.kept is None:
            return []
        goes_on = f"the model goes on with the {self.kept.name} it was made with"
        try:
            found = self.source()
        except RequestError:
            return [f"the file of the grammar cannot be read any more: {goes_on}"]
        if found.text == self.kept.text:
            return []
        if found.name != self.kept.name:
            raise RequestError(
                f"grammar={found.name}: the model to go on with was made with {self.kept.name}; begin a new one"
            )
        return [f"{found.name} has changed: {goes_on}"]


def _rules(source: Source, sentences: Sequence[str]) -> Parsed:
    """The rules of sentences; what is none is refused."""
    found = parsed(source, sentences)
    for i, why in enumerate(found.complaints):
        if why:
            raise DataError(f"item {i + 1}, {sentences[i]!r}: {why}")
    return found


def _never_drawn(representation: Rules[T], items: Sequence[T]) -> list[str]:
    if not representation.machine.guards:
        return []
    refused = (~representation.accepted(items)).nonzero()[:, 0]
    if not len(refused):
        return []
    return [
        f"{len(refused):,} of {len(items):,} items can be learned from but not drawn, as what guards "
        f"{representation.name} forbids them; the first is {items[int(refused[0])]}"
    ]
