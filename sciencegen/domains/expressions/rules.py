"""Expressions as the rules of their grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sciencegen.domains.expressions.tree import tidied
from sciencegen.domains.sentences.rules import Rules
from sciencegen.errors import DataError
from sciencegen.grammar import Grammar, Guard, guards_of

__all__ = ["ExpressionRules"]


@dataclass(frozen=True)
class ExpressionRules(Rules[str]):
    """Expressions by the rules of their grammar: every draw is one."""

    @classmethod
    def spell(cls, items: Sequence[str], grammar: Grammar) -> list[str]:
        return list(items)

    @classmethod
    def read(cls, sentence: str) -> str | None:
        try:
            return tidied(sentence)
        except DataError:  # a grammar of the user's own may know what we do not
            return None

    @classmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        return guards_of(grammar)
