"""A language: the grammar that says which texts are its sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sciencegen.domains.sentences.parsed import Parsed, grammar_of, parsed
from sciencegen.grammar import Grammar, Source, source_of

__all__ = ["Language", "Read"]

_IGNORES = "%ignore"
_EMPTY = "empty"


@dataclass(frozen=True)
class Read:
    """What a text turned out to be: a sentence, or the reason why it is none."""

    item: str | None
    reason: str = ""
    change: str = ""
    """What was done to make it one."""


@dataclass(frozen=True)
class Language:
    """The sentences of a grammar that is shipped, by name, or of a .lark file: it is read when it is first needed.

    `kept` is the text where a model keeps it: then no file is read.
    """

    grammar: str
    kept: Source | None = None

    @cached_property
    def source(self) -> Source:
        """The text of the grammar."""
        return source_of(self.grammar) if self.kept is None else self.kept

    @property
    def compiled(self) -> Grammar:
        """The grammar."""
        return grammar_of(self.source.name, self.source.text)

    def recalled(self, state: Mapping[str, Any]) -> Language:
        """The language of a model whose representation has this state."""
        return replace(self, kept=Source(state.get("name", ""), state.get("source", "")))

    def parsed(self, sentences: Sequence[str]) -> Parsed:
        """The rules of sentences, or why they have none."""
        return parsed(self.source, sentences)

    def read(self, texts: Sequence[str]) -> list[Read]:
        """The sentences of texts: with blanks around them where only so they are some, and without what the grammar
        ignores."""
        grammar, complaints = self.compiled, self.parsed(texts).complaints
        bare = [text.strip() if why else text for text, why in zip(texts, complaints, strict=True)]
        found = self.parsed(bare)
        ignores = _IGNORES in self.source.text
        out = []
        for i, (text, item) in enumerate(zip(texts, bare, strict=True)):
            if not text.strip() or found.complaints[i]:
                out.append(Read(None, complaints[i] if text.strip() else _EMPTY))
                continue
            plain = (grammar.decode(found[i].tolist()) or "") if ignores else item
            change = "had blanks around them" if item != text else ""
            out.append(Read(plain, change="had text that the grammar ignores" if plain != item else change))
        return out
