"""Grammars as numbered rules: sentences to rules, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["Grammar", "Rule"]


@dataclass(frozen=True)
class Rule:
    """What a symbol may become: symbols by number, and text."""

    symbol: int
    right: tuple[int | str, ...]
    name: str
    """The alias of the rule, or else what the symbol is called."""

    @property
    def symbols(self) -> tuple[int, ...]:
        """The symbols alone."""
        return tuple(part for part in self.right if isinstance(part, int))

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(part for part in self.right if isinstance(part, str))


@dataclass(frozen=True)
class Grammar:
    """A context-free grammar whose every sentence is a sequence of rules, taken at the leftmost symbol."""

    name: str
    source: str
    """The text of the .lark file."""
    symbols: tuple[str, ...]
    rules: tuple[Rule, ...]
    start: int
    reader: Callable[[str], list[int]] = field(repr=False, compare=False)
    """The rules of a sentence; raises `DataError` for what is none."""

    def __repr__(self) -> str:
        return f"Grammar({self.name}, {len(self.rules)} rules)"

    def __deepcopy__(self, memo: object) -> Grammar:
        return self  # nothing of it changes

    def encode(self, sentence: str) -> list[int]:
        """The rules of a sentence."""
        return self.reader(sentence)

    def decode(self, rules: Sequence[int]) -> str | None:
        """The sentence that rules make; None where they do not make a whole one. What follows it is not read."""
        stack: list[int | str] = [self.start]
        written, expansions, symbols, taken = [], self._expansions, self._symbols, iter(rules)
        known = len(expansions)
        while stack:
            part = stack.pop()
            if part.__class__ is str:
                written.append(part)
                continue
            rule = next(taken, known)
            if rule >= known or symbols[rule] != part:
                return None
            stack += expansions[rule]
        return "".join(written)

    def named(self, name: str) -> tuple[int, ...]:
        """The rules of a name."""
        return tuple(i for i, rule in enumerate(self.rules) if rule.name == name)

    @cached_property
    def needs(self) -> tuple[int, ...]:
        """How many rules each symbol takes at least; 0 where it can never end."""
        found: dict[int, int] = {}
        while True:
            before = dict(found)
            for rule in self.rules:
                if all(symbol in found for symbol in rule.symbols):
                    need = 1 + sum(found[symbol] for symbol in rule.symbols)
                    found[rule.symbol] = min(need, found.get(rule.symbol, need))
            if found == before:
                return tuple(found.get(symbol, 0) for symbol in range(len(self.symbols)))

    @property
    def shortest(self) -> int:
        """How many rules the shortest sentence takes."""
        return self.needs[self.start]

    @cached_property
    def _expansions(self) -> list[tuple[int | str, ...]]:
        return [rule.right[::-1] for rule in self.rules]

    @cached_property
    def _symbols(self) -> list[int]:
        return [rule.symbol for rule in self.rules]
