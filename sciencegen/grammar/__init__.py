"""Grammars: .lark files as trainable, always valid decoders."""

from sciencegen.grammar.compile import compiled
from sciencegen.grammar.guards import Counter, Forbidden, Guard, Matched, Place, Scope, guards_of, written_guards
from sciencegen.grammar.lookup import Lookup
from sciencegen.grammar.machine import StackMachine, Stacks
from sciencegen.grammar.rules import Grammar, Rule
from sciencegen.grammar.source import Source, source_of
from sciencegen.grammar.trial import Trial, drawn, require_sound, tried

__all__ = [
    "Counter",
    "Forbidden",
    "Grammar",
    "Guard",
    "Lookup",
    "Matched",
    "Place",
    "Rule",
    "Scope",
    "Source",
    "StackMachine",
    "Stacks",
    "Trial",
    "compiled",
    "drawn",
    "guards_of",
    "require_sound",
    "source_of",
    "tried",
    "written_guards",
]
