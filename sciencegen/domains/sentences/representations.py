"""Sentences of any language as the rules of its grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sciencegen.domains.sentences.rules import Rules
from sciencegen.grammar import Grammar, Guard, guards_of

__all__ = ["SentenceRules"]


@dataclass(frozen=True)
class SentenceRules(Rules[str]):
    """Sentences by their rules, under the guards that stand in the file of the grammar."""

    @classmethod
    def spell(cls, items: Sequence[str], grammar: Grammar) -> list[str]:
        return list(items)

    @classmethod
    def read(cls, sentence: str) -> str | None:
        return sentence

    @classmethod
    def guards(cls, grammar: Grammar, length: int) -> tuple[Guard, ...]:
        return guards_of(grammar)
