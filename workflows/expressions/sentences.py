"""Sentences of a grammar with at most so many rules, each as probable as any other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from random import Random

from sciencegen.grammar import Grammar

__all__ = ["Uniform"]


class Uniform:
    """Draws from all sentences of at most `length` rules; they are counted first, so that none is favoured.

    The grammar must give a sentence one sequence of rules, or those with several are drawn more often.
    """

    def __init__(self, grammar: Grammar, length: int) -> None:
        self.grammar, self.length = grammar, length
        self._of: dict[int, list[int]] = {}
        for i, rule in enumerate(grammar.rules):
            self._of.setdefault(rule.symbol, []).append(i)
        self._count = lru_cache(maxsize=None)(self._counted)
        self._ways = lru_cache(maxsize=None)(self._weighed)

    @cached_property
    def counts(self) -> list[int]:
        """How many sentences have 0, 1, ... rules."""
        return [self._count((self.grammar.start,), rules) for rules in range(self.length + 1)]

    def draws(self, seed: int) -> Iterator[str]:
        """Sentences for ever."""
        random = Random(seed)
        lengths = range(self.length + 1)
        while True:
            (rules,) = random.choices(lengths, self.counts)
            sentence = self.grammar.decode(self._rules(rules, random))
            assert sentence is not None
            yield sentence

    def _rules(self, left: int, random: Random) -> list[int]:
        """A sentence of exactly `left` rules: each rule as often as there are ways to go on after it."""
        stack, made = (self.grammar.start,), list[int]()
        while stack:
            (rule,) = random.choices(self._of[stack[0]], self._ways(stack, left))
            stack, left = self.grammar.rules[rule].symbols + stack[1:], left - 1
            made.append(rule)
        return made

    def _weighed(self, stack: tuple[int, ...], left: int) -> list[int]:
        """In how many ways symbols end in exactly `left` rules, for each rule that may come first."""
        return [self._count(self.grammar.rules[rule].symbols + stack[1:], left - 1) for rule in self._of[stack[0]]]

    def _counted(self, stack: tuple[int, ...], left: int) -> int:
        """In how many ways symbols end in exactly `left` rules."""
        if left < 0 or not stack:
            return int(not stack and left == 0)
        if len(stack) == 1:
            return sum(self._count(self.grammar.rules[rule].symbols, left - 1) for rule in self._of[stack[0]])
        return sum(self._count(stack[:1], some) * self._count(stack[1:], left - some) for some in range(1, left))
